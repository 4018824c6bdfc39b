"""Conditions whose adapters were trained: on the task itself, on others, on all, or on the input.

What lies below `setting.store` is made by the stages that the errors name.
"""

from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from t2l.base.adapter_stack import to_device
from t2l.base.adapter_weights import AdapterWeights
from t2l.base.low_rank import mean_adapter
from t2l.evaluate.questions import Block
from t2l.evaluate.setting import Setting
from t2l.train.objectives.hyperdecoder import load_hyperdecoder, prompt_vectors
from t2l.train.objectives.multi_task import load_multi_task
from t2l.train.objectives.oracle_store import OracleLibrary, load_oracles, oracle_names

ADAPTERS_AT_ONCE = 160


def multi_task(setting: Setting, block: Block) -> list[bool]:
    """One LoRA that was trained on all training tasks."""
    weights = to_device(load_multi_task(setting.store), setting.device.name)
    return setting.ask(block, weights)


def oracle(setting: Setting, block: Block) -> list[bool]:
    """The task's own LoRA: what an adapter can do at best."""
    return _with_oracles(setting, block, [task.name for task in block.tasks])


def mean_oracle(setting: Setting, block: Block) -> list[bool]:
    """The mean of the training tasks' oracles.

    Factors of different oracles are unrelated, so their mean means nothing. The mean is that of the
    full updates B A, cut back to the rank by its singular value decomposition.
    """
    target = setting.hypernetwork.target
    names = training_oracles(setting)
    weights = mean_of_oracles(setting.store, names, target.layers, target.rank)
    return setting.ask(block, to_device(weights, setting.device.name))


@lru_cache(maxsize=1)
def mean_of_oracles(store: Path, names: tuple[str, ...], layers: int, rank: int) -> AdapterWeights:
    """The mean oracle as one adapter, [1, ...], B unscaled; one layer of all oracles at a time."""
    library = OracleLibrary.open(store, names)
    found = [mean_adapter(library.read(range(len(names)), layer), rank) for layer in range(layers)]
    return {
        name: tuple(
            torch.cat(sides, dim=1) for sides in zip(*(one[name] for one in found), strict=True)
        )
        for name in found[0]
    }


def retrieval(setting: Setting, block: Block) -> list[bool]:
    """The oracle of the training task with the description nearest to the task's description."""
    flat = [text for texts in block.descriptions for text in texts]
    vectors = setting.encoder.encode(flat)
    return _with_oracles(setting, block, nearest_tasks(setting, vectors))


def nearest_tasks(setting: Setting, vectors: Tensor) -> list[str]:
    """The training task with an oracle whose nearest description has the largest cosine.

    :param vectors: of descriptions, [n, dim].
    """
    known = set(training_oracles(setting))
    rows = [
        (task.name, own)
        for task, own in zip(setting.train.tasks, setting.train.embeddings, strict=True)
        if task.name in known
    ]
    names = [name for name, own in rows for _ in own]
    library = torch.nn.functional.normalize(torch.cat([own for _, own in rows]), dim=1)
    cosines = torch.nn.functional.normalize(vectors, dim=1) @ library.T  # [n, descriptions]
    return [names[index] for index in cosines.argmax(dim=1).tolist()]


def training_oracles(setting: Setting) -> tuple[str, ...]:
    """Training tasks that have an oracle, in the order of the training tasks.

    :raises FileNotFoundError: if there are none.
    """
    known = set(oracle_names(setting.store))
    names = tuple(task.name for task in setting.train.tasks if task.name in known)
    if not names:
        raise FileNotFoundError(
            f"{setting.store}: no training task has an oracle; run the `oracles` stage first"
        )
    return names


def _with_oracles(setting: Setting, block: Block, names: list[str]) -> list[bool]:
    """Exact match under oracles that share the block's rows evenly, in order."""
    weights = load_oracles(setting.store, names)
    return setting.ask(block, to_device(weights, setting.device.name))


@torch.no_grad()
def hyperdecoder(setting: Setting, block: Block) -> list[bool]:
    """An adapter for every question, made from the question's own input."""
    network = load_hyperdecoder(setting.store).to(setting.device.name)
    rows, answers = block.rows(), block.answers
    vectors = prompt_vectors(setting.model, rows, setting.device)
    hits: list[bool] = []
    for start in range(0, len(rows), ADAPTERS_AT_ONCE):
        some = slice(start, start + ADAPTERS_AT_ONCE)
        weights = network(vectors[some].to(setting.device.name))
        hits += setting.score(rows[some], weights, answers[some])
    return hits
