"""Carriers: the sentences that phrases are carried in, and what inputs are called.

    "Please {a}." + "give the opposite of the word"  ->  "Please give the opposite of the word."

A single skill is said as an imperative in a frame, as a noun phrase in a frame, or by a whole
description of its book; some imperatives stand alone, as most people write them. A composition is
said as an imperative for the first skill and imperatives about "it" for those that follow.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import cache

from t2l.tasks.language.phrases import Phrases, phrases_of, read_book
from t2l.tasks.language.skill import Skill
from t2l.tasks.language.surface import typed
from t2l.tasks.source import Split

ALONE = 0.2  # of imperatives that no frame goes around
WEIGHTS = {"do": 0.5, "say": 0.3, "name": 0.2}  # of the ways to say a single skill
AS_QUESTION = 0.35  # of noun phrases that are asked for with "What is ...?"
WORKED_OUT = 0.2  # of compositions whose first step is said by its noun phrase
SHORT_PLEASE = 0.2  # of frames that say "please"
STEPS = {2: "two", 3: "three"}
_AFTER_HEAD = re.compile(
    r" (?:of|in|that|from|with|which|who|whose|for|by|without|to|on|at|as|after|before|between|"
    r"but|except|inside|plus|written|\w+ed (?:by|with|from|in|out|to|as|between))\b"
)


_QUESTION_WORDS = ("what", "which", "who", "whose", "whom", "where", "when", "how", "why")


@cache
def frames(kind: str, split: Split) -> tuple[str, ...]:
    """The frames of a kind: `do`, `name`, `question`, `work_out`, `two` or `three`."""
    return tuple(read_book("carriers")[kind][split])


@cache
def subjects(takes: str, split: Split) -> tuple[str, ...]:
    """What an input of a kind is called.

    :raises KeyError: if no carrier says what such an input is called.
    """
    named = read_book("carriers")["subjects"]
    if takes not in named:
        raise KeyError(f"carriers.yaml, subjects: no name for an input of kind {takes!r}")
    return tuple(named[takes][split])


def describe(steps: Sequence[Skill], split: Split, rng: random.Random) -> str:
    """One description of a skill, or of several in a row."""
    text = _single(steps[0], split, rng) if len(steps) == 1 else _several(steps, split, rng)
    keep = [value for step in steps for value in step.slots.values()]
    return typed(text, keep, rng)


def _single(skill: Skill, split: Split, rng: random.Random) -> str:
    said = phrases_of(skill, split)
    ways = [way for way in WEIGHTS if getattr(said, way)]
    way = rng.choices(ways, [WEIGHTS[way] for way in ways])[0]
    core = rng.choice(getattr(said, way))
    subject = rng.choice(subjects(skill.takes, split))
    if way == "say":
        return core
    if way == "name":
        kind = "question" if rng.random() < AS_QUESTION and is_asked_for(core) else "name"
        return filled(_frame(kind, split, rng), {"n": core, "x": subject})
    if rng.random() < ALONE:
        return with_capital(core) + "."
    return filled(_frame("do", split, rng), {"a": core, "x": subject})


def _several(steps: Sequence[Skill], split: Split, rng: random.Random) -> str:
    first, *others = (phrases_of(step, split) for step in steps)
    said = [_imperative(first, split, rng), *(rng.choice(row.then) for row in others)]
    subject = rng.choice(subjects(steps[0].takes, split))
    frame = _frame(STEPS[len(steps)], split, rng)
    return filled(frame, {"x": subject, **dict(zip("abc", said, strict=False))})


def _imperative(said: Phrases, split: Split, rng: random.Random) -> str:
    if said.name and (not said.do or rng.random() < WORKED_OUT):
        return filled(_frame("work_out", split, rng), {"n": rng.choice(said.name)})
    return rng.choice(said.do)


def _frame(kind: str, split: Split, rng: random.Random) -> str:
    """A frame; some that say "please" say it short."""
    frame = rng.choice(frames(kind, split))
    if rng.random() < SHORT_PLEASE:
        return re.sub(r"\bplease\b", rng.choice(("pls", "plz")), frame)
    return frame


def filled(frame: str, parts: dict[str, str]) -> str:
    """A frame with its places filled; places in capitals get a capital."""
    upper = {place.upper(): with_capital(text) for place, text in parts.items()}
    return frame.format_map({**parts, **upper})


def with_capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def is_asked_for(phrase: str) -> bool:
    """Whether "What is ...?" can ask for it: a noun phrase in the singular, as far as one sees."""
    if phrase.split(" ")[0].lower() in _QUESTION_WORDS:
        return False
    head = _AFTER_HEAD.split(phrase)[0].rstrip(",:").split(" ")[-1]
    return not head.endswith("s") or head.endswith(("ss", "us", "is"))
