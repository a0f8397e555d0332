"""Whether the inputs of a new job fit its agent, said in words for the person who filled the spreadsheet."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.sandbox.agents import Agent, Input
from services.sandbox.bodies import read_json
from services.sandbox.errors import ApiError, bad_request, quoted
from services.sandbox.records import File
from services.sandbox.uploads import extension_of


def read_inputs(agent: Agent, body: bytes) -> dict[str, list[str]]:
    """Return the values by input name, in the agent's order, from the body of a request for a job.

    Raises ApiError for a body that is no such request, or inputs that break a rule of the agent.
    """
    given = _by_name(agent, _items(read_json(body)))
    for each in agent.inputs:
        _check(each, given.get(each.name, []))
    return {each.name: given[each.name] for each in agent.inputs if given.get(each.name)}


def check_files(
    agent: Agent, inputs: Mapping[str, Sequence[str]], files: Mapping[str, File | None], now: float
) -> None:
    """Raise ApiError unless each file that the inputs name by its id can be used at `now`, and fits its input.

    `files` are the uploaded files by those ids, None for an id that no file has.
    """
    for each in agent.inputs:
        for value in inputs.get(each.name, ()):
            if value in files:
                _check_file(each, value, files[value], now)


def _items(parsed: Any) -> list[Any]:
    items = parsed.get("inputs") if isinstance(parsed, dict) else None
    if not isinstance(items, list):
        raise bad_request('The body must be an object with a list called "inputs".', "fail.shape")
    return items


def _by_name(agent: Agent, items: list[Any]) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for item in items:
        name, value = _name_and_value(item)
        if name not in {each.name for each in agent.inputs}:
            known = ", ".join(each.name for each in agent.inputs)
            raise _wrong(f"{agent.name} has no input called {quoted(name)}. Its inputs are: {known}.", "unknown")
        if name in given:
            raise _wrong(f"The input {quoted(name)} is given twice.", "twice")
        given[name] = value
    return given


def _name_and_value(item: Any) -> tuple[str, list[str]]:
    name, value = (item.get("id"), item.get("value")) if isinstance(item, dict) else (None, None)
    if not isinstance(name, str):
        raise bad_request('Each of the inputs must be an object with an "id" (a string) and a "value".', "fail.shape")
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _wrong(f"The value of the input {quoted(name)} must be a list of strings.", "shape")
    return name, value


def _check(each: Input, values: Sequence[str]) -> None:
    name = quoted(each.name)
    if each.required and not values:
        raise _wrong(f"The input {name} is required, but it is missing.", "missing")
    if any(not value.strip() for value in values):
        advice = "fill it in" if each.required else "fill it in or leave it out"
        raise _wrong(f"The input {name} has an empty value: {advice}.", "empty")
    most = _most_values(each)
    if len(values) > most:
        allowed = "one value" if most == 1 else f"at most {most} values"
        raise _wrong(f"The input {name} takes {allowed}, but {len(values)} were given.", "too_many")
    for value in values:
        _check_value(each, value)


def _most_values(each: Input) -> int:
    most: int = each.options.get("max_fields") or each.options.get("max_files") or 1
    return most


def _check_value(each: Input, value: str) -> None:
    if each.kind == "dropdown" and value not in each.options["list"]:
        choices = ", ".join(each.options["list"])
        raise _wrong(
            f"The input {quoted(each.name)} does not offer {quoted(value)}. Choose one of: {choices}.", "choice"
        )
    if each.kind in {"file", "media"} and is_url(value) and "url" not in each.options.get("upload_types", ()):
        words = f"The input {quoted(each.name)} takes the id of an uploaded file, not a web address: {quoted(value)}."
        raise _wrong(words, "url")


def _check_file(each: Input, file_id: str, file: File | None, now: float) -> None:
    if file is None:
        words = f"The input {quoted(each.name)} names a file that doesn't exist or was deleted: {quoted(file_id)}."
        raise _wrong(words, "no_file")
    subject = f"The file {quoted(file.name)} for the input {quoted(each.name)}"
    if file.status(now) == "in_progress":
        raise _wrong(f"{subject} is still being processed. Try again in a few seconds.", "file_in_progress")
    if file.status(now) == "failed":
        raise _wrong(f"{subject} could not be processed. Upload it again.", "file_failed")
    if extension_of(file.name) not in each.options["file_types"]:
        raise _wrong(
            f"{subject} is of the wrong type. Use one of: {', '.join(each.options['file_types'])}.", "file_type"
        )
    most = each.options.get("max_file_size_mb") or each.options["max_image_size_mb"]
    if file.size > most * 1024 * 1024:
        raise _wrong(f"{subject} is larger than {most} MB.", "file_size")


def is_url(value: str) -> bool:
    """Return whether what was given for a file is a web address, and not the id of an uploaded one."""
    return value.lower().startswith(("http://", "https://"))


def _wrong(description: str, key: str) -> ApiError:
    return bad_request(description, f"fail.input.{key}")
