"""The head's part of a step: logits at the places of answers, or at all places.

Both are taken of the base model without its layers, so that what is left is the head, the loss and
the way back to the states that enter the head: by `answer_losses` as training computes it, and by
the model's own forward pass with `completion_loss`, as transformers' trainers do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from t2l.base.typed import layers_at
from t2l.commands.bench.steps import Step, gradients_to_inputs
from t2l.commands.bench.subject import Subject
from t2l.template.rows import collate
from t2l.train.loss import answer_losses, completion_loss

ANSWERS, EVERYWHERE = "at answers", "at all places"
PADDING = 0  # any token: the rows are of one length


def heads_of(subject: Subject) -> dict[str, Step]:
    """Both ways by name."""
    reader, batch = subject.reader, subject.batch
    model, path = reader.model, subject.hypernetwork.target.layers_path
    rows = [row for part in batch.parts for row in part.rows]
    tokens, labels, _ = (values.to(reader.device.name) for values in collate(rows, PADDING))

    def at_answers() -> float:
        with without_layers(model, path), gradients_to_inputs(model):
            loss = answer_losses(reader, subject.sheets).sums.sum() / batch.answer_tokens
            loss.backward()
        return loss.item()

    def everywhere() -> float:
        with without_layers(model, path), gradients_to_inputs(model):
            with reader.device.autocast():
                logits = model(input_ids=tokens, use_cache=False).logits  # [rows, length, vocab]
            loss = completion_loss(logits, labels)
            loss.backward()
        return loss.item()

    return {ANSWERS: at_answers, EVERYWHERE: everywhere}


@contextmanager
def without_layers(model: nn.Module, path: str) -> Iterator[None]:
    """Run tokens past all layers of a model while the block runs.

    :param path: where its list of layers lies.
    """
    layers = layers_at(model, path)
    parent, _, name = path.rpartition(".")
    holder = model.get_submodule(parent)
    setattr(holder, name, nn.ModuleList())
    try:
        yield
    finally:
        setattr(holder, name, layers)
