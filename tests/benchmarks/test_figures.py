"""The line of a figure says whether its goal was met."""

import pytest

from tests.benchmarks.figures import Baseline, Goal, line


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        (Goal("<=", 3), "goal <= 3: met"),
        (Goal("<", 3), "goal < 3: missed"),
        (Goal(">=", 1.5, of_ratio=True), "goal ratio >= 1.5: met"),
        (Goal(">=", 2, of_ratio=True), "goal ratio >= 2: missed"),
    ],
)
def test_a_goal_is_for_the_figure_or_for_its_ratio_to_the_first_baseline(goal: Goal, words: str) -> None:
    baselines = [Baseline("SDK", 2.0), Baseline("other", 1.0)]
    assert line("rows", 3, goal, baselines) == f"rows: 3 ({words}); SDK 2.00, ratio 1.50; other 1.00, ratio 3.00"


def test_where_the_baseline_is_nothing_there_is_no_ratio_and_none_is_met() -> None:
    goal = Goal("<=", 2, of_ratio=True)
    said = line("time", 1234.5, goal, [Baseline("SDK", 0, "3 rows not done")], " s")
    assert said == "time: 1,234.50 s (goal ratio <= 2: missed); SDK 0 s (3 rows not done)"
