"""What rewritten sentences are made from: filled patterns, states, clauses with a tail."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from t2l.tasks.language.clauses import Clause, clause, people, plural
from t2l.tasks.language.patterns import holes_of, put, slot_words, values
from t2l.tasks.language.vocabulary import read_words, words_of
from t2l.tasks.source import Part

Row = tuple[str, ...]  # a sentence, its other form, and other right answers
Make = Callable[[random.Random, Part], Row]


@cache
def patterns_of(name: str, part: Part) -> tuple[str, ...]:
    """The patterns or words of a part in a list of rewriting.yaml."""
    return words_of(read_words("rewriting")[name], part)


def _written(pattern: str, rng: random.Random, part: Part) -> str:
    """A pattern filled with words of a part."""
    return put(pattern, values(holes_of(pattern), rng, part))


def one_of(name: str, rng: random.Random, part: Part) -> str:
    """A filled pattern of a list of rewriting.yaml, whichever part the pattern itself falls in."""
    return _written(rng.choice(read_words("rewriting")[name]), rng, part)


def state(rng: random.Random, part: Part) -> tuple[str, str]:
    """Something and what it is like: `the soup`, `hot`."""
    subject, quality = rng.choice(read_words("rewriting")["states"]).split(" | ")
    words = patterns_of("mood", part) if quality == "<mood>" else slot_words("quality", part)
    return _written(subject, rng, part), rng.choice(words)


def with_tail(name: str, rng: random.Random, part: Part) -> Clause:
    """A clause with a time or a place at its end."""
    return replace(clause(rng, part), tail=one_of(name, rng, part))


def noun_subject(rng: random.Random, part: Part) -> tuple[Clause, Clause]:
    """A clause about one person, and the same about several."""
    person = rng.choice(people(part))
    one = clause(rng, part).of(f"the {person}", several=False)
    return one, one.of(f"the {plural(person)}", several=True)


def inner_start(text: str) -> str:
    """A sentence as it is written after other words: names and `I` keep their capital."""
    lower = re.match(r"(The|A|An|My|Our|We|They|He|She|It|You|There|This|Your)\b", text)
    return text[0].lower() + text[1:] if lower else text
