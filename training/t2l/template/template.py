"""How an example becomes tokens: what a template promises to everything that trains or asks.

    sample, demonstrations, description  --row-->     token ids, and which of them are the answer
    input, demonstrations, description   --prompt-->  token ids that the model continues
    generated token ids                  --answer-->  the text of the answer

A row is its prompt followed by its answer, so training and asking see the same tokens. What a run
*is* includes its template: `describe` gives it as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from t2l.config.errors import ConfigError
from t2l.tasks.source import Sample
from t2l.template.rows import Row


class TemplateError(ConfigError):
    """A template that cannot be used with a model; the message says why."""


class Template(Protocol):
    """What turns examples into token ids."""

    @property
    def name(self) -> str:
        """`arrow` or `chat`."""
        ...

    @property
    def pad(self) -> int:
        """The token id of padding."""
        ...

    @property
    def ends(self) -> tuple[int, ...]:
        """The token ids that end an answer."""
        ...

    def row(self, sample: Sample, shown: Sequence[Sample] = (), told: str | None = None) -> Row:
        """A question with its answer and the token that ends it.

        :param shown: demonstrations before the question.
        :param told: a description of the task in the prompt.
        :return: token ids, and which of them are the answer: only the last one is marked.
        """
        ...

    def prompt(self, text: str, shown: Sequence[Sample] = (), told: str | None = None) -> list[int]:
        """The token ids of a question, up to where its answer begins."""
        ...

    def answer(self, ids: Sequence[int]) -> str:
        """The text of generated token ids, up to the first one that ends an answer."""
        ...

    def describe(self) -> dict[str, Any]:
        """JSON values that two templates share if and only if they make the same tokens."""
        ...
