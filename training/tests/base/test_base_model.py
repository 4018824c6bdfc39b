"""Base models opened by configuration alone: what is opened, and what is refused in a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest
import torch
from families_for_tests import FAMILIES, VOCABULARY, save_family, tiny_model, tiny_tokenizer
from mini_bundle_for_tests import BUNDLE, ROOT
from safetensors.torch import load_file, save_file
from transformers.models.auto.configuration_auto import AutoConfig
from transformers.models.auto.modeling_auto import AutoModelForCausalLM
from transformers.models.t5.configuration_t5 import T5Config

from t2l.base.families import model_shape
from t2l.base.files import base_model_revision, load_base_model
from t2l.base.layers import read_shape
from t2l.base.model import BaseModel
from t2l.base.source import BaseModelError, BaseSource, Kind
from t2l.base.target import TargetError, TargetSpec
from t2l.config.errors import ConfigError
from t2l.template.chat import ChatTemplate

MINI = ROOT / "src" / "assets" / "base-models" / "t2l-mini-base"
ID = "somebody/tiny"


def opened(folder: Path, **changes) -> BaseModel:
    return BaseModel.open(
        BaseSource(**{"kind": "folder", "where": str(folder), "id": ID, **changes})
    )


def rewrite(path: Path, **changes) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_opened_from_its_folder(family: str, tmp_path: Path):
    base = opened(save_family(family, tmp_path))
    wanted = tiny_model(family)
    ids = torch.tensor([ChatTemplate(base.tokenizer).prompt("日本 🙂 and more, with 12 words")])
    with torch.no_grad():
        # attention that caps its logits is computed as the model's own definition has it
        wanted.set_attn_implementation("eager")
        torch.testing.assert_close(base.model(ids).logits, wanted(ids).logits, atol=1e-4, rtol=1e-4)
    assert not base.model.training and not any(p.requires_grad for p in base.model.parameters())
    assert (base.record.architecture, base.record.license) == (family, "apache-2.0")
    assert base.record.revision == base_model_revision(tmp_path)
    assert base.shape == read_shape(base.model)
    spec = base.target(("v_proj", "q_proj", "down_proj"), 4, 8, use_rslora=True)
    assert (spec.module_names, spec.layers) == (("v_proj", "q_proj", "down_proj"), 2)
    assert TargetSpec.from_json(spec.to_json()) == spec


def test_t2l_minis_own_model_is_what_it_was():
    base = BaseModel.open(BaseSource("mini", str(MINI)))
    shipped = json.loads((BUNDLE / "manifest.json").read_text())["target"]
    assert base.target(("q_proj", "v_proj"), shipped["rank"], 8).to_manifest() == shipped
    ours, theirs = base.model.state_dict(), load_base_model(MINI).state_dict()
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_configuration_decides_precision_and_attention(tmp_path: Path):
    folder = save_family("llama", tmp_path)
    base = opened(folder, dtype="bfloat16", attention="eager")
    assert base.model.dtype == torch.bfloat16
    assert base.model.config._attn_implementation == "eager"


def test_attention_that_caps_its_logits_is_not_left_to_a_kernel_that_cannot(tmp_path: Path):
    folder = save_family("gemma2", tmp_path)
    assert opened(folder).model.config._attn_implementation == "eager"
    with pytest.raises(BaseModelError, match="set base.attention to eager"):
        opened(folder, attention="sdpa")


def test_a_model_in_several_files_is_one_model(tmp_path: Path):
    whole = opened(save_family("qwen3", tmp_path / "one"))
    tiny_model("qwen3").save_pretrained(tmp_path / "many", max_shard_size="20KB")
    tiny_tokenizer("qwen3").save_pretrained(tmp_path / "many")
    assert len(list((tmp_path / "many").glob("*.safetensors"))) > 1
    parts = opened(tmp_path / "many", license="mit")
    ours, theirs = parts.model.state_dict(), whole.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert parts.record.license == "mit"


def test_other_weights_or_another_tokenizer_are_another_identity(tmp_path: Path):
    folder = save_family("llama", tmp_path)
    before = opened(folder).identity()
    assert opened(folder).identity() == before
    values = load_file(folder / "model.safetensors")
    values["model.norm.weight"][0] += 1
    save_file(values, folder / "model.safetensors", metadata={"format": "pt"})
    weights = opened(folder).identity()
    assert {key for key in before if weights[key] != before[key]} == {"revision", "weights"}
    given = opened(folder, revision="1" * 40).identity()
    assert given["revision"] == "1" * 40 and given["weights"] == weights["weights"]
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["model"]["merges"].pop()
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    tokens = opened(folder).identity()
    assert {key for key in weights if tokens[key] != weights[key]} == {"tokenizer"}


@pytest.mark.parametrize(
    ("model_type", "sizes", "path", "names"),
    [
        ("gpt_neox", {}, "gpt_neox.layers", "query_key_value dense dense_h_to_4h dense_4h_to_h"),
        ("starcoder2", {}, "model.layers", "q_proj k_proj v_proj o_proj c_fc c_proj"),
        ("olmoe", {"num_experts": 2}, "model.layers", "q_proj k_proj v_proj o_proj"),
    ],
)
def test_an_unknown_family_is_read_off_the_model(
    model_type: str, sizes: dict, path: str, names: str, tmp_path: Path
):
    config = AutoConfig.for_model(
        model_type,
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        **sizes,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    tiny_tokenizer("qwen2").save_pretrained(tmp_path)
    base = opened(tmp_path, license="mit")
    assert [module.name for module in base.shape.modules] == names.split()
    assert (base.layers_path, base.shape.layers) == (path, 3)
    spec = base.target(names.split()[:2], 4, 4)
    assert TargetSpec.from_json(spec.to_json()).layers_path == path
    assert base.record.architecture == model_type


def test_gemma_3_with_eyes_is_adapted_in_its_text_model(tmp_path: Path):
    text = tiny_model("gemma3_text").config.to_dict()
    vision = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 8,
        "patch_size": 4,
    }
    config = AutoConfig.for_model(
        "gemma3", text_config=text, vision_config=vision, mm_tokens_per_image=4
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    tiny_tokenizer("gemma3_text").save_pretrained(tmp_path)
    base = opened(tmp_path, license="gemma")
    assert base.layers_path == "model.language_model.layers"
    assert base.shape.modules == model_shape(text, tmp_path / "config.json").modules


@pytest.mark.parametrize("names", [("query",), ("q_proj", "query")])
def test_a_module_that_the_model_lacks_is_named_with_the_key(names, tmp_path: Path):
    base = opened(save_family("llama", tmp_path))
    with pytest.raises(TargetError, match="no module 'query': choose with target.modules from q_p"):
        base.target(names, 4, 4)
    with pytest.raises(ConfigError, match="v_proj, which is 16: lower target.rank"):
        base.target(("v_proj",), 17, 4)


def test_what_is_not_known_is_asked_for_by_its_key(tmp_path: Path):
    folder = save_family("llama", tmp_path)
    with pytest.raises(BaseModelError, match="the id of .* is not known.* give base.id"):
        opened(folder, id=None)
    (folder / "README.md").unlink()
    with pytest.raises(BaseModelError, match="the license of .* is not known.* give base.license"):
        opened(folder)


def break_vocabulary(folder: Path) -> None:
    tiny_model("llama", vocab_size=300).save_pretrained(folder)


def break_type(folder: Path) -> None:
    T5Config().save_pretrained(folder)


def break_causality(folder: Path) -> None:
    AutoConfig.for_model("vit").save_pretrained(folder)


def break_quantisation(folder: Path) -> None:
    rewrite(folder / "config.json", quantization_config={"quant_method": "gptq", "bits": 4})


def break_pickles(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def break_weights(folder: Path) -> None:
    values = load_file(folder / "model.safetensors")
    del values["model.layers.1.self_attn.q_proj.weight"]
    save_file(values, folder / "model.safetensors", metadata={"format": "pt"})


def break_shapes(folder: Path) -> None:
    rewrite(folder / "config.json", intermediate_size=50)


def break_tokenizer(folder: Path) -> None:
    for path in folder.glob("tokenizer*"):
        path.unlink()


def break_linears(folder: Path) -> None:
    config = AutoConfig.for_model(
        "gpt2", vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=64
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)


def break_config(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "nonesuch"}')


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (break_vocabulary, "tokenizer has 420 tokens, its model embeddings for 300"),
        (break_type, "is a t5 model, which encodes and decodes"),
        (break_causality, "is a vit model, for which transformers has no causal language model"),
        (break_quantisation, "weights quantised by gptq, which training cannot go through"),
        (break_pickles, "has no .*safetensors file.*pickled weights are not read"),
        (break_weights, "lacks 1 of its weights, such as model.layers.1.self_attn.q_proj.weight"),
        (break_shapes, "cannot be opened: .*mismatch"),
        (break_tokenizer, "no tokenizer that transformers can open|tokenizer without tokens"),
        (break_linears, "gpt2 model has no list of 2 layers with linear layers in it"),
        (break_config, "transformers cannot read it .*nonesuch"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_in_a_sentence(broken, words, tmp_path: Path):
    folder = save_family("llama", tmp_path)
    broken(folder)
    with pytest.raises(ConfigError, match=words) as refusal:
        opened(folder)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (BaseSource("folder", "nowhere"), "base.where nowhere is no folder"),
        (BaseSource("hub", "not a repository"), "did not come from the hub.*kind folder"),
        (BaseSource("gguf", "nowhere.gguf"), "base.where nowhere.gguf cannot be read: No such"),
        (BaseSource("gguf", "pip:numpy==2.0"), "pip:numpy==2.0 is not known here"),
        (
            BaseSource(cast(Kind, "other"), "x"),
            "base.kind 'other' is none of mini, folder, hub, gguf",
        ),
    ],
)
def test_a_place_without_a_model_is_refused_in_a_sentence(source: BaseSource, words: str):
    with pytest.raises(BaseModelError, match=words):
        BaseModel.open(source)


def test_t2l_minis_model_that_is_not_trained_yet_names_its_stage(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="run the `base` stage first"):
        BaseModel.open(BaseSource("mini", str(tmp_path)))
