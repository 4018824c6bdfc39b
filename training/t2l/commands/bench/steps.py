"""Three kinds of step over the same tokens: ours, the floor, and the one that repeats adapters.

    floor        the frozen base model forward, and backward to its inputs; no adapters
    ours         `batch_step` as meta-training calls it, then clipping and the optimizers
    repetition   the same with adapters applied by `apply_repeated`

Whatever trains through the frozen base model has to do about what the floor does. It goes back
through all of the first layer, of which adapters need the part behind their modules only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor, nn
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_weights import AdapterWeights, changed
from t2l.commands.bench.repetition import apply_repeated
from t2l.commands.bench.subject import SFT, Subject
from t2l.train.loss import answer_losses
from t2l.train.meta_batch import Part
from t2l.train.objectives.meta_loss import Terms, batch_step
from t2l.train.step import adapted_backward

OURS, FLOOR, REPETITION = "ours", "floor", "repetition"
Step = Callable[[], float]
"""Takes a step and gives its loss."""


def steps_of(subject: Subject) -> dict[str, Step]:
    """Every kind of step by name."""

    def ours() -> float:
        loss = our_gradients(subject)
        _update(subject)
        return loss

    def repetition() -> float:
        loss = repetition_gradients(subject)
        _update(subject)
        return loss

    return {FLOOR: lambda: floor(subject), OURS: ours, REPETITION: repetition}


def our_gradients(subject: Subject) -> float:
    """The loss; its gradients are left in the hypernetwork."""
    return batch_step(subject.reader, subject.hypernetwork, subject.batch, Terms()).matched


def repetition_gradients(subject: Subject) -> float:
    """The same loss and gradients by adapters that are repeated."""
    reader, network, batch = subject.reader, subject.hypernetwork, subject.batch
    device, total = reader.device, 0.0
    with device.autocast():
        weights = network(batch.embeddings.to(device.name))
    weights = changed(weights, Tensor.float)

    def run(part: Part, own: AdapterWeights) -> None:
        nonlocal total
        sheets = reader.sheets(part.rows, len(part.places))
        with apply_repeated(reader.model, network.target, own):
            loss = answer_losses(reader, sheets).sums.sum() / batch.answer_tokens
            loss.backward()
        total += loss.item()

    parts = [(part.places.to(device.name), part) for part in batch.parts]
    adapted_backward(weights, parts, run, reader.model.dtype)
    return total


def floor(subject: Subject) -> float:
    """The loss without adapters; its gradients go to what enters the first layer."""
    with gradients_to_inputs(subject.reader.model):
        losses = answer_losses(subject.reader, subject.sheets)
        loss = losses.sums.sum() / subject.batch.answer_tokens
        loss.backward()
    return loss.item()


@contextmanager
def gradients_to_inputs(model: PreTrainedModel) -> Iterator[None]:
    """Let the backward pass go down to the embeddings of tokens while the block runs."""

    def hook(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        return output.requires_grad_()

    handle = model.get_input_embeddings().register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def _update(subject: Subject) -> None:
    """Clip and step, as the trainer does."""
    nn.utils.clip_grad_norm_(subject.hypernetwork.parameters(), SFT.clip)
    for optimizer in subject.optimizers:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
