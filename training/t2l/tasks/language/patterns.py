"""Sentence patterns: texts with choices and holes, filled with words of one part.

    "<girl> bought a <thing>."  ->  "Anna bought an umbrella."

Patterns and the words in their holes are shared out, so a text for testing has neither a pattern
nor a word that a text for training has.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from functools import cache

from t2l.tasks.language.vocabulary import article, read_words, words_of
from t2l.tasks.source import Part

_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")
_HOLE = re.compile(r"(?:\b([Aa]) )?<(\w+)>")


@cache
def slot_words(slot: str, part: Part) -> tuple[str, ...]:
    """The words of a part that a hole may be filled with."""
    return words_of(read_words("slots")[slot], part)


def filled(pattern: str, rng: random.Random, part: Part) -> str:
    """A text from a pattern, with `a` before its hole made `an` where the word asks for it."""
    chosen = _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), pattern)
    words = {hole: rng.choice(slot_words(hole, part)) for hole in holes_of(chosen)}
    text = put(chosen, words)
    return text[:1].upper() + text[1:] if "<" in pattern else text


def values(holes: Iterable[str], rng: random.Random, part: Part) -> dict[str, str]:
    """A word for each hole, in their order; `thing` and `thing2` get different ones.

    A `name` is a boy's or a girl's.
    """
    found: dict[str, str] = {}
    for hole in dict.fromkeys(holes):
        slot = hole.rstrip("2")
        words = names(part) if slot == "name" else slot_words(slot, part)
        found[hole] = rng.choice([word for word in words if word not in found.values()])
    return found


@cache
def names(part: Part) -> tuple[str, ...]:
    """First names of boys and girls."""
    return (*slot_words("boy", part), *slot_words("girl", part))


def holes_of(*patterns: str) -> tuple[str, ...]:
    """The holes of some patterns, in their order."""
    return tuple(match[2] for pattern in patterns for match in _HOLE.finditer(pattern))


def put(pattern: str, words: Mapping[str, str]) -> str:
    """A pattern with these words in its holes, and `an` for `a` where the word asks for it."""

    def word(match: re.Match[str]) -> str:
        found = words[match[2]]
        return found if match[1] is None else match[1] + article(found)[1:]

    return _HOLE.sub(word, pattern)
