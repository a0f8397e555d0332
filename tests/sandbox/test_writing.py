"""How the texts read."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.sandbox.conftest import Caller, Clock

TONES = ("Warm", "Expert", "Playful", "Bold", "Minimal")
SAMPLE = Path(__file__).parents[2] / "services" / "drafts" / "sheets" / "sample.csv"


def sample() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(SAMPLE.read_text("utf-8-sig"), newline="")))


async def describe(caller: Caller, clock: Clock) -> list[dict[str, Any]]:
    """Return the finished jobs of the products in the sample, each line of a feature cell a value of its own."""
    ids = []
    for row in sample():
        name, features = [row["Product name"]], row["Key features"].splitlines()
        values = {"Product_name": name, "Tone": [row["Tone"]], "Key_features": features}
        ids.append(await caller.create("Product description", **values))
    clock.advance(20)
    return [await caller.job(job_id) for job_id in ids]


async def test_two_or_three_rows_of_the_sample_fail_at_first(opened: Callable[..., Any], clock: Clock) -> None:
    jobs = await describe(await opened(), clock)
    assert [job["status"] for job in jobs].count("failed") in {2, 3}


async def test_the_sample_gets_24_texts_with_the_typography_of_the_real_thing(sandbox: Caller, clock: Clock) -> None:
    jobs = await describe(sandbox, clock)
    texts = [job["data"]["suggestion"] for job in jobs]
    names = [row["Product name"] for row in sample()]
    everything = "\n".join(texts)
    assert len({text.replace(name, "") for text, name in zip(texts, names, strict=True)}) == 24
    assert all(f"**{name}**" in text for text, name in zip(texts, names, strict=True))
    assert all(sign in everything for sign in ("“", "”", "—", ",", "\n\n", "\n- ", "’"))
    assert all(100 < len(text) < 700 for text in texts)
    assert "{" not in everything
    assert all(name in job["data"]["title"] for job, name in zip(jobs, names, strict=True))


async def test_the_same_inputs_give_the_same_text(opened: Callable[..., Any], clock: Clock) -> None:
    first, second = await opened(fail_rate=0), await opened(fail_rate=0)
    assert [job["data"] for job in await describe(first, clock)] == [
        job["data"] for job in await describe(second, clock)
    ]


async def test_tones_share_no_sentence(sandbox: Caller, clock: Clock) -> None:
    said: dict[str, set[str]] = {}
    for tone in TONES:
        ids = [await sandbox.create("Product description", Product_name=[f"P{n}"], Tone=[tone]) for n in range(12)]
        clock.advance(61)
        texts = [(await sandbox.job(job_id))["data"]["suggestion"] for job_id in ids]
        said[tone] = {re.sub(r"P\d+", "P", part) for text in texts for part in text.split("\n\n")}
    everything = [part for parts in said.values() for part in parts]
    assert len(everything) == len(set(everything))
    assert all(len(parts) >= 10 for parts in said.values())


async def test_each_feature_is_reported_once_whether_it_comes_in_one_cell_or_in_several(
    sandbox: Caller, clock: Clock
) -> None:
    features = ["solid oak", "folds flat", "made in Limoges"]
    for values in (features, ["; ".join(features)], [", ".join(features)]):
        product = {"Product_name": ["Table"], "Tone": ["Warm"], "Key_features": values}
        job_id = await sandbox.create("Product description", **product)
        clock.advance(20)
        text = (await sandbox.job(job_id))["data"]["suggestion"].lower()
        assert [text.count(feature.lower()) for feature in features] == [1, 1, 1]
        assert ("oak; folds" in text, "oak, folds" in text) == (False, False)


async def test_the_parts_of_a_text_vary_each_on_its_own(sandbox: Caller, clock: Clock) -> None:
    ids = [await sandbox.create("Product description", Product_name=[f"P{n}"], Tone=["Bold"]) for n in range(60)]
    clock.advance(61)
    texts = [re.sub(r"P\d+", "P", (await sandbox.job(job_id))["data"]["suggestion"]) for job_id in ids]
    assert len({(text.split("\n\n")[0], text.split("\n\n")[-1]) for text in texts}) > 20


async def test_posts_suit_their_channel(sandbox: Caller, clock: Clock) -> None:
    posts: dict[str, list[str]] = {}
    for channel in ("LinkedIn", "Instagram", "X", "Facebook"):
        ids = [
            await sandbox.create("Social post", Product=[f"Mug {n}"], Channel=[channel], Audience=["tea lovers"])
            for n in range(12)
        ]
        clock.advance(61)
        posts[channel] = [(await sandbox.job(job_id))["data"]["suggestion"] for job_id in ids]
    assert all(len(post) <= 280 for post in posts["X"])
    assert {post.count("#") for post in posts["Instagram"]} == {5}
    assert {post.count("#") for post in posts["X"]} == {2}
    assert all("#Mug" in post and "{" not in post for written in posts.values() for post in written)
    assert any("tea lovers" in post for post in posts["LinkedIn"])


async def test_a_longer_summary_has_more_sections(sandbox: Caller, clock: Clock) -> None:
    brief = [(await sandbox.upload("brief.pdf"))["id"]]
    ids = {
        length: await sandbox.create("Brief summary", Brief=brief, Length=[length])
        for length in ("Short", "Medium", "Long")
    }
    clock.advance(20)
    texts = {length: (await sandbox.job(job_id))["data"]["suggestion"] for length, job_id in ids.items()}
    assert {length: text.count("\n\n**") for length, text in texts.items()} == {"Short": 0, "Medium": 2, "Long": 4}


async def test_an_input_that_looks_like_a_placeholder_is_left_as_it_is(sandbox: Caller, clock: Clock) -> None:
    name = "{audience} {name} {product}"
    ids = [
        await sandbox.create("Product description", Product_name=[name], Tone=["Bold"], Key_features=["{name} {x}"]),
        await sandbox.create("Social post", Product=[name], Channel=["X"], Audience=["{product}"]),
    ]
    clock.advance(20)
    description, post = [(await sandbox.job(job_id))["data"]["suggestion"] for job_id in ids]
    assert (f"**{name}**" in description, "{name} {x}" in description, f"**{name}**" in post) == (True, True, True)
