// Sends files one by one, a few at a time, so that a folder of 10,000 needs no more memory than one of ten.
"use strict";

const AT_ONCE = 4;
const TRIES = 3;
const MOST_NOTES = 50;

const { to, mostBytes, most } = document.body.dataset;
const drop = document.getElementById("drop");
const state = document.getElementById("state");
const bar = document.getElementById("bar");
const notes = document.getElementById("notes");

const waiting = [];
let total = 0;
let done = 0;
let stored = 0;
let unsaid = 0;
let workers = 0;

function count(number, noun) {
  return `${number.toLocaleString("en-US")} ${noun}${number === 1 ? "" : "s"}`;
}

function note(text) {
  if (notes.children.length === MOST_NOTES) {
    unsaid += 1;
    notes.lastChild.textContent = `${count(unsaid + 1, "more file")} left out`;
    return;
  }
  notes.append(Object.assign(document.createElement("li"), { textContent: text }));
}

function show() {
  bar.hidden = done === total;
  bar.max = total;
  bar.value = done;
  state.textContent = done < total ? `Uploaded ${count(done, "file")} of ${total.toLocaleString("en-US")}` : `${count(stored, "file")} uploaded`;
}

function add(files) {
  if (done === total) {
    total = done = stored = unsaid = 0;
    notes.replaceChildren();
  }
  total += files.length;
  waiting.push(...files);
  while (workers < Math.min(AT_ONCE, waiting.length)) {
    workers += 1;
    work();
  }
  show();
}

async function work() {
  while (waiting.length) {
    const { file, name } = waiting.shift();
    try {
      await send(file, name);
    } catch (error) {
      note(`“${name}” couldn't be uploaded: ${error.message}`);
    }
    done += 1;
    show();
  }
  workers -= 1;
}

async function send(file, name) {
  if (file.size > Number(mostBytes)) {
    note(`“${name}” has more than ${most}. Make it smaller and upload it again.`);
    return;
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await fetch(`${to}?name=${encodeURIComponent(name)}`, {
        method: "POST",
        body: file,
        headers: { "X-Copydesk": "attach", "Content-Type": "application/octet-stream" },
      });
      const said = await answer.json();
      said.notes.forEach(note);
      stored += said.stored;
      return;
    } catch (error) {
      if (attempt === TRIES) throw new Error("the connection failed. Try again.");
      await new Promise((resolve) => setTimeout(resolve, 500 * attempt));
    }
  }
}

function named(list) {
  return [...list].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
}

for (const id of ["files", "folder"]) {
  document.getElementById(id).addEventListener("change", (event) => {
    add(named(event.target.files));
    event.target.value = "";
  });
}

async function inEntry(entry, path) {
  const name = path + entry.name;
  if (entry.isFile) {
    return [{ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), name }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    for (const inner of some) found.push(...(await inEntry(inner, `${name}/`)));
  }
}

async function dropped(items) {
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
  const found = [];
  for (const entry of entries) found.push(...(await inEntry(entry, "")));
  add(found);
}

drop.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  dropped(event.dataTransfer.items);
});
window.addEventListener("beforeunload", (event) => {
  if (done < total) event.preventDefault();
});
