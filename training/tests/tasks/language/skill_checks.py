"""What every skill of every book must do: draw the same again, keep the parts apart, stay short."""

import random
from collections.abc import Iterable, Iterator
from functools import cache

from t2l.tasks.language.phrases import SPLITS, WAYS, faults, phrases_of
from t2l.tasks.language.skill import Draw, Skill
from t2l.tasks.source import Part, Sample

DRAWS = 200
PARTS: tuple[Part, ...] = ("train", "test")
MAX_INPUT_WORDS, MAX_ANSWER_WORDS, MAX_ANSWER_LENGTH = 25, 12, 75
MIN_HELD_OUT, MAX_HELD_OUT = 0.14, 0.24  # share of the skills of a book


def drawn(skill: Skill, part: Part) -> tuple[Sample, ...]:
    """The same examples every time."""
    return _drawn(skill.name, skill.draw, part)


@cache
def _drawn(name: str, draw: Draw, part: Part) -> tuple[Sample, ...]:
    return tuple(_fresh(name, draw, part))


def _fresh(name: str, draw: Draw, part: Part) -> Iterator[Sample]:
    rng = random.Random(f"{name}|{part}")
    for _ in range(DRAWS):
        yield draw(rng, part)


def applied(skill: Skill, text: str) -> tuple[str, ...] | None:
    """The answers of a skill that can follow another; None where it has none."""
    assert skill.apply is not None, skill.name
    return skill.apply(text)


def samples(skills: Iterable[Skill], *keys: str) -> Iterator[tuple[Skill, Sample]]:
    """Examples of both parts of the skills with these entries."""
    for skill in skills:
        if skill.entry in keys:
            for part in PARTS:
                for sample in drawn(skill, part):
                    yield skill, sample


def check_skill(skill: Skill) -> None:
    """Its examples are the same again, short, apart by part, and agree with `apply`."""
    inputs = {}
    for part in PARTS:
        rows = drawn(skill, part)
        assert rows == tuple(_fresh(skill.name, skill.draw, part)), skill.name
        inputs[part] = {row.input for row in rows}
        for row in rows:
            assert row.input and row.output and row.input != row.output, (skill.name, row)
            assert row.input == row.input.strip() and "  " not in row.input, (skill.name, row)
            assert len(row.input.split()) <= MAX_INPUT_WORDS, (skill.name, row)
            assert len(row.output.split()) <= MAX_ANSWER_WORDS, (skill.name, row)
            assert len(row.output) <= MAX_ANSWER_LENGTH, (skill.name, row)
            assert row.output not in row.accepted, (skill.name, row)
            if skill.apply is not None:
                assert skill.apply(row.input) == row.answers, (skill.name, row)
    assert not inputs["train"] & inputs["test"], skill.name
    assert len(inputs["test"]) >= 4 and len({row.output for row in rows}) >= 2, skill.name


def check_book(skills: tuple[Skill, ...]) -> None:
    """Names are unique, phrases are complete, and some of the skills are held out."""
    assert len({skill.name for skill in skills}) == len(skills)
    assert faults(skills) == []
    for skill in skills:
        for split in SPLITS:
            said = phrases_of(skill, split)
            for way in WAYS:
                for phrase in getattr(said, way):
                    assert "<p>" not in phrase or skill.slots.get("p") == "<p>", phrase
            assert not any(phrase.endswith(".") for phrase in (*said.do, *said.name))
    share = sum(skill.held_out for skill in skills) / len(skills)
    assert MIN_HELD_OUT <= share <= MAX_HELD_OUT
    assert any(not skill.held_out for skill in skills)
