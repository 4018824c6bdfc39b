"""The operations of a step are those that torch counts, on a model of tensors that hold nothing."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from families_for_tests import tiny_model
from torch.utils.flop_counter import FlopCounterMode
from transformers.modeling_utils import PreTrainedModel

from t2l.base.applying import apply_adapters
from t2l.base.layers import read_shape
from t2l.base.memory import recompute_activations
from t2l.base.target import BaseModelRecord, TargetSpec
from t2l.base.typed import on_device
from t2l.commands.plan_flops import (
    base_flops,
    network_flops,
    runs_last_again,
    told_flops,
    transformer_of,
)
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig

LAYERS, ROWS, LENGTH, ANSWERS = 24, 4, 16, 5
SIZES = {"hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": LAYERS}


def meta_model(family: str) -> PreTrainedModel:
    """A model of many layers whose tensors hold nothing, with attention written out."""
    model = tiny_model(family, **SIZES, layer_types=["full_attention"] * LAYERS)
    model.set_attn_implementation("eager")
    return on_device(model, "meta").requires_grad_(False)


def inputs() -> dict[str, Any]:
    """Rows of tokens with a mask and positions of their own, as `Reader` gives them."""
    tokens = torch.zeros(ROWS, LENGTH, dtype=torch.long, device="meta")
    mask = torch.zeros(ROWS, 1, LENGTH, LENGTH, device="meta")
    return {"input_ids": tokens, "position_ids": tokens, "attention_mask": mask, "use_cache": False}


def target_of(model: PreTrainedModel) -> TargetSpec:
    record = BaseModelRecord("a/b", "0" * 40, model.config.model_type, "mit")
    modules = read_shape(model).choose(("q_proj", "v_proj"), 4)
    return TargetSpec(record, LAYERS, modules, rank=4, alpha=4)


def counted(model: PreTrainedModel, target: TargetSpec, recompute: bool) -> int:
    """What torch counts of a step's pass forward and back through a model, under adapters."""
    if recompute:
        recompute_activations(model)
    weights = {}
    for module in target.modules:
        a = torch.empty(ROWS, LAYERS, target.rank, module.in_features, device="meta")
        b = torch.empty(ROWS, LAYERS, module.out_features, target.rank, device="meta")
        weights[module.name] = (a.requires_grad_(), b.requires_grad_())
    places = torch.zeros(ANSWERS, dtype=torch.long, device="meta")
    with FlopCounterMode(display=False) as counter, apply_adapters(model, target, weights, ROWS):
        states = model.base_model(**inputs()).last_hidden_state
        head = model.get_output_embeddings()
        assert head is not None
        head(states.flatten(0, 1)[places]).sum().backward()
    return counter.get_total_flops()


@pytest.mark.parametrize(
    ("recompute", "less"),
    [(True, 1e-5), (False, 0.02)],  # what rotary angles add; what the first layer saves
)
@pytest.mark.parametrize("family", ["llama", "mistral", "gemma2", "qwen2"])
def test_a_step_costs_what_torch_counts(family: str, recompute: bool, less: float) -> None:
    model = meta_model(family)
    target = target_of(model)
    real = counted(model, target, recompute)
    ours = base_flops(
        transformer_of(model.config),
        target,
        ROWS * LENGTH,
        LENGTH,
        ANSWERS,
        recompute=recompute,
        last_again=runs_last_again(model, target.layers_path),
    )
    assert ours == pytest.approx(real, rel=less)
    assert recompute or real < ours


def test_reading_costs_what_torch_counts() -> None:
    model = meta_model("llama")
    with FlopCounterMode(display=False) as counter:
        model.base_model(**inputs())
    ours = told_flops(transformer_of(model.config), ROWS * LENGTH, LENGTH)
    assert ours == pytest.approx(counter.get_total_flops(), rel=1e-5)


def test_a_hypernetwork_that_learns_costs_about_three_times_its_pass() -> None:
    target = target_of(meta_model("llama"))
    config = HypernetworkConfig("L", 32, latent=64, head_in=128)
    with torch.device("meta"):
        network = Hypernetwork(config, target)
    with FlopCounterMode(display=False) as counter:
        made = network(torch.empty(3, 32, device="meta"))
        torch.stack([side.sum() for pair in made.values() for side in pair]).sum().backward()
    assert network_flops(config, target, 3) == pytest.approx(counter.get_total_flops(), rel=0.05)
