"""Whether an answer is right: as it stands, generously, or in part.

Exact match ignores white space around an answer and the case of its letters. The generous figure
is for a model that was told in its prompt what to do and may say more than was asked: the first
line is right, or a right answer occurs as words of its own. ROUGE-L is how much of a right answer
stands in the answer in the same order: what tells long answers apart, none of which is ever right
to the letter (Lin, 2004; Super-NaturalInstructions measures by it).
"""

import logging
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

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


def rouge_l(answer: str, right: Sequence[str]) -> float:
    """The F-measure of ROUGE-L with the right answer that is nearest, words stemmed, 0 to 1."""
    return _rouge().score_multi(list(right), answer)["rougeL"].fmeasure


@cache
def _rouge() -> Any:  # the package has no types
    from rouge_score.rouge_scorer import RougeScorer  # which takes a second to read

    logging.getLogger("absl").setLevel(logging.WARNING)  # it names its tokenizer every time
    return RougeScorer(["rougeL"], use_stemmer=True)
