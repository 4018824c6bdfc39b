"""The phrase book of the procedural world: steps and sentence frames, from YAML."""

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml reads these files 30 times faster

_START = re.compile(r"(^|[.] )([a-z])")  # of a sentence


@cache
def read_phrases(name: str) -> dict[Any, dict[str, list[str]]]:
    """A file of phrases: step or number of steps -> split -> patterns or frames."""
    text = (files("t2l.tasks.procedural") / "phrasebook" / f"{name}.yaml").read_text(
        encoding="utf-8"
    )
    return yaml.load(text, Loader=_LOADER)


@cache
def frames(steps: int, split: str) -> tuple[str, ...]:
    """Sentence frames for a number of steps, with places `{a}`, `{b}`, `{c}` and `{x}`."""
    return tuple(read_phrases("frames")[steps][split])


def sentence(frame: str, steps: Sequence[str], subject: str) -> str:
    """One description: a frame filled with its steps and what the input is called."""
    filled = frame.format(x=subject, **dict(zip("abc", steps, strict=False)))
    return _START.sub(lambda match: match.group(1) + match.group(2).upper(), filled)
