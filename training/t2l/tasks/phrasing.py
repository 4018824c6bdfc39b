"""Phrase grammars: small patterns that expand into many ways of saying one thing.

A pattern is English with two kinds of holes: `(a|b|c)` is a choice and `<name>` is a slot filled
from a mapping. Patterns and sentence frames come in three disjoint parts: for training, for
choosing a recipe, and held out for the report, so that a held-out description shares neither a
phrase nor its frame with one that anything was trained or chosen on.
Expansion is exhaustive and ordered, so the n-th phrasing of a task is the same on every machine.
"""

import itertools
import re
from collections.abc import Mapping, Sequence

_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")
_SLOT = re.compile(r"<(\w+)>")


def expand(pattern: str, slots: Mapping[str, str]) -> tuple[str, ...]:
    """All phrases of one pattern, in the order its choices are written.

    :param pattern: text with `(a|b)` choices and `<slot>` holes.
    :param slots: value of every slot.
    :return: the phrases, leftmost choice varying slowest.
    :raises KeyError: if a slot has no value.
    """
    filled = _SLOT.sub(lambda match: slots[match.group(1)], pattern)
    parts = _CHOICE.split(filled)  # text, choice, text, choice, ..., text
    columns = [[part] if index % 2 == 0 else part.split("|") for index, part in enumerate(parts)]
    return tuple(" ".join("".join(row).split()) for row in itertools.product(*columns))


def expand_all(patterns: Sequence[str], slots: Mapping[str, str]) -> tuple[str, ...]:
    """The phrases of several patterns, first pattern first, repeats dropped."""
    phrases = itertools.chain.from_iterable(expand(pattern, slots) for pattern in patterns)
    return tuple(dict.fromkeys(phrases))
