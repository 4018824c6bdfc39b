"""Has the frozen base model say how it answers when it is told of each behaviour.

    description + question -> base model -> reply        greedy, no adapter, no labels

Behaviours are done in blocks, so that their prompts run side by side. Of a behaviour all replies
are in the file or none: who is cut goes on at the first that is not there.
"""

from __future__ import annotations

import json
import logging
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from transformers.modeling_utils import PreTrainedModel

from t2l.base.decoding import greedy
from t2l.base.device import Device
from t2l.config.errors import ConfigError
from t2l.config.tasks import BehaviourTasks
from t2l.tasks.behaviours.questions import questions
from t2l.tasks.behaviours.replies import Reply, line_of, read_replies
from t2l.tasks.behaviours.world import UNSEEN, Behaviour
from t2l.tasks.source import Part, Sample
from t2l.template.template import Template

logger = logging.getLogger(__name__)

BLOCK = 16  # behaviours
TOLD = 8  # descriptions of each that the base model is told, at most


def write_replies(
    path: Path,
    behaviours: Sequence[Behaviour],
    model: PreTrainedModel,
    template: Template,
    device: Device,
    config: BehaviourTasks,
    made_by: Mapping[str, Any],
) -> int:
    """Write the replies that are not there yet.

    :param made_by: what decides what is said besides the behaviours, as JSON values.
    :return: how many behaviours were done.
    :raises ConfigError: if the file was begun with another base model or other options.
    """
    there = _begun(path, behaviours, config, made_by)
    missing = [one for one in behaviours if one.name not in there]
    for start in range(0, len(missing), BLOCK):
        block = missing[start : start + BLOCK]
        lines = _said(block, model, template, device, config)
        with path.open("a", encoding="utf-8") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        logger.info("%d of %d behaviours", start + len(block), len(missing))
    return len(missing)


def _begun(
    path: Path,
    behaviours: Sequence[Behaviour],
    config: BehaviourTasks,
    made_by: Mapping[str, Any],
) -> set[str]:
    """The behaviours that are in the file; what a cut left of others is gone from it afterwards."""
    head = json.dumps({"made_by": made_by}, ensure_ascii=False) + "\n"
    if not path.exists() or path.stat().st_size == 0:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head, encoding="utf-8")
        return set()
    found = read_replies(path)
    if found.made_by != json.loads(json.dumps(made_by)):
        raise ConfigError(
            f"{path}: these replies are of another base model, template or other options; name "
            "another file as tasks.replies, or remove this one"
        )
    wanted = {one.name: len(list(_asked(one, config))) for one in behaviours}
    whole = {
        name: rows
        for name, rows in found.by_name.items()
        if len(rows) == wanted.get(name, len(rows))
    }
    if len(whole) < len(found.by_name) or found.size < path.stat().st_size:
        kept = [line_of(name, row) for name, rows in whole.items() for row in rows]
        partial = path.with_name(path.name + ".partial")
        partial.write_text(head + "".join(kept), encoding="utf-8")
        os.replace(partial, path)
    return set(whole)


def _said(
    block: Sequence[Behaviour],
    model: PreTrainedModel,
    template: Template,
    device: Device,
    config: BehaviourTasks,
) -> Iterator[str]:
    asked = [(one, *row) for one in block for row in _asked(one, config)]
    written = greedy(
        model,
        [template.prompt(text, told=told) for _, _, told, text in asked],
        [config.longest] * len(asked),
        template.ends,
        template.pad,
        device,
    )
    for (one, part, told, text), ids in zip(asked, written, strict=True):
        yield line_of(one.name, Reply(part, told, Sample(text, template.answer(ids))))


def _asked(behaviour: Behaviour, config: BehaviourTasks) -> Iterator[tuple[Part, str, str]]:
    """Part, description and question of every reply; only `test` ones of unseen behaviours."""
    unseen = behaviour.group in UNSEEN
    told = behaviour.descriptions("held_out" if unseen else "train", TOLD, config.seed)
    rng = random.Random(f"replies|{behaviour.name}|{config.seed}")
    counts: dict[Part, int] = {"train": 0 if unseen else config.asked, "test": config.tested}
    for part, count in counts.items():
        every = questions(part)
        for text in rng.sample(every, min(count, len(every))):
            yield part, rng.choice(told), text
