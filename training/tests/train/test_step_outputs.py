"""Gradients of DoRA and IA3 part by part, and with layers that are computed again."""

from __future__ import annotations

from operator import itemgetter

import pytest
import torch
from families_for_tests import tiny_model
from outputs_for_tests import OTHERS, random_weights, target_for
from torch import Tensor

from t2l.base.adapter_weights import AdapterWeights, changed
from t2l.base.applying import apply_adapters
from t2l.base.memory import recompute_activations
from t2l.base.target import OutputKind
from t2l.train.step import adapted_backward

TASKS = 4
TOKENS = torch.arange(TASKS * 7).reshape(TASKS, 7) % 50 + 10  # a row a task
PARTS = (torch.tensor([2, 0]), torch.tensor([1, 3]))


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("output", OTHERS)
def test_parts_have_the_gradients_of_one_pass(output: OutputKind, recompute: bool) -> None:
    model = tiny_model("llama").requires_grad_(False)
    target = target_for(model, output)

    def run(places: Tensor, own: AdapterWeights) -> None:
        with apply_adapters(model, target, own, len(places)):
            model(TOKENS[places]).logits.square().sum().backward()

    def leaves() -> AdapterWeights:
        return changed(random_weights(model, target, TASKS), Tensor.requires_grad_)

    def gradients(weights: AdapterWeights) -> list[Tensor]:
        found = [side.grad for sides in weights.values() for side in sides]
        assert all(gradient is not None and gradient.any() for gradient in found)
        return [gradient for gradient in found if gradient is not None]

    at_once, in_parts = leaves(), leaves()
    run(torch.arange(TASKS), at_once)
    if recompute:
        recompute_activations(model)
    adapted_backward(in_parts, [(places, places) for places in PARTS], run)
    for ours, wanted in zip(gradients(in_parts), gradients(at_once), strict=True):
        torch.testing.assert_close(ours, wanted, atol=1e-5 * float(wanted.abs().max()), rtol=1e-3)


@pytest.mark.parametrize("output", OTHERS)
def test_what_scales_rows_is_not_rounded_to_the_model_s_precision(output: OutputKind) -> None:
    """Near 1, bfloat16 has steps of a hundredth: small changes would be none."""
    model = tiny_model("llama")
    weights = random_weights(model, target_for(model, output), TASKS)
    seen: list[AdapterWeights] = []
    parts = [(PARTS[0], None)]
    adapted_backward(weights, parts, lambda _, own: seen.append(own), torch.bfloat16)
    for name, sides in changed(weights, itemgetter(PARTS[0])).items():
        assert torch.equal(seen[0][name][-1], sides[-1])
        assert [side.dtype for side in seen[0][name][:-1]] == [torch.bfloat16] * (len(sides) - 1)
