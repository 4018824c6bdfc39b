"""DoRA and IA3 on a layer: what PEFT computes, and nothing at all where they start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from families_for_tests import tiny_model
from outputs_for_tests import MODULES, OTHERS, neutral_weights, random_weights, target_for
from peft import PeftModel
from peft.utils.constants import TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING
from torch import Tensor, nn

from t2l.base.adapter_weights import AdapterWeights, factors_of
from t2l.base.applying import apply_adapters, strengthened
from t2l.base.families import FEEDFORWARD, feedforward_modules
from t2l.base.outputs import output_of
from t2l.base.outputs.dora import adapted_norms
from t2l.base.peft_io import load_adapter, save_adapter
from t2l.base.target import OutputKind, TargetError, TargetSpec

FAMILIES = ("llama", "gemma2")  # qwen2, below, has biases
TASKS = 2
TOKENS = torch.arange(4 * 9).reshape(4, 9) % 50 + 10  # two rows a task


def filed(target: TargetSpec, weights: AdapterWeights, task: int) -> dict[str, tuple[Tensor, ...]]:
    """One task's adapter as files have it."""
    output = output_of(target)
    return {
        name: output.folded(tuple(side[task] for side in sides), target.scaling)
        for name, sides in weights.items()
    }


def logits(model: nn.Module, target: TargetSpec, weights: AdapterWeights) -> Tensor:
    with torch.no_grad(), apply_adapters(model, target, weights, TASKS):
        return model(TOKENS).logits


@pytest.mark.parametrize("output", OTHERS)
@pytest.mark.parametrize("family", [*FAMILIES, "qwen2"])
def test_the_files_in_real_peft_give_the_hook_s_logits(
    family: str, output: OutputKind, tmp_path: Path
) -> None:
    model = tiny_model(family)
    target = target_for(model, output)
    weights = random_weights(model, target, TASKS)
    ours = logits(model, target, weights)
    with torch.no_grad():
        plain = model(TOKENS).logits
    for task in range(TASKS):
        own = filed(target, weights, task)
        save_adapter(tmp_path / str(task), target, own)
        for name, sides in load_adapter(tmp_path / str(task), target).items():
            assert all(torch.equal(x, y) for x, y in zip(sides, own[name], strict=True))
        rows = slice(2 * task, 2 * task + 2)
        loaded = PeftModel.from_pretrained(tiny_model(family), tmp_path / str(task)).eval()
        with torch.no_grad():
            theirs = loaded(TOKENS[rows]).logits
        torch.testing.assert_close(ours[rows], theirs, atol=1e-4, rtol=1e-4)
        assert (ours[rows] - plain[rows]).abs().max() > 1e-2


@pytest.mark.parametrize("output", OTHERS)
@pytest.mark.parametrize("family", [*FAMILIES, "qwen2"])
def test_where_it_starts_an_adapter_changes_no_bit(family: str, output: OutputKind) -> None:
    model = tiny_model(family)
    target = target_for(model, output)
    with torch.no_grad():
        plain = model(TOKENS).logits
    assert torch.equal(logits(model, target, neutral_weights(model, target, TASKS)), plain)


@pytest.mark.parametrize("output", OTHERS)
def test_gradients_are_those_of_peft(output: OutputKind, tmp_path: Path) -> None:
    """Of DoRA too, whose norm gets none."""
    model = tiny_model("llama")
    target = target_for(model, output)
    weights = {
        name: tuple(side.requires_grad_() for side in sides)
        for name, sides in random_weights(model, target, 1).items()
    }
    with apply_adapters(model, target, weights, 1):
        model(TOKENS).logits.square().mean().backward()
    own = {name: tuple(side.detach() for side in sides) for name, sides in weights.items()}
    save_adapter(tmp_path, target, filed(target, own, 0))
    theirs = PeftModel.from_pretrained(tiny_model("llama"), tmp_path, is_trainable=True).eval()
    theirs(TOKENS).logits.square().mean().backward()
    found = {name: p.grad for name, p in theirs.named_parameters() if p.grad is not None}
    for module in target.modules:
        for side, values in zip(target.sides, weights[module.name], strict=True):
            ending = output_of(target).endings[side].removesuffix(".weight")
            for layer in range(target.layers):
                (name,) = [n for n in found if f".{layer}.{module.path}.{ending}." in n]
                gradient = values.grad
                assert gradient is not None
                # the files have the scale in B, so theirs is the gradient of the scaled one
                scale = target.scaling if side == "B" else 1.0
                wanted = found[name].reshape(gradient[0, layer].shape) * scale
                torch.testing.assert_close(gradient[0, layer], wanted, atol=1e-6, rtol=1e-3)
                assert wanted.abs().max() > 0


def test_norms_of_adapted_rows_are_those_of_the_sum() -> None:
    generator = torch.Generator().manual_seed(0)
    weight, a, b = (
        torch.randn(shape, generator=generator) for shape in ((5, 7), (3, 2, 7), (3, 5, 2))
    )
    weight[1] = 0
    wanted = torch.linalg.norm(weight + b @ a, dim=2)
    torch.testing.assert_close(adapted_norms(weight, a, b), wanted, atol=1e-5, rtol=1e-5)


def test_a_strength_scales_what_ia3_changes_and_a_dora_has_only_one() -> None:
    model = tiny_model("llama")
    target = target_for(model, "ia3")
    weights = random_weights(model, target, TASKS)
    half = strengthened(target, weights, 0.5)
    assert torch.equal(half["q_proj"][0], 1 + 0.5 * (weights["q_proj"][0] - 1))
    none = logits(model, target, strengthened(target, weights, 0.0))
    with torch.no_grad():
        assert torch.equal(none, model(TOKENS).logits)
    target = target_for(model, "dora")
    weights = random_weights(model, target, TASKS)
    assert strengthened(target, weights, 1.0)["q_proj"] is weights["q_proj"]
    with pytest.raises(ValueError, match="a DoRA has no strength 0.5: .* give 1"):
        strengthened(target, weights, 0.5)


def test_what_needs_a_lora_refuses_other_kinds() -> None:
    model = tiny_model("llama")
    weights = random_weights(model, target_for(model, "dora"), 1)
    with pytest.raises(ValueError, match="the mean of updates needs .* set target.output to lora"):
        factors_of(weights, "the mean of updates")


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    model = tiny_model("llama")
    target = target_for(model, "ia3")
    save_adapter(tmp_path, target, filed(target, random_weights(model, target, 1), 0))
    with pytest.raises(ValueError, match="the adapter is of kind ia3, the target's are dora"):
        load_adapter(tmp_path, target_for(model, "dora"))
    modules = tuple(replace(module, feedforward=False) for module in target.modules)
    with pytest.raises(ValueError, match="has feedforward modules down_proj, the target none"):
        load_adapter(tmp_path, replace(target, modules=modules))


def test_feedforward_modules_are_those_that_peft_takes() -> None:
    theirs = TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING
    for family, module in FEEDFORWARD.items():
        assert [name.rsplit(".", 1)[-1] for name in theirs[family]] == [module]
    target = target_for(tiny_model("gemma2"), "ia3")
    assert [m.name for m in target.modules if m.feedforward] == ["down_proj"]
    assert target.module_names == MODULES


def test_a_family_without_defaults_asks_for_the_feedforward_modules() -> None:
    with pytest.raises(TargetError, match="granite .* target.feedforward, .* for none"):
        feedforward_modules("granite", MODULES)
