"""Whether an answer is right: as it stands, or generously.

Exact match ignores white space around an answer and the case of its letters. The generous figure
is for a model that was told in its prompt what to do and may say more than was asked: the first
line is right, or a right answer occurs as words of its own.
"""

import re
from collections.abc import Sequence

_SPACE = re.compile(r"\s+")


def plain(text: str) -> str:
    """A text without outer white space, inner white space one space, case folded."""
    return _SPACE.sub(" ", text).strip().casefold()


def exact(answer: str, right: Sequence[str]) -> bool:
    """Whether an answer is one of the right ones."""
    return plain(answer) in {plain(one) for one in right}


def generous(answer: str, right: Sequence[str]) -> bool:
    """Whether a right answer is the first line, or occurs between other words."""
    if exact(answer.strip().split("\n")[0], right):
        return True
    said = plain(answer)
    return any(_occurs(plain(one), said) for one in right if plain(one))


def _occurs(wanted: str, said: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", said) is not None
