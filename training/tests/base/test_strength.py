"""One strength everywhere: the factor on B @ A is the number the network was trained with.

Measured, not read: each path adds an update to a layer's output, and the factor is the one that
brings B @ A of the LoRA that the reference generated closest to that update.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from reference_checkpoints import FIXTURES, TINY_LLAMA, case, expected, write_checkpoint
from safetensors.torch import load_file
from torch import Tensor
from transformers.models.auto.modeling_auto import AutoModelForCausalLM

from t2l.base.applying import apply_adapters
from t2l.base.peft_io import save_adapter
from t2l.export.bundle.data import folded_adapter
from t2l.export.onnx.hypernet import build_hypernet_graph, hypernet_runner
from t2l.sakana.checkpoint import read_checkpoint
from t2l.sakana.convert import convert

CASES = {"sft-L": "sft-L-hash3", "sft-S-learned": "sft-S-learned-hash3"}
LAYER = "base_model.model.model.layers.0.self_attn.q_proj"
TOLERANCE = 1e-6
LOGITS = 1e-3  # the small random base magnifies rounding; the adapters move its logits by 4 to 5


def strength(update: Tensor, x: Tensor, lora: dict[str, Tensor]) -> float:
    """The factor s that brings s * x A^T B^T closest to an update; all float64."""
    a, b = (lora[f"{LAYER}.lora_{side}.weight"].double() for side in "AB")
    plain = x.double() @ a.T @ b.T
    return float((update.double() * plain).sum() / plain.square().sum())


@pytest.fixture(params=list(CASES))
def checked(request, tmp_path: Path):
    """A case's name, network, first embedding, the reference's LoRA, and what its hook did."""
    name = CASES[request.param]
    network = convert(read_checkpoint(write_checkpoint(name, tmp_path / "checkpoint")), TINY_LLAMA)
    hook = load_file(FIXTURES / "strength.safetensors")
    embedding = case(name)[1]["input"][0]
    return request.param, network, embedding, expected(name, 0), hook


def base_model():
    path = FIXTURES / "base_model"
    return AutoModelForCausalLM.from_pretrained(path, attn_implementation="eager").double().eval()


def test_the_same_number_in_every_path(checked, tmp_path: Path):
    name, network, embedding, lora, hook = checked
    x = hook[f"hook/{name}/0/input"]
    found = {"hook": strength(hook[f"hook/{name}/0/update"], x, lora)}

    linear = base_model().model.layers[0].self_attn.q_proj
    with torch.no_grad():
        exact = copy.deepcopy(network).double()
        weights = exact(embedding[None].double())
        model = base_model()
        target = network.target
        inner = model.model.layers[0].self_attn.q_proj
        with apply_adapters(model, target, weights):
            found["trainer"] = strength(inner(x[:1]) - linear(x[:1]), x[:1], lora)

        save_adapter(tmp_path / "adapter", target, folded_adapter(exact, embedding))
        adapted = PeftModel.from_pretrained(base_model(), tmp_path / "adapter").double()
        layer = adapted.get_submodule(LAYER)
        found["peft"] = strength(layer(x) - linear(x), x, lora)

    a, b = hypernet_runner(build_hypernet_graph(network, "float32"))(embedding)["q_proj"]
    found["ort"] = strength(x @ a[0].double().T @ b[0].double().T, x, lora)

    scaling = json.loads((FIXTURES / "strength.json").read_text())["cases"][name]["scaling"]
    for path, value in found.items():
        assert value == pytest.approx(scaling, rel=TOLERANCE), path
    assert target.scaling == pytest.approx(scaling, rel=1e-12)


def test_a_saved_adapter_gives_the_logits_of_the_hook(checked, tmp_path: Path):
    name, network, embedding, _, hook = checked
    save_adapter(tmp_path, network.target, folded_adapter(network.double(), embedding))
    model = PeftModel.from_pretrained(base_model(), tmp_path).double().eval()
    with torch.no_grad():
        logits = model(hook["input_ids"]).logits
        with model.disable_adapter():
            plain = model(hook["input_ids"]).logits
    assert (plain - hook["logits/base"]).abs().max() < LOGITS
    assert (logits - hook[f"logits/{name}/0"]).abs().max() < LOGITS
    assert (logits - plain).abs().max() > 1
