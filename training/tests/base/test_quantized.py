"""A base model in 4 bits against the same one with its weights put back by bitsandbytes itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from families_for_tests import FAMILIES, save_family
from torch import Tensor, nn
from transformers.modeling_utils import PreTrainedModel

from t2l.base.applying import apply_adapters
from t2l.base.model import BaseModel
from t2l.base.quantized import quantized_bytes
from t2l.base.source import BaseSource
from t2l.base.typed import layers_at

bnb = pytest.importorskip(
    "bitsandbytes", reason="bitsandbytes is not installed here; npm run test:harness has it"
)
TOKENS = torch.tensor([[5, 9, 2, 7], [3, 3, 8, 1]])
TASKS = 2


def opened(folder: Path, quantized: bool) -> BaseModel:
    return BaseModel.open(
        BaseSource("folder", str(folder), id="a/b", quantization="nf4" if quantized else None)
    )


def restored(layer: Any) -> Tensor:
    """What a layer multiplies by, [out, in]."""
    return bnb.functional.dequantize_4bit(layer.weight.data, layer.weight.quant_state)


def pass_through(base: BaseModel) -> tuple[Tensor, list[Tensor]]:
    """Logits under two adapters, and the gradients of those."""
    target = base.target([module.name for module in base.shape.modules], 2, 2)
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> Tensor:
        values = 0.2 * torch.randn(TASKS, target.layers, *shape, generator=generator)
        return values.requires_grad_()

    weights = {
        m.name: (drawn(target.rank, m.in_features), drawn(m.out_features, target.rank))
        for m in target.modules
    }
    with apply_adapters(base.model, target, weights, TASKS):  # pyright: ignore[reportArgumentType]
        logits = base.model(TOKENS, use_cache=False).logits
        logits.log_softmax(-1)[..., 7].sum().backward()
    sides = [side for pair in weights.values() for side in pair]
    return logits.detach(), [side.grad for side in sides if side.grad is not None]


def linears(model: PreTrainedModel, path: str) -> list[nn.Linear]:
    return [part for part in layers_at(model, path).modules() if isinstance(part, nn.Linear)]


@pytest.mark.parametrize("family", FAMILIES)
def test_training_goes_through_the_weights_that_four_bits_stand_for(
    family: str, tmp_path: Path
) -> None:
    save_family(family, tmp_path / "model")
    packed, plain = (opened(tmp_path / "model", quantized) for quantized in (True, False))
    assert packed.shape == plain.shape and packed.identity() == plain.identity()
    pairs = [linears(base.model, base.layers_path) for base in (packed, plain)]
    rounded = 0.0
    with torch.no_grad():
        for ours, whole in zip(*pairs, strict=True):
            weight = restored(ours)
            rounded = max(rounded, float((weight - whole.get_parameter("weight")).abs().max()))
            whole.get_parameter("weight").copy_(weight)
    assert rounded > 1e-3  # or nothing was in 4 bits
    (ours, our_slopes), (theirs, their_slopes) = map(pass_through, (packed, plain))
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(our_slopes, their_slopes, rtol=1e-4, atol=1e-5)


def test_a_pass_without_gradients_leaves_them_to_later_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """bitsandbytes repacks layers at such a pass where the CPU multiplies bfloat16."""
    monkeypatch.setattr("bitsandbytes.nn.modules.has_avx512bf16", lambda: True)
    save_family("llama", tmp_path / "model")
    base = opened(tmp_path / "model", True)
    with torch.no_grad():
        base.model(TOKENS, use_cache=False)
    monkeypatch.undo()
    base_alone = opened(tmp_path / "model", True)
    (logits, slopes), (wanted, wanted_slopes) = map(pass_through, (base, base_alone))
    torch.testing.assert_close(logits, wanted)
    torch.testing.assert_close(slopes, wanted_slopes)
    assert all(bool(slope.any()) for slope in slopes)


def test_bytes_are_counted_as_they_will_lie_in_memory(tmp_path: Path) -> None:
    save_family("qwen2", tmp_path / "model")
    packed, plain = (opened(tmp_path / "model", quantized) for quantized in (True, False))
    there = sum(p.numel() * p.element_size() for p in packed.model.parameters())
    layers: list[Any] = [m for m in packed.model.modules() if isinstance(m, bnb.nn.Linear4bit)]
    for layer in layers:
        state = layer.weight.quant_state
        there += state.absmax.numel() * state.absmax.element_size()
        there += state.state2.absmax.numel() * state.state2.absmax.element_size()
    assert quantized_bytes(plain.model) == there
