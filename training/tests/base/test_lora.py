"""Our per-task LoRA against PEFT on a tiny Llama."""

from __future__ import annotations

from typing import cast

import pytest
import torch
from llama_for_tests import tiny_llama
from peft import LoraConfig, get_peft_model
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from t2l.base.adapter_weights import changed
from t2l.base.applying import apply_adapters
from t2l.base.target import BaseModelRecord, TargetModule, TargetSpec
from t2l.base.typed import layers_at

TARGET = TargetSpec(
    BaseModelRecord("a/b", "0" * 40, "llama", "apache-2.0"),
    layers=2,
    modules=(
        TargetModule("v_proj", "self_attn.v_proj", 16, 8),
        TargetModule("q_proj", "self_attn.q_proj", 16, 16),
        TargetModule("down_proj", "mlp.down_proj", 24, 16),
    ),
    rank=4,
    alpha=6,
    use_rslora=True,
)


def random_weights(tasks: int):
    generator = torch.Generator().manual_seed(2)
    return {
        m.name: (
            torch.randn(tasks, 2, 4, m.in_features, generator=generator) * 0.3,
            torch.randn(tasks, 2, m.out_features, 4, generator=generator) * 0.3,
        )
        for m in TARGET.modules
    }


def with_peft(weights, task: int, base: LlamaForCausalLM | None = None):
    """The same model with one task's LoRA loaded into PEFT, flag and alpha as in training."""
    config = LoraConfig(
        r=TARGET.rank,
        lora_alpha=cast(int, TARGET.alpha),  # any number will do
        use_rslora=TARGET.use_rslora,
        target_modules=list(TARGET.module_names),
    )
    model = get_peft_model(base or tiny_llama(), config).eval()
    for index, layer in enumerate(layers_at(model, "base_model.model.model.layers")):
        for module in TARGET.modules:
            linear = layer.get_submodule(module.path)
            a, b = weights[module.name]
            linear.get_parameter("lora_A.default.weight").data.copy_(a[task, index])
            linear.get_parameter("lora_B.default.weight").data.copy_(b[task, index])
    return model


def test_equals_peft_for_every_task():
    model, weights = tiny_llama(), random_weights(3)
    ids = torch.randint(0, 20, (6, 7), generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        plain = model(ids).logits
        with apply_adapters(model, TARGET, weights, groups=3):
            ours = model(ids).logits
        for task in range(3):
            rows = slice(2 * task, 2 * task + 2)
            theirs = with_peft(weights, task)(ids[rows]).logits
            torch.testing.assert_close(ours[rows], theirs, atol=1e-5, rtol=1e-5)
            assert (ours[rows] - plain[rows]).abs().max() > 1e-2
        assert torch.equal(model(ids).logits, plain)


def test_gradients_reach_the_weights_and_only_them():
    model = tiny_llama().requires_grad_(False)
    weights = changed(random_weights(2), lambda side: side.requires_grad_())
    with apply_adapters(model, TARGET, weights):
        model(torch.randint(0, 20, (4, 5))).logits.square().sum().backward()
    for a, b in weights.values():
        assert a.grad is not None and b.grad is not None
        assert a.grad.abs().sum() > 0 and b.grad.abs().sum() > 0
    assert all(p.grad is None for p in model.parameters())


def test_hooks_are_gone_after_an_exception():
    model = tiny_llama()
    with pytest.raises(RuntimeError, match="stop"):
        with apply_adapters(model, TARGET, random_weights(1)):
            raise RuntimeError("stop")
    assert not any(module._forward_hooks for module in model.modules())


def test_misfits_are_refused_and_leave_nothing_behind():
    model, weights = tiny_llama(), random_weights(2)
    with pytest.raises(ValueError, match="lack the target module q_proj"):
        with apply_adapters(model, TARGET, {"v_proj": weights["v_proj"]}):
            pass
    with pytest.raises(ValueError, match="v_proj: A must be"):
        with apply_adapters(model, TARGET, weights, groups=3):
            pass
    with pytest.raises(ValueError, match="equal groups"):
        with apply_adapters(model, TARGET, weights):
            model(torch.zeros(3, 4, dtype=torch.long))
    assert not any(module._forward_hooks for module in model.modules())
