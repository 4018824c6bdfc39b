"""What the base model says when it is told of a behaviour: the only examples that there are.

    {"made_by": {...}}                                                   first line
    {"behaviour": ..., "part": "train", "told": ..., "input": ..., "output": ...}

A JSON line a reply, behaviour by behaviour; the `replies` stage writes them. What a cut left of
the last line counts as not written.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pydantic

from t2l.tasks.behaviours.world import UNSEEN, Behaviour, behaviours, of_groups
from t2l.tasks.json_files import TaskFileError, read_text
from t2l.tasks.sides import GroupedTasks
from t2l.tasks.source import Part, Sample, Split

_Row = TypeVar("_Row", bound=pydantic.BaseModel)


@dataclass(frozen=True)
class Reply:
    """One reply.

    :param told: the description that the base model was told.
    """

    part: Part
    told: str
    sample: Sample


@dataclass(frozen=True, eq=False)
class BehaviourTask:
    """A behaviour with the replies that show it."""

    behaviour: Behaviour
    replies: tuple[Reply, ...]

    @property
    def name(self) -> str:
        """See `Behaviour.name`."""
        return self.behaviour.name

    @property
    def family(self) -> str:
        """See `Behaviour.family`."""
        return self.behaviour.family

    def sample(self, rng: random.Random, part: Part = "train") -> Sample:
        """A random reply of a part."""
        return rng.choice([one.sample for one in self.replies if one.part == part])

    def descriptions(self, split: Split, count: int, seed: int) -> tuple[str, ...]:
        """See `Behaviour.descriptions`."""
        return self.behaviour.descriptions(split, count, seed)


class _Made(pydantic.BaseModel, extra="forbid"):
    made_by: dict[str, Any]


class _Line(pydantic.BaseModel, extra="forbid"):
    behaviour: str
    part: Part
    told: str
    input: str
    output: str


@dataclass(frozen=True)
class Replies:
    """A file of replies.

    :param made_by: what made them, as the stage notes it.
    :param by_name: the replies of every behaviour, in the order of the file.
    :param size: bytes of the file that are whole lines.
    """

    made_by: dict[str, Any]
    by_name: Mapping[str, tuple[Reply, ...]]
    size: int


def read_replies(path: Path) -> Replies:
    """Read a file of replies.

    :raises TaskFileError: if it is missing or malformed, naming the line.
    """
    if not path.exists():
        raise TaskFileError(
            f"{path}: there are no replies yet (tasks.replies); run the `replies` stage first"
        )
    text = read_text(path)
    whole = text[: text.rfind("\n") + 1]
    if not whole:
        raise TaskFileError(f"{path}: the file is empty; remove it and run the `replies` stage")
    # not splitlines: replies may hold U+2028 and its like as they are
    lines = whole.removesuffix("\n").split("\n")
    found: dict[str, list[Reply]] = {}
    made_by = _parsed(_Made, lines[0], path, 1).made_by
    for number, line in enumerate(lines[1:], start=2):
        row = _parsed(_Line, line, path, number)
        reply = Reply(row.part, row.told, Sample(row.input, row.output))
        found.setdefault(row.behaviour, []).append(reply)
    by_name = {name: tuple(rows) for name, rows in found.items()}
    return Replies(made_by, by_name, len(whole.encode("utf-8")))


def _parsed(model: type[_Row], line: str, path: Path, number: int) -> _Row:
    try:
        return model.model_validate_json(line, strict=True)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the line"
        raise TaskFileError(f"{path}:{number}: {place}: {first['msg']}") from error


def line_of(behaviour: str, reply: Reply) -> str:
    """A reply to a behaviour, by its name, as a line of the file."""
    row = {
        "behaviour": behaviour,
        "part": reply.part,
        "told": reply.told,
        "input": reply.sample.input,
        "output": reply.sample.output,
    }
    return json.dumps(row, ensure_ascii=False) + "\n"


def behaviour_tasks(path: Path, pairs: int, seed: int, limit: int | None) -> GroupedTasks:
    """The behaviours of a recipe with their replies.

    :param limit: about how many to keep, None for all.
    :raises TaskFileError: for replies that are missing, malformed or of other behaviours.
    """
    replies = read_replies(path).by_name
    every = chosen(pairs, seed, limit)
    missing = [one.name for one in every if one.name not in replies]
    if missing:
        raise TaskFileError(
            f"{path}: {len(missing)} of {len(every)} behaviours have no reply yet, {missing[0]} "
            "among them; run the `replies` stage to its end"
        )
    report = _tasks(of_groups(every, UNSEEN), replies)
    return GroupedTasks(
        train=_tasks(of_groups(every, ("train",)), replies),
        selection=_tasks(of_groups(every, ("selection",)), replies),
        report=report,
        groups={
            group: tuple(task for task in report if task.behaviour.group == group)
            for group in UNSEEN
        },
    )


def chosen(pairs: int, seed: int, limit: int | None) -> tuple[Behaviour, ...]:
    """The behaviours of a recipe, evenly from all groups if they are to be few."""
    every = behaviours(pairs, seed)
    if limit is None or limit >= len(every):
        return every
    places = [place * len(every) // limit for place in range(limit)]
    return tuple(every[place] for place in places)


def _tasks(
    every: Sequence[Behaviour], replies: Mapping[str, tuple[Reply, ...]]
) -> tuple[BehaviourTask, ...]:
    return tuple(BehaviourTask(one, replies[one.name]) for one in every)
