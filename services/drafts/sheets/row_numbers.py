"""Row numbers in sentences."""

from collections.abc import Sequence

_MAX_RANGES = 5


def name_rows(numbers: Sequence[int]) -> str:
    """Name rows by their numbers, given in order: "row 3", "rows 3 and 4", "rows 3–6, 9 and 12".

    Where there are many, the first ranges are named and the rest are counted.
    """
    ranges = _ranges(numbers)
    if len(numbers) == 1:
        return f"row {numbers[0]}"
    if len(ranges) > _MAX_RANGES:
        shown = ranges[:_MAX_RANGES]
        rest = len(numbers) - sum(last - first + 1 for first, last in shown)
        return f"rows {', '.join(map(_range, shown))} and {rest:,} more"
    *others, last = map(_range, ranges)
    return f"rows {', '.join(others)} and {last}" if others else f"rows {last}"


def _ranges(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Group consecutive numbers; two of them stay apart, as "3 and 4" reads better than "3–4"."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return [part for run in runs for part in (_apart(run) if run[1] == run[0] + 1 else [run])]


def _apart(run: tuple[int, int]) -> list[tuple[int, int]]:
    return [(number, number) for number in run]


def _range(part: tuple[int, int]) -> str:
    first, last = part
    return str(first) if first == last else f"{first}–{last}"
