"""Memory of a step in bfloat16 is about what its tensors take, whatever family and attention."""

from __future__ import annotations

import weakref
from typing import Any

import pytest
import torch
from families_for_tests import tiny_model
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only
from torch.utils.weak import WeakIdKeyDictionary
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_weights import AdapterWeights
from t2l.base.applying import apply_adapters
from t2l.base.layers import read_shape
from t2l.base.memory import recompute_activations
from t2l.base.target import BaseModelRecord, TargetSpec
from t2l.commands.plan_memory import LargestPart, memory_parts
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig

LAYERS = 8
SIZES = {"hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": LAYERS}
PART = LargestPart(sheets=3, length=96, answers=24)


class LiveBytes(TorchDispatchMode):
    """Counts what lives at once while it is entered, what was there before included.

    :param model: which is there before.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self._known = WeakIdKeyDictionary()
        self.now = self.peak = 0
        for parameter in model.parameters():
            self._note(parameter)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return tree_map_only(torch.Tensor, self._note, func(*args, **(kwargs or {})))

    def _note(self, tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage not in self._known:
            size = storage.nbytes()
            self._known[storage] = size
            self.now += size
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self._gone, size)
        return tensor

    def _gone(self, size: int) -> None:
        self.now -= size


def base_of(family: str, attention: str) -> tuple[PreTrainedModel, TargetSpec]:
    """A model in bfloat16 with layers of usual proportions."""
    changes = {**SIZES, "layer_types": ["full_attention"] * LAYERS}
    model = tiny_model(family, **changes).requires_grad_(False)
    model.bfloat16()
    model.set_attn_implementation(attention)
    record = BaseModelRecord("a/b", "0" * 40, family, "mit")
    modules = read_shape(model).choose(("q_proj", "v_proj"), 4)
    return model, TargetSpec(record, LAYERS, modules, rank=4, alpha=4)


def peak_bytes(model: PreTrainedModel, target: TargetSpec) -> int:
    """The most that lives at once in a step's pass forward and back, weights included."""
    weights: AdapterWeights = {
        module.name: (
            torch.randn(PART.sheets, LAYERS, target.rank, module.in_features),
            torch.randn(PART.sheets, LAYERS, module.out_features, target.rank),
        )
        for module in target.modules
    }
    tokens = torch.zeros(PART.sheets, PART.length, dtype=torch.long)
    places = torch.arange(PART.answers)
    counter = LiveBytes(model)
    with counter:
        own = {
            name: tuple(side.bfloat16().requires_grad_() for side in pair)
            for name, pair in weights.items()
        }
        with apply_adapters(model, target, own, PART.sheets):  # pyright: ignore[reportArgumentType]
            states = model.base_model(input_ids=tokens, use_cache=False).last_hidden_state
            head = model.get_output_embeddings()
            assert head is not None
            logits = head(states.flatten(0, 1)[places]).float()
            torch.nn.functional.cross_entropy(logits, places).backward()
    return counter.peak


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize(
    ("family", "attention", "scores"),
    [("llama", "sdpa", 0), ("qwen2", "sdpa", 0), ("mistral", "eager", 3), ("gemma2", "eager", 4)],
)
def test_a_step_in_bfloat16_takes_about_what_is_said(
    family: str, attention: str, scores: int, recompute: bool
) -> None:
    model, target = base_of(family, attention)
    network = Hypernetwork(HypernetworkConfig("S", 8, latent=16, head_in=16), target)
    said = memory_parts(
        model,
        network,
        [],
        target,
        PART.sheets,
        PART,
        bfloat16=True,
        recompute=recompute,
        scores=scores,
    )
    assert said["base model"] == 2 * sum(p.numel() for p in model.parameters())
    if recompute:
        recompute_activations(model)
    parts = ("base model", "adapters of a step", "activations", "logits")
    assert sum(said[part] for part in parts) == pytest.approx(peak_bytes(model, target), rel=0.2)
