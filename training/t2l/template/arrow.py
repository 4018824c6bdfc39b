"""Examples as lines with an arrow: `input -> output`, the way t2l-mini's base model reads them.

One token a character, the arrow or a control code (`characters.py`). Demonstrations are earlier
lines. What can be told is not a description, which this model cannot read, but control codes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from t2l.tasks.source import Sample
from t2l.template.characters import ARROW, BOS, END, EOS, PAD, TOKEN_IDS, VOCABULARY
from t2l.template.rows import Row, before_end
from t2l.template.template import TemplateError

_CODE = re.compile(r"<[^<>]+>|.", re.DOTALL)  # a control code, or one character of a parameter


def encode_prompt(text: str) -> list[int]:
    """Token ids of a prompt that ends in the arrow, beginning with `<bos>`."""
    ids = [BOS]
    for index, line in enumerate(text.split(ARROW)):
        if index > 0:
            ids.append(TOKEN_IDS[ARROW])
        ids.extend(TOKEN_IDS[character] for character in line)
    return ids


def encode_lines(
    samples: Sequence[Sample], codes: Sequence[str] = ()
) -> tuple[list[int], list[bool]]:
    """Token ids of an episode, and which of them are outputs (the line's end included).

    :param codes: control codes and parameters that the episode begins with.
    """
    ids = [BOS, *(TOKEN_IDS[code] for code in codes)]
    is_output = [False] * len(ids)
    for sample in samples:
        question = [TOKEN_IDS[c] for c in sample.input] + [TOKEN_IDS[ARROW]]
        answer = [TOKEN_IDS[c] for c in sample.output + END]
        ids += question + answer
        is_output += [False] * len(question) + [True] * len(answer)
    return ids, is_output


def question_row(sample: Sample, shown: Sequence[Sample] = (), codes: Sequence[str] = ()) -> Row:
    """One question: other samples, the input, and the answer that is looked for."""
    ids, _ = encode_lines([*shown, sample], codes)
    answer = len(sample.output) + 1  # with the end of the line
    return ids, [False] * (len(ids) - answer) + [True] * answer


@dataclass(frozen=True)
class ArrowTemplate:
    """t2l-mini's lines as a `Template`; `told` is a task's control codes, one after the other."""

    name: str = "arrow"
    pad: int = PAD

    @property
    def ends(self) -> tuple[int, ...]:
        """The end of the line, and of the text."""
        return (TOKEN_IDS[END], EOS)

    def row(self, sample: Sample, shown: Sequence[Sample] = (), told: str | None = None) -> Row:
        """See `Template.row`.

        :raises TemplateError: for a character that the model has no token for.
        """
        try:
            return question_row(sample, shown, _codes(told))
        except KeyError as error:
            raise TemplateError(
                f"t2l-mini has no token for {error.args[0]!r}: its characters are letters, digits "
                "and some marks"
            ) from None

    def prompt(self, text: str, shown: Sequence[Sample] = (), told: str | None = None) -> list[int]:
        """See `Template.prompt`."""
        ids, _ = self.row(Sample(text, ""), shown, told)
        return ids[:-1]  # without the end of the empty answer

    def answer(self, ids: Sequence[int]) -> str:
        """See `Template.answer`."""
        return "".join(VOCABULARY[token] for token in before_end(ids, self.ends))

    def describe(self) -> dict[str, Any]:
        """See `Template.describe`."""
        return {"kind": self.name}


def _codes(told: str | None) -> list[str]:
    """Control codes and parameters that were written one after the other."""
    return _CODE.findall(told or "")
