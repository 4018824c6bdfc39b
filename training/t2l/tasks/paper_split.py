"""The split of Text-to-LoRA (arXiv 2506.06105, section 4): what it trains on and what it does not.

    train         479 tasks of Super-NaturalInstructions
    selection     11 more, which its checkpoints are chosen with
    report        its ten benchmarks
    contaminated  10 tasks that are made of what the benchmarks are made of: used for nothing

`texts/text_to_lora_split.json` has the names and says where they are from. A task of
Super-NaturalInstructions is known by its number, whether it is called `lol_075`, as in the
reference, or `task075_squad1.1_answer_generation`, as in the original and as Lots-of-LoRAs has it.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from t2l.tasks.json_files import TaskFileError
from t2l.tasks.sides import GroupedTasks
from t2l.tasks.source import Task

logger = logging.getLogger(__name__)

Side = Literal["train", "selection", "report", "contaminated"]
SIDES: tuple[Side, ...] = get_args(Side)
_NUMBER = re.compile(r"^(?:lol_|task)(\d+)(?:_|$)")


@cache
def paper_split() -> dict[str, Side]:
    """The side of every task, by its name in the reference."""
    text = (files("t2l.tasks") / "texts" / "text_to_lora_split.json").read_text(encoding="utf-8")
    document = json.loads(text)
    return {name: side for side in SIDES for name in document[side]}


def reference_name(name: str) -> str:
    """What the reference calls a task: `lol_075`, or a benchmark's own name."""
    number = _NUMBER.match(name)
    return name if number is None else f"lol_{int(number.group(1)):03d}"


def split_as_in_paper(tasks: Sequence[Task], group: str, limit: int | None) -> GroupedTasks:
    """Share out tasks as the paper does; those that it does not know or use are left out.

    :param group: what the tasks' names begin with; the report's tasks are called so together.
    :param limit: keep so many for training, None for all.
    :raises TaskFileError: if a side has no task, naming some that would be right.
    """
    known = paper_split()
    found: dict[Side, list[Task]] = {side: [] for side in SIDES}
    unknown: list[str] = []
    for task in tasks:
        side = known.get(reference_name(task.name.removeprefix(f"{group}/")))
        if side is None:
            unknown.append(task.name)
        else:
            found[side].append(task)
    if found["contaminated"] or unknown:
        logger.warning(
            "left out, as Text-to-LoRA's benchmarks are made of the same: %s; not in its split: %s",
            ", ".join(task.name for task in found["contaminated"]) or "none",
            ", ".join(unknown) or "none",
        )
    for side in ("train", "selection", "report"):
        if not found[side]:
            some = [name for name, one in known.items() if one == side][:3]
            raise TaskFileError(
                f"tasks.split text-to-lora: none of {len(tasks)} tasks is for {side}; put some "
                f"there, such as {', '.join(some)}, or leave tasks.split out"
            )
    report = tuple(found["report"])
    return GroupedTasks(
        train=tuple(found["train"][:limit]),
        selection=tuple(found["selection"]),
        report=report,
        groups={group: report},
    )
