"""Repeated adapters compute what ours compute; only what they cost differs."""

from __future__ import annotations

import torch
from bench_for_tests import tiny_subject
from torch import Tensor

from t2l.base.applying import apply_adapters
from t2l.commands.bench.repetition import apply_repeated
from t2l.commands.bench.steps import floor, our_gradients, repetition_gradients
from t2l.commands.bench.subject import Subject


def gradients(subject: Subject) -> dict[str, Tensor]:
    named = subject.hypernetwork.named_parameters()
    found = {name: part.grad.clone() for name, part in named if part.grad is not None}
    subject.hypernetwork.zero_grad()
    return found


def test_outputs_equal_ours() -> None:
    subject = tiny_subject()
    model, target = subject.reader.model, subject.hypernetwork.target
    tokens = torch.randint(0, 32_000, (6, 5), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        weights = subject.hypernetwork(subject.batch.embeddings)
        bare = model(input_ids=tokens).logits
        with apply_adapters(model, target, weights, 3):
            ours = model(input_ids=tokens).logits
        with apply_repeated(model, target, weights):
            repeated = model(input_ids=tokens).logits
        after = model(input_ids=tokens).logits
    torch.testing.assert_close(repeated, ours, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(ours, bare, atol=1e-4)  # the adapters do something
    assert torch.equal(after, bare)


def test_loss_and_gradients_equal_ours() -> None:
    subject = tiny_subject()
    loss, wanted = our_gradients(subject), gradients(subject)
    again, found = repetition_gradients(subject), gradients(subject)
    assert abs(loss - again) < 1e-5
    assert found.keys() == wanted.keys() == dict(subject.hypernetwork.named_parameters()).keys()
    for name, value in wanted.items():
        scale = float(value.abs().max())
        assert scale > 0, name
        torch.testing.assert_close(found[name], value, atol=1e-5 * scale, rtol=1e-3)


def test_neither_step_leaves_gradients_in_the_base_model() -> None:
    subject = tiny_subject()
    for step in (our_gradients, repetition_gradients, floor):
        step(subject)
    assert all(part.grad is None for part in subject.reader.model.parameters())
