"""Networks for DoRA and IA3: they start as the base model, and one order decides their tensors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from llama_for_tests import tiny_llama
from outputs_for_tests import OTHERS, target_for
from test_hypernetwork import TINY, VARIANTS, config

from t2l.base.applying import apply_adapters
from t2l.base.outputs.dora import row_norms
from t2l.base.target import OutputKind, TargetSpec
from t2l.hypernet.config import Variant
from t2l.hypernet.hypernetwork import Hypernetwork, parameter_count


def output_target(output: OutputKind) -> TargetSpec:
    """TINY for another kind, its down_proj scaled at its inputs by IA3."""
    if output != "ia3":
        return replace(TINY, output=output)
    modules = tuple(replace(m, feedforward=m.name == "down_proj") for m in TINY.modules)
    return replace(TINY, output=output, rank=1, modules=modules)


def output_network(variant: Variant, output: OutputKind, **changes) -> Hypernetwork:
    """A network whose every weight is away from its start, and norms of a made-up base model."""
    target = output_target(output)
    made = Hypernetwork(config(variant, per_layer_bias=True, **changes), target).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.2)
    if output == "dora":
        norms = {m.name: target.shapes(m)["M"] for m in target.modules}
        made.start_from(
            {name: 0.5 + torch.rand(shape, generator=generator) for name, shape in norms.items()}
        )
    return made


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("output", OTHERS)
def test_a_network_makes_the_target_s_tensors_in_order(variant: Variant, output: OutputKind):
    made = output_network(variant, output)
    weights = made(torch.randn(5, 10))
    assert list(weights) == ["v_proj", "q_proj", "down_proj"]
    for module in made.target.modules:
        shapes = [(5, *shape) for shape in made.target.shapes(module).values()]
        assert [tuple(side.shape) for side in weights[module.name]] == shapes
    widths = [side.shape[-1] for sides in weights.values() for side in sides][-1]
    assert widths == (6 if output == "ia3" else 12)  # down_proj: 6 in, 12 out


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("output", OTHERS)
def test_every_task_has_its_own_and_a_batch_changes_nothing(variant: Variant, output: OutputKind):
    made = output_network(variant, output)
    vectors = torch.randn(3, 10)
    together = made(vectors)
    for name, sides in made(vectors[1:2]).items():
        for side, of_all in zip(sides, together[name], strict=True):
            torch.testing.assert_close(side[0], of_all[1])
            assert not torch.allclose(of_all[0], of_all[1], rtol=1e-3)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_dora_s_factors_are_those_of_a_lora_with_the_same_weights(variant: Variant):
    """Only the magnitudes are new: ranks and sides are told apart as in a LoRA's network."""
    dora = output_network(variant, "dora")
    lora = Hypernetwork(config(variant, per_layer_bias=True), TINY).eval()
    state = dict(dora.state_dict())
    if variant != "L":
        state["ab_table"] = state["ab_table"][:, :2]
    for module in TINY.modules:
        rows = lora.head(module.name).weight.shape[0]
        state[f"heads.{module.name}.weight"] = state[f"heads.{module.name}.weight"][:rows]
    kept = lora.state_dict().keys()
    lora.load_state_dict({name: value for name, value in state.items() if name in kept})
    vectors = torch.randn(2, 10)
    ours, theirs = dora(vectors), lora(vectors)
    for name, (a, b) in theirs.items():
        torch.testing.assert_close(ours[name][0], a)
        torch.testing.assert_close(ours[name][1], b)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("output", OTHERS)
def test_an_untrained_network_leaves_the_base_model_as_it_is(variant: Variant, output: OutputKind):
    model = tiny_llama()
    target = target_for(model, output)
    made = Hypernetwork(config(variant, per_layer_bias=True), target).eval()
    if output == "dora":
        made.start_from(row_norms(model, target))
    tokens = torch.arange(12).reshape(4, 3)
    with torch.no_grad(), apply_adapters(model, target, made(torch.randn(2, 10))):
        adapted = model(tokens).logits
    with torch.no_grad():
        assert torch.equal(adapted, model(tokens).logits)


@pytest.mark.parametrize("output", OTHERS)
def test_every_weight_gets_a_gradient(output: OutputKind):
    made = output_network("S", output)
    made_sides = [side for sides in made(torch.randn(2, 10)).values() for side in sides]
    torch.stack([side.square().sum() for side in made_sides]).sum().backward()
    idle = [n for n, p in made.named_parameters() if p.grad is None or not p.grad.any()]
    assert idle == []


@pytest.mark.parametrize("output", OTHERS)
def test_what_is_saved_has_the_norms_and_reads_back(output: OutputKind, tmp_path: Path):
    made = output_network("S", output)
    made.save(tmp_path)
    read, vectors = Hypernetwork.load(tmp_path), torch.randn(2, 10)
    assert read.target == made.target
    for name, sides in made(vectors).items():
        assert all(torch.equal(x, y) for x, y in zip(sides, read(vectors)[name], strict=True))


def test_a_dora_without_the_base_model_s_norms_is_refused():
    made = Hypernetwork(config("S", per_layer_bias=True), output_target("dora"))
    with pytest.raises(ValueError, match="no norms of the rows of v_proj: call start_from"):
        made.require_norms()
    assert parameter_count(config("S", per_layer_bias=True), output_target("dora")) > 0


@pytest.mark.parametrize(
    "changes",
    [
        {"per_layer_bias": False},
        {"per_layer_gain": True},
        {"bounded": True},
        {"position": "rotary"},
    ],
)
def test_shapes_that_have_no_neutral_start_are_refused(changes: dict):
    shape = config("S", **{"per_layer_bias": True, **changes})
    with pytest.raises(ValueError, match="output ia3 needs per_layer_bias"):
        Hypernetwork(shape, output_target("ia3"))
