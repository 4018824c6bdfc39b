"""Shapes from a config equal those of the model that transformers builds from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from peft.utils import get_peft_model_state_dict
from torch import nn
from transformers.modeling_utils import PreTrainedModel
from transformers.models.auto.configuration_auto import AutoConfig
from transformers.models.auto.modeling_auto import AutoModelForCausalLM

from t2l.base.families import FAMILIES, ModelShape, model_shape, read_config
from t2l.base.target import TargetError, TargetSpec

SOURCE = Path("config.json")
TARGETS = Path(__file__).parents[2] / "configs" / "targets"
# Grouped key/value heads, and a head_dim that is not hidden / heads (12).
SMALL = {
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "vocab_size": 32,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
# The sizes that the models' cards and papers publish, with q_proj's and v_proj's outputs.
PUBLISHED = {
    "mistral-7b": ("mistral", 4096, 14336, 32, 32, 8, 128, (4096, 1024)),
    "llama-3.1-8b": ("llama", 4096, 14336, 32, 32, 8, None, (4096, 1024)),
    "gemma-2-2b": ("gemma2", 2304, 9216, 26, 8, 4, 256, (2048, 1024)),
    "qwen2.5-0.5b": ("qwen2", 896, 4864, 24, 14, 2, "absent", (896, 128)),
    "qwen3-0.6b": ("qwen3", 1024, 3072, 28, 16, 8, 128, (2048, 1024)),
}


def small(family: str, **changes: Any) -> dict[str, Any]:
    values = {"model_type": family, **SMALL, **changes}
    return {key: value for key, value in values.items() if value != "absent"}


def built(config: dict[str, Any]) -> PreTrainedModel:
    options = {key: value for key, value in config.items() if key != "model_type"}
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(
            AutoConfig.for_model(config["model_type"], **options)
        )


def linear_layers(model: PreTrainedModel) -> dict[str, tuple[int, int]]:
    """Path inside the last transformer layer -> in and out features."""
    return {
        path: (layer.in_features, layer.out_features)
        for path, layer in model.model.layers[-1].named_modules()
        if isinstance(layer, nn.Linear)
    }


def described(shape: ModelShape) -> dict[str, tuple[int, int]]:
    return {module.path: (module.in_features, module.out_features) for module in shape.modules}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_linear_layer_has_the_shape_of_the_model(family: str):
    config = small(family)
    model, shape = built(config), model_shape(config, SOURCE)
    assert described(shape) == linear_layers(model)
    assert shape.layers == len(model.model.layers)
    assert shape.architecture == family
    assert shape.attention is not None
    assert (shape.attention.heads, shape.attention.kv_heads) == (4, 2)
    assert shape.attention.head_dim == model.model.layers[0].self_attn.head_dim


@pytest.mark.parametrize("family", ["llama", "mistral", "qwen2", "phi3"])
def test_head_dim_that_is_absent_is_a_part_of_hidden(family: str):
    config = small(family, head_dim="absent")
    assert described(model_shape(config, SOURCE)) == linear_layers(built(config))


@pytest.mark.parametrize("family", ["llama", "mistral"])
def test_head_dim_that_is_null_is_a_part_of_hidden(family: str):
    config = small(family, head_dim=None)
    assert described(model_shape(config, SOURCE)) == linear_layers(built(config))


@pytest.mark.parametrize(
    ("family", "value"),
    [("llama", "absent"), ("phi3", "absent"), *((f, None) for f in ("llama", "qwen2", "qwen3"))],
)
def test_key_value_heads_that_are_left_out_are_as_many_as_heads(family: str, value: str | None):
    config = small(family, num_key_value_heads=value)
    shape = model_shape(config, SOURCE)
    assert described(shape) == linear_layers(built(config))


@pytest.mark.parametrize("family", ["mistral", "gemma2", "qwen2", "qwen3"])
def test_key_that_transformers_would_fill_with_a_fixed_number_must_be_stated(family: str):
    # More heads than the fixed number, so that "as many as heads" would be another model.
    config = small(family, hidden_size=64, num_attention_heads=64, num_key_value_heads="absent")
    assert linear_layers(built(config))["self_attn.k_proj"][1] != 64 * 16
    with pytest.raises(TargetError, match="config.json lacks num_key_value_heads"):
        model_shape(config, SOURCE)


@pytest.mark.parametrize("family", ["gemma2", "qwen3"])
def test_head_dim_must_be_stated_where_transformers_does_not_derive_it(family: str):
    config = small(family, head_dim="absent")
    assert linear_layers(built(config))["self_attn.q_proj"][1] != 48
    with pytest.raises(TargetError, match="config.json lacks head_dim"):
        model_shape(config, SOURCE)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_models(name: str):
    family, hidden, intermediate, layers, heads, kv_heads, head_dim, outputs = PUBLISHED[name]
    sizes = {"hidden_size": hidden, "intermediate_size": intermediate, "num_hidden_layers": layers}
    attention = {"num_attention_heads": heads, "num_key_value_heads": kv_heads}
    config = small(family, **sizes, **attention, head_dim=head_dim)
    shape = model_shape(config, SOURCE)
    chosen = shape.choose(("q_proj", "v_proj"), 8)
    assert shape.layers == layers
    assert tuple(module.in_features for module in chosen) == (hidden, hidden)
    assert tuple(module.out_features for module in chosen) == outputs
    assert described(shape) == linear_layers(built({**config, "num_hidden_layers": 1}))


def test_phi_3_mini_has_fused_layers():
    config = small(
        "phi3",
        hidden_size=3072,
        intermediate_size=8192,
        num_attention_heads=32,
        num_key_value_heads=32,
        head_dim="absent",
    )
    shape = model_shape(config, SOURCE)
    assert described(shape)["self_attn.qkv_proj"] == (3072, 9216)
    assert described(shape)["mlp.gate_up_proj"] == (3072, 16384)
    assert described(shape) == linear_layers(built(config))


@pytest.mark.parametrize(
    ("file", "config"),
    [
        ("llama-3.1-8b-instruct.json", "llama-3.1-8b"),
        ("gemma-2-2b-it.json", "gemma-2-2b"),
        ("mistral-7b-instruct-v0.2.json", "mistral-7b"),
    ],
)
def test_shipped_spec_has_the_shapes_of_its_model(file: str, config: str):
    family, hidden, intermediate, layers, heads, kv_heads, head_dim, _ = PUBLISHED[config]
    shape = model_shape(
        {
            "model_type": family,
            "hidden_size": hidden,
            "intermediate_size": intermediate,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "num_key_value_heads": kv_heads,
            "head_dim": head_dim,
        },
        SOURCE,
    )
    spec = TargetSpec.load(TARGETS / file)
    assert (spec.base_model.architecture, spec.layers) == (family, layers)
    assert spec.modules == shape.choose(("q_proj", "v_proj"), 8)
    assert (spec.rank, spec.alpha, spec.use_rslora) == (8, 16, True)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_lora_of_peft_has_the_tensors_of_the_spec(family: str):
    config = small(family)
    shape = model_shape(config, SOURCE)
    modules = shape.choose([module.name for module in shape.modules], 4)
    options = {key: value for key, value in config.items() if key != "model_type"}
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **options))
    lora = LoraConfig(r=4, target_modules=[module.name for module in modules])
    weights = get_peft_model_state_dict(get_peft_model(model, lora))
    expected = {}
    for layer in range(shape.layers):
        for module in modules:
            prefix = f"base_model.model.model.layers.{layer}.{module.path}"
            expected[f"{prefix}.lora_A.weight"] = (4, module.in_features)
            expected[f"{prefix}.lora_B.weight"] = (module.out_features, 4)
    assert {name: tuple(tensor.shape) for name, tensor in weights.items()} == expected


def test_the_order_of_the_modules_is_the_order_asked_for():
    names = ("v_proj", "down_proj", "q_proj")
    chosen = model_shape(small("llama"), SOURCE).choose(names, 4)
    assert tuple(module.name for module in chosen) == names


@pytest.mark.parametrize(
    ("family", "names", "rank", "words"),
    [
        ("llama", ("query",), 4, "no module 'query'.*q_proj, k_proj, v_proj, o_proj, gate_proj"),
        ("phi3", ("q_proj",), 4, "phi3 has no module 'q_proj'.*qkv_proj, o_proj, gate_up_proj, d"),
        ("llama", ("q_proj", "v_proj", "q_proj"), 4, "q_proj is named twice.*--modules"),
        ("llama", (), 4, "no modules chosen.*--modules"),
        ("llama", ("q_proj",), 0, "at least 1, got 0.*--rank"),
        ("llama", ("q_proj", "v_proj"), 33, "smaller side of v_proj, which is 32: lower --rank"),
    ],
)
def test_a_choice_that_cannot_be_meant_is_refused(family, names, rank, words):
    with pytest.raises(TargetError, match=words):
        model_shape(small(family), SOURCE).choose(names, rank)


def test_the_largest_rank_that_fits_is_allowed():
    assert model_shape(small("llama"), SOURCE).choose(("v_proj",), 32)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model_type": "gpt2"}, "'gpt2' is unknown: known are llama, mistral, gemma2, qwen2, q"),
        ({"model_type": ["llama"]}, "model_type .* is unknown"),
        ({"model_type": "absent"}, "config.json lacks model_type: .*llama"),
        ({"hidden_size": "absent"}, "config.json lacks hidden_size"),
        ({"intermediate_size": "absent"}, "config.json lacks intermediate_size"),
        ({"num_hidden_layers": "absent"}, "config.json lacks num_hidden_layers"),
        ({"num_attention_heads": "absent"}, "config.json lacks num_attention_heads"),
        ({"hidden_size": None}, "config.json: hidden_size must be a whole number.*null"),
        ({"num_hidden_layers": 2.5}, "num_hidden_layers must be a whole number.*2.5"),
        ({"intermediate_size": True}, "intermediate_size must be a whole number.*true"),
        ({"head_dim": 0}, "head_dim must be a whole number of at least 1, got 0"),
        ({"num_key_value_heads": 3}, "num_key_value_heads 3 must divide num_attention_heads 4"),
        ({"hidden_size": 50, "head_dim": None}, "lacks head_dim.*50 is not a multiple"),
    ],
)
def test_a_config_that_cannot_be_right_is_refused_by_file_and_key(changes, words):
    with pytest.raises(TargetError, match=words):
        model_shape(small("llama", **changes), SOURCE)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"model_type": ', "config.json is not JSON"),
        (b"\xff\xfe{}", "config.json is not JSON"),
        (b"[1]", "config.json must hold a JSON object"),
        (None, "config.json does not exist"),
    ],
)
def test_a_file_that_is_no_config_is_refused_by_name(tmp_path: Path, content, words):
    path = tmp_path / "config.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TargetError, match=words):
        read_config(path)


def test_a_config_that_transformers_writes_is_read(tmp_path: Path):
    model = built(small("gemma2"))
    model.config.save_pretrained(tmp_path)
    config = read_config(tmp_path / "config.json")
    assert json.loads((tmp_path / "config.json").read_text()) == config
    assert described(model_shape(config, tmp_path / "config.json")) == linear_layers(model)
