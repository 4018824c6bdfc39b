"""Everyday words, names and short texts, shared out between training and test.

Every word belongs to one part, and every text has a word of its part, so no text is in both.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from t2l.tasks.language.parts import part_of
from t2l.tasks.source import Part

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml reads these files 30 times faster
VOWELS = "aeiou"
NOUNS = ("place", "object", "being", "event", "things")
ADJECTIVES = ("look", "size", "mood", "site", "sort")
CONSONANT_SOUND = ("ukulele", "uniform", "unicorn", "european", "one")  # written with a vowel


@cache
def read_words(name: str) -> Any:
    """A table of `words/`."""
    text = (files("t2l.tasks.language") / "words" / f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=_LOADER)


def words_of(words: Sequence[str], part: Part) -> tuple[str, ...]:
    """Those words that belong to a part, in their order."""
    return tuple(word for word in words if part_of(word) == part)


@cache
def kind_words(kind: str, part: Part) -> tuple[str, ...]:
    """Words of a kind such as `animal`."""
    return words_of(read_words("lists_kinds")["kinds"][kind], part)


@cache
def names(sort: str, part: Part) -> tuple[str, ...]:
    """Names: `first`, `last`, `city` or `country`."""
    return words_of(read_words("vocabulary_names")[sort], part)


@cache
def text_words(sort: str, part: Part) -> tuple[str, ...]:
    """Nouns of everyday texts: `place`, `object`, `being`, `event` or `things`."""
    return words_of(read_words("vocabulary_texts")[sort], part)


@cache
def nouns(part: Part) -> tuple[str, ...]:
    """Nouns of everyday texts, in the singular, each once."""
    every = [word for sort in NOUNS[:-1] for word in text_words(sort, part)]
    return tuple(dict.fromkeys(every))


@cache
def small_words(part: Part) -> tuple[str, ...]:
    """Lower-case words of every kind and of everyday texts, each once."""
    kinds = read_words("lists_kinds")["kinds"]
    every = [word for kind in kinds for word in kind_words(kind, part) if word.islower()]
    return tuple(dict.fromkeys((*every, *nouns(part))))


def article(word: str) -> str:
    """The word after its indefinite article."""
    vowel = word[0].lower() in VOWELS and not word.lower().startswith(CONSONANT_SOUND)
    return f"{'an' if vowel else 'a'} {word}"


def fill(pattern: str, rng: random.Random, part: Part) -> str:
    """A text from a pattern of `words/vocabulary_texts.yaml`."""
    values = {sort: rng.choice(text_words(sort, part)) for sort in NOUNS}
    values["things2"] = rng.choice(
        [word for word in text_words("things", part) if word != values["things"]]
    )
    values |= {sort: rng.choice(read_words("vocabulary_texts")[sort]) for sort in ADJECTIVES}
    return pattern.format_map(values)


def word(rng: random.Random, part: Part) -> str:
    """A word in small letters."""
    return rng.choice(small_words(part))


def phrase(rng: random.Random, part: Part) -> str:
    """A few words in small letters, with no stop."""
    return fill(rng.choice(read_words("vocabulary_texts")["phrases"]), rng, part)


def bare_sentence(rng: random.Random, part: Part) -> str:
    """A short sentence without its stop."""
    return fill(rng.choice(read_words("vocabulary_texts")["sentences"]), rng, part)


def sentence(rng: random.Random, part: Part) -> str:
    """A short sentence."""
    return bare_sentence(rng, part) + "."


def request(rng: random.Random, part: Part) -> str:
    """Something to ask of somebody, in small letters and with no stop."""
    return fill(rng.choice(read_words("vocabulary_texts")["requests"]), rng, part)


def term(rng: random.Random, part: Part) -> str:
    """A word or a phrase."""
    return (word if rng.random() < 0.4 else phrase)(rng, part)


def text(rng: random.Random, part: Part) -> str:
    """A word, a phrase or a sentence."""
    share = rng.random()
    return (word if share < 0.3 else phrase if share < 0.65 else sentence)(rng, part)
