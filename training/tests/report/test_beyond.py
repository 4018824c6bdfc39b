"""Tasks that the base model can't do are named by what it can do, not by what adapters do."""

from t2l.evaluate.results import ResultRow
from t2l.report.beyond import beyond_base


def row(task: str, seed: int = -1, **scores: float) -> ResultRow:
    """One row of the report."""
    return ResultRow("main", "base", -1, seed, "report", task, "f", 6, scores)


def test_both_examples_and_the_tasks_own_adapter_must_fail() -> None:
    rows = [
        row("neither", five_shot=0.05, oracle=0.0),
        row("shown", five_shot=0.5, oracle=0.0),
        row("trained", five_shot=0.0, oracle=0.5),
        row("on the limit", five_shot=0.1, oracle=0.1),
        row("half measured", five_shot=0.0),
    ]
    assert beyond_base(rows) == ("neither",)


def test_seeds_count_together_and_the_descriptions_adapter_does_not_count() -> None:
    rows = [
        row("a", 1, five_shot=0.0, oracle=0.0, matched=1.0),
        row("a", 2, five_shot=0.15, oracle=0.0, matched=1.0),
        row("b", 1, five_shot=0.0, oracle=0.0),
        row("b", 2, five_shot=0.3, oracle=0.0),
    ]
    assert beyond_base(rows) == ("a",)
