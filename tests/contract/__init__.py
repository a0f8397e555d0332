"""The project's own contract with Writer's API: JSON Schemas for the answers of each call it makes."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

SCHEMA: dict[str, Any] = json.loads(Path(__file__).with_name("writer.schema.json").read_text("utf-8"))


def check_answer(response: httpx.Response) -> None:
    """Hold `response`, already read, against what the contract says of its call and status.

    Raises AssertionError for a call or a status that the contract does not know, jsonschema's ValidationError for a
    body that breaks it.
    """
    if response.status_code >= 400:
        schema = SCHEMA["refusal"]
    else:
        answers = _answers(response.request.method, response.request.url.path)
        assert str(response.status_code) in answers, response
        schema = answers[str(response.status_code)]
    assert response.headers["content-type"] == "application/json"
    Draft202012Validator({**schema, "$defs": SCHEMA["$defs"]}).validate(response.json())


def _answers(method: str, path: str) -> dict[str, Any]:
    for call in SCHEMA["calls"]:
        pattern = re.sub(r"\{\w+\}", "[^/]+", call["path"])
        if call["method"] == method and re.fullmatch(pattern, path):
            answers: dict[str, Any] = call["answers"]
            return answers
    raise AssertionError(f"not in the contract: {method} {path}")
