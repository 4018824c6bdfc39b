"""What `plan` assumes of a recipe whose tasks are not on this machine; no training reads it."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from t2l.config.fields import STRICT, Count


@dataclass(frozen=True, config=STRICT)
class PlanConfig:
    """Sizes of tasks that nobody has looked at yet: all of them, or none.

    :param tasks: tasks in the files, before `tasks.report` and `tasks.selection` take theirs.
    :param prompt: tokens of a question with its template, on average, padding included.
    :param answer: tokens of an answer with the one that ends it, on average.
    :param longest: tokens of the longest row of a step, which memory is planned for.
    """

    tasks: Count | None = None
    prompt: Count | None = None
    answer: Count | None = None
    longest: Count | None = None

    def __post_init__(self) -> None:
        values = vars(self)
        lacking = [name for name in ("tasks", "prompt", "answer", "longest") if not values[name]]
        if 0 < len(lacking) < 4:
            raise ValueError(f"{lacking[0]} is missing; give all of a plan's assumptions or none")
        if self.longest is not None and self.longest < self.row:
            raise ValueError(
                f"longest {self.longest} is shorter than prompt and answer together, {self.row}; "
                "make it at least that"
            )

    @property
    def row(self) -> int:
        """Tokens of a question with its answer, on average; 0 if nothing is assumed."""
        return (self.prompt or 0) + (self.answer or 0)

    @property
    def given(self) -> bool:
        """Whether anything is assumed."""
        return self.tasks is not None
