"""Phrase books: how people say each skill, by split.

    book = phrases/<book>.yaml:  entry -> split -> do | name | say | then -> cores

    do    imperatives that a frame goes around     name  noun phrases for the answer
    say   whole descriptions                       then  imperatives about "it" or "the result"

A core is a pattern of `t2l.tasks.phrasing`. Books are read once; what is asked of one is checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from t2l.tasks.language.skill import Skill
from t2l.tasks.phrasing import expand_all
from t2l.tasks.source import Split

SPLITS: tuple[Split, ...] = ("train", "selection", "held_out")
WAYS = ("do", "name", "say", "then")
FLOORS = {"train": 15, "selection": 4, "held_out": 6}  # cores of an entry, without `then`
THEN_FLOORS = {"train": 8, "selection": 2, "held_out": 3}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml reads these files 30 times faster
_OPEN_CHOICE = re.compile(r"\([^()]*\|")


@dataclass(frozen=True)
class Phrases:
    """Every way to say a skill in one split, expanded."""

    do: tuple[str, ...]
    name: tuple[str, ...]
    say: tuple[str, ...]
    then: tuple[str, ...]


@cache
def read_book(book: str) -> dict[str, Any]:
    """A file of `phrases/`, as it is written.

    :raises FileNotFoundError: if there is no such book.
    """
    file = files("t2l.tasks.language") / "phrases" / f"{book}.yaml"
    return yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)


def phrases_of(skill: Skill, split: Split) -> Phrases:
    """Every way to say a skill in a split.

    :raises KeyError: if the book lacks the entry, the split or the value of a slot.
    :raises ValueError: if a core is not text, or leaves a choice open.
    """
    return _phrases(skill.book, skill.entry, tuple(sorted(skill.slots.items())), split)


@cache
def _phrases(book: str, entry: str, slots: tuple[tuple[str, str], ...], split: Split) -> Phrases:
    ways = _cores(book, entry, split)
    place = f"{book}.yaml, {entry}, {split}"
    return Phrases(*(_expanded(ways.get(way, ()), dict(slots), place) for way in WAYS))


def _cores(book: str, entry: str, split: str) -> dict[str, tuple[str, ...]]:
    """The cores of an entry by way of saying."""
    splits = read_book(book).get(entry)
    if splits is None:
        raise KeyError(f"{book}.yaml has no entry {entry!r}")
    if split not in splits:
        raise KeyError(f"{book}.yaml, {entry}: nothing for {split!r}")
    unknown = sorted(set(splits[split]) - set(WAYS))
    if unknown:
        raise ValueError(f"{book}.yaml, {entry}, {split}: unknown {unknown}; there are {WAYS}")
    return {way: tuple(cores or ()) for way, cores in splits[split].items()}


def _expanded(cores: tuple[str, ...], slots: Mapping[str, str], place: str) -> tuple[str, ...]:
    for core in cores:
        if not isinstance(core, str):
            raise ValueError(f"{place}: {core!r} is not text; put it in quotes")
    try:
        phrases = expand_all(cores, slots)
    except KeyError as error:
        raise KeyError(f"{place}: slot {error} has no value") from error
    for phrase in phrases:
        if _OPEN_CHOICE.search(phrase):
            raise ValueError(f"{place}: a choice is left open in {phrase!r}")
    return phrases


def faults(skills: Iterable[Skill]) -> list[str]:
    """What is wrong with the phrases of these skills: too few, unreadable, or shared by splits."""
    found: list[str] = []
    for skill in skills:
        try:
            said: dict[Split, Phrases] = {split: phrases_of(skill, split) for split in SPLITS}
        except (KeyError, ValueError) as error:
            found.append(f"{skill.name}: {error.args[0]}")
            continue
        for split in SPLITS:
            found += _too_few(skill, split)
        for index, split in enumerate(SPLITS):
            for other in SPLITS[index + 1 :]:
                found += _shared(skill, said, split, other)
    return list(dict.fromkeys(found))


def _too_few(skill: Skill, split: Split) -> list[str]:
    ways = _cores(skill.book, skill.entry, split)
    cores = sum(len(ways.get(way, ())) for way in ("do", "name", "say"))
    place = f"{skill.book}.yaml, {skill.entry}, {split}"
    found = []
    if cores < FLOORS[split]:
        found.append(f"{place}: {cores} cores, fewer than {FLOORS[split]}")
    if skill.apply is not None and len(ways.get("then", ())) < THEN_FLOORS[split]:
        found.append(f"{place}: {len(ways.get('then', ()))} `then`, not {THEN_FLOORS[split]}")
    if skill.apply is not None and not (ways.get("do") or ways.get("name")):
        found.append(f"{place}: neither `do` nor `name`, which compositions need")
    return found


def _shared(skill: Skill, said: dict[Split, Phrases], split: Split, other: Split) -> list[str]:
    return [
        f"{skill.name}: {split} and {other} share {phrase!r}"
        for way in WAYS
        for phrase in getattr(said[split], way)
        if phrase in getattr(said[other], way)
    ]
