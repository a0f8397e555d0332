"""One line for each thing measured: what, the figure, its goal, and the same of the baseline."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass

_HOLDS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt}


@dataclass(frozen=True)
class Goal:
    """What a figure should be; with `of_ratio`, what its ratio to the first baseline should be."""

    sign: str
    value: float
    of_ratio: bool = False

    def words(self, figure: float, ratio: float | None) -> str:
        """Say the goal, and whether it was met; a ratio that cannot be had meets none."""
        judged = ratio if self.of_ratio else figure
        met = judged is not None and _HOLDS[self.sign](judged, self.value)
        return f"goal {'ratio ' if self.of_ratio else ''}{self.sign} {self.value:g}: {'met' if met else 'missed'}"


@dataclass(frozen=True)
class Baseline:
    """The same figure of somebody else, and what else has to be said of it."""

    name: str
    figure: float
    remark: str = ""


def report(what: str, figure: float, goal: Goal | None, baselines: Sequence[Baseline], unit: str = "") -> None:
    """Print the line."""
    print(line(what, figure, goal, baselines, unit), flush=True)  # noqa: T201


def line(what: str, figure: float, goal: Goal | None, baselines: Sequence[Baseline], unit: str = "") -> str:
    """Make the line; the figure and those of the baselines have the same unit."""
    ratios = [figure / other.figure if other.figure else None for other in baselines]
    said = f"{what}: {_number(figure)}{unit}"
    if goal is not None:
        said += f" ({goal.words(figure, ratios[0] if ratios else None)})"
    for other, ratio in zip(baselines, ratios, strict=True):
        said += f"; {other.name} {_number(other.figure)}{unit}"
        said += "" if ratio is None else f", ratio {ratio:.2f}"
        said += f" ({other.remark})" if other.remark else ""
    return said


def _number(figure: float) -> str:
    return f"{figure:,}" if isinstance(figure, int) else f"{figure:,.2f}"
