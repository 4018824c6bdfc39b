"""What a hypernetwork keeps of a library of per-task adapters: their updates, and their answers."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_stack import to_device
from t2l.base.device import Device
from t2l.base.lora import LoraWeights, concatenated
from t2l.base.low_rank import relative_errors
from t2l.base.scoring import exact_matches
from t2l.base.typed import on_device
from t2l.encoders.corpus import Corpus
from t2l.hypernet.hypernetwork import Hypernetwork
from t2l.tasks.samples import fresh_samples
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


def compression(
    model: PreTrainedModel,
    hypernetwork: Hypernetwork,
    corpus: Corpus,
    oracles: LoraWeights,
    samples: int,
    seed: int,
    device: Device,
    template: Template | None = None,
) -> Compression:
    """Compare generated adapters with the oracles of training tasks.

    Every task is asked for by its first training description.

    :param hypernetwork: takes the encoder's vectors as they are.
    :param corpus: the tasks with their encoded training phrasings.
    :param oracles: one adapter for every task of the corpus, in order, B unscaled.
    :param samples: fresh questions a task.
    :param template: how a question becomes tokens; t2l-mini's by default.
    """
    on_device(model, device.name).eval()
    hypernetwork.to(device.name).eval()
    vectors = torch.stack([row[0] for row in corpus.embeddings])
    generated = _generate(hypernetwork, vectors, device)
    rows = _questions(corpus, samples, seed, template or ArrowTemplate())
    scores = [
        exact_matches(model, rows, device, hypernetwork.target, to_device(weights, device.name))
        for weights in (generated, oracles)
    ]
    return Compression(
        tasks=len(corpus.tasks),
        relative_error=float(relative_errors(generated, oracles).mean()),
        exact_match=_share(scores[0]),
        oracle_exact_match=_share(scores[1]),
        weights=sum(parameter.numel() for parameter in hypernetwork.parameters()),
        oracle_weights=len(corpus.tasks) * hypernetwork.target.parameters,
    )


@torch.no_grad()
def _generate(hypernetwork: Hypernetwork, vectors: Tensor, device: Device) -> LoraWeights:
    """Generated adapters on the CPU, [T, ...]."""
    parts = [to_device(hypernetwork(some.to(device.name)), "cpu") for some in vectors.split(64)]
    return concatenated(parts)


def _questions(corpus: Corpus, samples: int, seed: int, template: Template) -> list[Row]:
    """Fresh questions of every task, tasks in order."""
    return [
        template.row(sample)
        for task in corpus.tasks
        for sample in fresh_samples(task, samples, f"compression|{seed}")
    ]


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits)
