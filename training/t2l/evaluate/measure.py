"""Runs conditions over tasks, block by block; what a results file has already is not repeated."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from t2l.base.typed import on_device
from t2l.evaluate.conditions import CONDITIONS
from t2l.evaluate.identity import claim, identity_of
from t2l.evaluate.judging import rouge_l
from t2l.evaluate.questions import Block, make_block
from t2l.evaluate.results import ResultRow, append_rows, merged, read_rows
from t2l.evaluate.setting import Setting
from t2l.tasks.source import Split, Task

logger = logging.getLogger(__name__)
TASKS_A_BLOCK = 24  # shuffled descriptions come from the same block


def measure(
    setting: Setting,
    tasks: Sequence[Task],
    conditions: Sequence[str],
    results: Path,
    *,
    study: str,
    variant: str,
    train_seed: int,
    sampling_seed: int,
    split: str,
    phrasing: Split = "held_out",
) -> list[ResultRow]:
    """Measure conditions on tasks and append what is new to the results file.

    :param split: what the tasks are, for the rows.
    :return: one row a task, with at least these conditions.
    :raises ConfigError: if the file has rows of another network under the same key.
    """
    options = setting.config.evaluation
    on_device(setting.model, setting.device.name).eval()
    setting.hypernetwork.to(setting.device.name).eval()
    place = (study, variant, train_seed, sampling_seed, split)
    done = merged(read_rows(results))
    claim(
        results,
        f"{study}/{variant}/{train_seed}",
        identity_of(setting, train_seed),
        any(key[:3] == place[:3] for key in done),
    )
    blocks = range(0, len(tasks), TASKS_A_BLOCK)
    for start in tqdm(blocks, desc=f"{study} {variant} {split}", mininterval=5):
        some = tasks[start : start + TASKS_A_BLOCK]
        rows = [done.get((*place, task.name)) for task in some]
        have = [row.exact_match if row else {} for row in rows]
        wanted = [name for name in conditions if any(name not in scores for scores in have)]
        if not wanted:
            continue
        block = block_of(setting, some, sampling_seed, phrasing)
        found: list[dict[str, float]] = [{} for _ in some]
        likeness: list[dict[str, float]] = [{} for _ in some]
        for name in wanted:
            scores, shares = _asked(name, setting, block)
            for index, own in enumerate(scores):
                found[index][name] = own
            for index, own in enumerate(shares):
                likeness[index][name] = own
        append_rows(
            results,
            (
                ResultRow(*place, task.name, task.family, options.samples, scores, shares)
                for task, scores, shares in zip(some, found, likeness, strict=True)
            ),
        )
    done = merged(read_rows(results))
    return [done[(*place, task.name)] for task in tasks]


def block_of(setting: Setting, tasks: Sequence[Task], seed: int, phrasing: Split) -> Block:
    """The questions of some tasks, as many as the run asks."""
    options = setting.config.evaluation
    return make_block(
        tasks, options.samples, options.descriptions, seed, phrasing, setting.template
    )


def _asked(name: str, setting: Setting, block: Block) -> tuple[list[float], list[float]]:
    """Exact match and ROUGE-L of every task under a condition.

    The latter is empty where one pass of the base model tells what is right, so nothing is written.
    """
    shares: list[float] = []
    hearing = replace(setting, hears=lambda *said: shares.append(rouge_l(*said)))
    hits = CONDITIONS[name](hearing, block)
    samples = len(block.samples[0])
    return _of_tasks(hits, samples), _of_tasks(shares, samples)


def _of_tasks(values: Sequence[float], samples: int) -> list[float]:
    """Means of every task's questions, which are neighbours."""
    starts = range(0, len(values), samples)
    return [round(sum(values[start : start + samples]) / samples, 4) for start in starts]
