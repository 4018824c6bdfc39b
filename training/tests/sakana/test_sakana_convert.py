"""An imported checkpoint gives the LoRA that the reference gives, whatever its options."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from reference_checkpoints import (
    IMPORTABLE,
    MISTRAL_SIZES,
    TINY_LLAMA,
    case,
    expected,
    mistral_facts,
    mistral_input,
    write_checkpoint,
    write_mistral_checkpoint,
)

from t2l.base.peft_io import tensor_name
from t2l.base.target import Attention
from t2l.sakana.checkpoint import read_checkpoint
from t2l.sakana.convert import convert
from t2l.sakana.known_targets import known_target

TOLERANCE = 1e-5  # of a tensor's largest value


def worst_error(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> float:
    assert sorted(found) == sorted(wanted)
    return max(
        float((found[name] - right).abs().max() / right.abs().max().clamp(min=1e-30))
        for name, right in wanted.items()
    )


@pytest.mark.parametrize("name", IMPORTABLE)
def test_gives_the_lora_of_the_reference(name: str, tmp_path: Path):
    checkpoint = read_checkpoint(write_checkpoint(name, tmp_path / name))
    network = convert(checkpoint, TINY_LLAMA)
    facts, tensors = case(name)
    assert network.target.module_names == tuple(facts["module_order"])
    assert network.target.scaling == pytest.approx(facts["scaling"], rel=1e-12)
    for number, embedding in enumerate(tensors["input"]):
        with torch.no_grad():
            lora = network(embedding[None])
        found = {}
        for module in network.target.modules:
            for side, values in zip("AB", lora[module.name], strict=True):
                for layer in range(TINY_LLAMA.layers):
                    found[tensor_name(module.path, layer, side)] = values[0, layer]
        assert worst_error(found, expected(name, number)) < TOLERANCE


@pytest.mark.parametrize("name", MISTRAL_SIZES)
def test_gives_the_lora_of_the_reference_at_mistral_sizes(name: str, tmp_path: Path):
    checkpoint = read_checkpoint(write_mistral_checkpoint(name, tmp_path))
    network = convert(checkpoint, known_target(checkpoint))
    facts, samples = mistral_facts(name)
    for number, embedding in enumerate(mistral_input()):
        with torch.no_grad():
            lora = network(embedding[None])
        for module in network.target.module_names:
            for side, values in zip("AB", lora[module], strict=True):
                found = values.flatten()[:: facts["sample_stride"]]
                right = samples[f"sample/{number}/{module}.{side}"]
                assert (found - right).abs().max() / right.abs().max() < TOLERANCE
                sums = values[0].double().flatten(1).sum(dim=1)
                wanted = samples[f"sum/{number}/{module}.{side}"]
                size = samples[f"abs_sum/{number}/{module}.{side}"]
                assert ((sums - wanted).abs() / size).max() < TOLERANCE


def test_the_heads_of_the_base_model_come_from_the_spec(tmp_path: Path):
    checkpoint = read_checkpoint(write_checkpoint("sft-L-hash0", tmp_path))
    heads = Attention(heads=4, kv_heads=2, head_dim=6)
    network = convert(checkpoint, replace(TINY_LLAMA, attention=heads))
    assert network.target.attention == heads


def test_order_comes_from_the_checkpoint_whatever_the_hash_seed(tmp_path: Path):
    """Two checkpoints whose training processes had numbered the modules differently."""
    orders = set()
    for name in ("sft-L-hash0", "sft-L-hash3"):
        checkpoint = read_checkpoint(write_checkpoint(name, tmp_path / name))
        orders.add(convert(checkpoint, TINY_LLAMA).target.module_names)
    assert orders == {("q_proj", "v_proj"), ("v_proj", "q_proj")}


def test_a_z_score_that_products_never_used_is_read_as_trained(tmp_path: Path):
    """The reference trains so by its README, and then cannot generate."""
    plain = write_checkpoint("recon-product-L-hash3", tmp_path / "plain")
    flagged = write_checkpoint("recon-product-L-hash3", tmp_path / "flagged")
    args = yaml.safe_load((flagged / "args.yaml").read_text())
    (flagged / "args.yaml").write_text(yaml.dump(args | {"pred_z_score": True}))
    state = torch.load(flagged / "hypermod.pt", weights_only=True)
    kept = {key: value for key, value in state.items() if not key.endswith("_proj.bias")}
    torch.save(kept, flagged / "hypermod.pt")
    wanted = convert(read_checkpoint(plain), TINY_LLAMA)
    found = convert(read_checkpoint(flagged), TINY_LLAMA)
    with torch.no_grad():
        for name in wanted.heads:
            wanted.head(name).bias.zero_()
        embedding = torch.randn(1, 16, generator=torch.Generator().manual_seed(0))
        ours, theirs = found(embedding), wanted(embedding)
    for name, pair in theirs.items():
        for value, right in zip(ours[name], pair, strict=True):
            assert torch.equal(value, right)


def test_encoder_argument_that_was_never_handed_on_is_not_believed(tmp_path: Path):
    name = "encoder-vq-ignored-L-hash3"
    checkpoint = read_checkpoint(write_checkpoint(name, tmp_path))
    assert case(name)[0]["args"]["encoder_type"] == "vq"
    assert convert(checkpoint, TINY_LLAMA).config.task_encoder == "linear"
