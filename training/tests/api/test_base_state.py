"""An adapter leaves nothing in a tiny random Llama, also where gradients were checkpointed."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from llama_for_tests import tiny_llama
from peft import PeftModel
from torch import Tensor, nn
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from t2l import apply_lora, remove
from t2l.api.generated import Hypernet, Lora
from t2l.base.peft_io import tensor_name
from t2l.base.target import BaseModelRecord, TargetModule, TargetSpec

TARGET = TargetSpec(
    BaseModelRecord("a/b", "0" * 40, "llama", "apache-2.0"),
    layers=2,
    modules=(
        TargetModule("q_proj", "self_attn.q_proj", 16, 16),
        TargetModule("v_proj", "self_attn.v_proj", 16, 8),
    ),
    rank=2,
    alpha=2,
)
IDS = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6]])


def fresh_base() -> LlamaForCausalLM:
    """With dropout, so that its logits tell whether it is in training mode, and one frozen part."""
    model = tiny_llama(attention_dropout=0.5, pretraining_tp=2)
    model.lm_head.requires_grad_(False)
    return model


def adapter() -> Lora:
    generator = torch.Generator().manual_seed(1)

    def random(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    tensors: dict[str, Tensor] = {}
    for module in TARGET.modules:
        for layer in range(TARGET.layers):
            tensors[tensor_name(module.path, layer, "A")] = random(2, module.in_features)
            tensors[tensor_name(module.path, layer, "B")] = random(module.out_features, 2)
    return Lora(TARGET, tensors, Hypernet("x", "1.0.0", "0" * 64))


def logits(model: nn.Module) -> Tensor:
    with torch.no_grad():
        return model(input_ids=IDS).logits


def state(base: LlamaForCausalLM) -> dict[str, Any]:
    """Everything that Python keeps of a model but its weights: hooks, modes, flags and config."""
    found: dict[str, Any] = {"config": base.config.to_dict()}
    for name, module in base.named_modules():
        for key, value in vars(module).items():
            if key not in ("config", "_modules", "_parameters", "_buffers"):
                found[f"{name}:{key}"] = dict(value) if isinstance(value, dict) else value
    for name, parameter in base.named_parameters():
        found[name] = parameter.requires_grad
    return found


def checkpoint(model: PeftModel) -> None:
    model.gradient_checkpointing_enable()


def checkpoint_twice(model: PeftModel) -> None:
    checkpoint(model)
    checkpoint(model)


def train(model: PeftModel) -> None:
    """A step of training, as somebody would who goes on from a generated adapter."""
    checkpoint(model)
    model.train()
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("lora_" in name or "norm" in name)
    model(input_ids=IDS, labels=IDS).loss.backward()
    gradient = model.get_parameter(
        "base_model.model.model.layers.0.self_attn.q_proj.lora_B.default.weight"
    ).grad
    assert gradient is not None and gradient.abs().max() > 0
    model.zero_grad()


def add_another(model: PeftModel) -> None:
    checkpoint(model)
    apply_lora(model, adapter(), adapter_name="another")


@pytest.mark.parametrize("use", [logits, checkpoint, checkpoint_twice, train, add_another])
@pytest.mark.parametrize("checkpointed", [False, True])
def test_nothing_is_left_of_an_adapter(
    checkpointed: bool, use: Callable[[PeftModel], object]
) -> None:
    base = fresh_base()
    plain = logits(base)
    if checkpointed:
        base.gradient_checkpointing_enable()
    before = state(base)
    model = apply_lora(base, adapter())
    assert not torch.equal(logits(model), plain)
    use(model)
    assert state(base) != before
    assert remove(model) is base
    assert state(base) == before
    assert torch.equal(logits(base), plain)
    base.gradient_checkpointing_disable()
    base.disable_input_require_grads()
    assert not any(module._forward_hooks for module in base.modules())


def test_nothing_is_left_of_an_adapter_that_was_refused() -> None:
    base = fresh_base()
    base.gradient_checkpointing_enable()
    base.tower = nn.ModuleDict({"q_proj": nn.Linear(3, 3)})
    before = state(base)
    with pytest.raises(ValueError, match=r"tower\.q_proj"):
        apply_lora(base, adapter())
    assert state(base) == before


def test_a_hook_of_somebody_else_stays() -> None:
    base = fresh_base()
    seen: list[int] = []
    model = apply_lora(base, adapter())
    checkpoint(model)
    base.model.embed_tokens.register_forward_hook(lambda *_: seen.append(1))
    remove(model)
    assert len(base.model.embed_tokens._forward_hooks) == 1
    logits(base)
    assert seen == [1]
