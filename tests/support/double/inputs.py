"""Which inputs an agent takes."""

from typing import Any


def refusal(agent_inputs: list[dict[str, Any]], body: Any) -> str:
    """Why these inputs cannot be taken; "" where they can."""
    given = body.get("inputs") if isinstance(body, dict) else None
    if not isinstance(given, list):
        return "The body has no inputs."
    known = {item["name"]: item for item in agent_inputs}
    values = {item["id"]: item["value"] for item in given}
    for name, value in values.items():
        if name not in known:
            return f"There is no input '{name}'."
        offered = known[name].get("options", {}).get("list")
        if offered is not None and not set(value) <= set(offered):
            return f"'{value[0]}' is not one of the options of '{name}'."
    missing = [name for name, item in known.items() if item["required"] and not any(values.get(name, []))]
    return f"The input '{missing[0]}' is required." if missing else ""
