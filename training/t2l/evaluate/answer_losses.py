"""How likely right answers are: it tells short trainings apart that answer hardly anything rightly.

Exact match begins to move when a training is far on. Long before that an adapter of a task's own
description makes the right answers likelier than one of another's, and by how much is measured here
in nats a token, on the very questions of `measure`:

    plain      no adapter
    matched    of the task's own description
    shuffled   of the description that `controls.shuffled` draws
    static     the mean of the adapters of all training tasks
"""

from collections.abc import Sequence
from pathlib import Path

import torch

from t2l.base.adapter_stack import to_device
from t2l.base.adapter_weights import AdapterWeights, changed
from t2l.base.reader import Reader
from t2l.base.typed import on_device
from t2l.evaluate.conditions.controls import mean_adapter, shuffled_descriptions
from t2l.evaluate.identity import claim, identity_of
from t2l.evaluate.measure import TASKS_A_BLOCK, block_of
from t2l.evaluate.questions import Block
from t2l.evaluate.results import LossRow, append_losses, read_losses
from t2l.evaluate.setting import Setting
from t2l.tasks.source import Split, Task
from t2l.train.meta_batch import Part
from t2l.train.zero_shot import adapted_losses, parts_of, plain_losses


def measure_losses(
    setting: Setting,
    tasks: Sequence[Task],
    results: Path,
    *,
    study: str,
    variant: str,
    train_seed: int,
    sampling_seed: int,
    phrasing: Split = "held_out",
) -> None:
    """Measure the right answers of tasks and append what the results file has not yet.

    :raises ConfigError: if the file has rows of another network under the same key.
    """
    place = (study, variant, train_seed, sampling_seed)
    known = [
        row.task
        for row in read_losses(results)
        if (row.study, row.variant, row.train_seed, row.sampling_seed) == place
    ]
    claim(results, f"{study}/{variant}/{train_seed}", identity_of(setting, train_seed), bool(known))
    on_device(setting.model, setting.device.name).eval()
    setting.hypernetwork.to(setting.device.name).eval()
    for start in range(0, len(tasks), TASKS_A_BLOCK):
        some = tasks[start : start + TASKS_A_BLOCK]
        if all(task.name in known for task in some):
            continue
        tokens, losses = block_losses(setting, block_of(setting, some, sampling_seed, phrasing))
        append_losses(
            results,
            (
                LossRow(
                    *place, task.name, tokens[row], {name: losses[name][row] for name in losses}
                )
                for row, task in enumerate(some)
                if task.name not in known
            ),
        )


@torch.no_grad()
def block_losses(setting: Setting, block: Block) -> tuple[list[int], dict[str, list[float]]]:
    """How many tokens the right answers of each task have, and their loss under each condition."""
    parts, reader = _parts(block), Reader(setting.model, setting.exact_device)
    each = len(block.descriptions[0])
    places = len(block.tasks) * each
    static = to_device(mean_adapter(setting), setting.device.name)
    adapters: dict[str, AdapterWeights | None] = {
        "plain": None,
        "matched": setting.generate(_flat(block.descriptions)),
        "shuffled": setting.generate(_flat(shuffled_descriptions(setting, block))),
        "static": changed(static, lambda side: side.expand(places, *side.shape[1:])),
    }
    counts = torch.zeros(0)
    losses: dict[str, list[float]] = {}
    for name, weights in adapters.items():
        if weights is None:
            sums, counts = plain_losses(reader, parts, places)
        else:
            target = setting.hypernetwork.target
            sums, counts = adapted_losses(reader, target, weights, parts)
        by_task = sums.view(-1, each).sum(1) / counts.view(-1, each).sum(1)
        losses[name] = [round(value, 5) for value in by_task.tolist()]
    return [int(count) for count in counts.view(-1, each).sum(1).tolist()], losses


def _parts(block: Block) -> tuple[Part, ...]:
    """The block's questions, those of a description under one place."""
    rows, places = block.rows(), len(block.tasks) * len(block.descriptions[0])
    each = len(rows) // places
    return parts_of([rows[place * each : (place + 1) * each] for place in range(places)])


def _flat(descriptions: Sequence[Sequence[str]]) -> list[str]:
    return [text for row in descriptions for text in row]
