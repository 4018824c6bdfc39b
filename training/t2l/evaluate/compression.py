"""What a hypernetwork keeps of a library of per-task adapters: their updates, and their answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_stack import to_device
from t2l.base.device import Device
from t2l.base.library import Library, blocks
from t2l.base.low_rank import relative_errors
from t2l.base.scoring import ROWS_A_BATCH, exact_matches
from t2l.base.typed import on_device
from t2l.encoders.corpus import Corpus
from t2l.hypernet.hypernetwork import Hypernetwork
from t2l.tasks.samples import fresh_samples
from t2l.tasks.source import Task
from t2l.template.arrow import ArrowTemplate
from t2l.template.rows import Row
from t2l.template.template import Template


@dataclass(frozen=True)
class Compression:
    """Means over tasks.

    :param tasks: how many.
    :param relative_error: ||dW - dW*|| / ||dW*||, over all modules and layers of an adapter.
    :param exact_match: under the hypernetwork's adapters.
    :param oracle_exact_match: under the oracles.
    :param weights: values in the hypernetwork.
    :param oracle_weights: values in the oracles together.
    """

    tasks: int
    relative_error: float
    exact_match: float
    oracle_exact_match: float
    weights: int
    oracle_weights: int


@torch.no_grad()
def compression(
    model: PreTrainedModel,
    hypernetwork: Hypernetwork,
    corpus: Corpus,
    oracles: Library,
    samples: int,
    seed: int,
    device: Device,
    template: Template | None = None,
) -> Compression:
    """Compare generated adapters with the oracles of training tasks.

    Every task is asked for by its first training description. As many adapters are there at a time
    as are run at once.

    :param hypernetwork: takes the encoder's vectors as they are.
    :param corpus: the tasks with their encoded training phrasings.
    :param oracles: one adapter for every task of the corpus, in order, B unscaled.
    :param samples: fresh questions a task.
    :param template: how a question becomes tokens; t2l-mini's by default.
    """
    on_device(model, device.name).eval()
    hypernetwork.to(device.name).eval()
    found = _Found()
    for numbers in blocks(len(corpus.tasks), max(1, ROWS_A_BATCH // samples)):
        vectors = torch.stack([corpus.embeddings[number][0] for number in numbers])
        generated = to_device(hypernetwork(vectors.to(device.name)), "cpu")
        wanted = oracles.read(numbers)
        some = [corpus.tasks[number] for number in numbers]
        rows = _questions(some, samples, seed, template or ArrowTemplate())
        found.errors += relative_errors(generated, wanted).tolist()
        for hits, weights in ((found.hits, generated), (found.oracle_hits, wanted)):
            own = to_device(weights, device.name)
            hits += exact_matches(model, rows, device, hypernetwork.target, own)
    return Compression(
        tasks=len(corpus.tasks),
        relative_error=_mean(found.errors),
        exact_match=_mean(found.hits),
        oracle_exact_match=_mean(found.oracle_hits),
        weights=sum(parameter.numel() for parameter in hypernetwork.parameters()),
        oracle_weights=len(corpus.tasks) * hypernetwork.target.parameters,
    )


@dataclass
class _Found:
    """Of the tasks so far: an error each, and whether each of their questions was answered."""

    errors: list[float] = field(default_factory=list)
    hits: list[bool] = field(default_factory=list)
    oracle_hits: list[bool] = field(default_factory=list)


def _questions(tasks: Sequence[Task], samples: int, seed: int, template: Template) -> list[Row]:
    """Fresh questions of every task, tasks in order."""
    return [
        template.row(sample)
        for task in tasks
        for sample in fresh_samples(task, samples, f"compression|{seed}")
    ]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
