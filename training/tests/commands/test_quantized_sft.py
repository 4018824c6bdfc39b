"""Meta-training through a base model in 4 bits, and what is said where it cannot be."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
import yaml
from command_for_tests import Command
from families_for_tests import save_family
from plan_for_tests import CONFIGS, changed_recipe, language_config, planned
from recipe_for_tests import recipe

from t2l.commands.train_stages import sft
from t2l.config.recipe import Config, ConfigError
from t2l.evaluate.opening import open_base
from t2l.evaluate.run import load_hypernetwork

SFT = {"tasks": 4, "examples": 2, "steps": 3, "warmup": 1}
QUANTIZED = {"sft": {**SFT, "base_quantization": "nf4"}}


needs_bitsandbytes = pytest.mark.skipif(
    find_spec("bitsandbytes") is None,
    reason="bitsandbytes is not installed here; npm run test:harness has it",
)


@needs_bitsandbytes
def test_only_the_training_reads_the_base_model_in_four_bits(
    tmp_path: Path, published_encoder: Path
) -> None:
    save_family("mistral", tmp_path / "model")
    config = recipe(tmp_path, published_encoder, count=20, **QUANTIZED)
    sft(config)
    trained = load_hypernetwork(config)
    weights = open_base(config).model.state_dict()
    assert {str(values.dtype) for values in weights.values()} == {"torch.float32"}
    with pytest.raises(ConfigError, match="begun with sft.base_quantization 'nf4', now None"):
        sft(whole(config))
    other = replace(whole(config), runs=str(tmp_path / "other"))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "minilm").symlink_to(config.run_dir / "minilm")
    sft(other)
    ours, theirs = trained.state_dict(), load_hypernetwork(other).state_dict()
    assert any(not ours[name].equal(theirs[name]) for name in ours)


@needs_bitsandbytes
def test_two_processes_train_through_it_as_one_does(
    tmp_path: Path, published_encoder: Path
) -> None:
    parts = {
        **QUANTIZED,
        "hypernetwork": {"latent": 16, "head_in": 16, "dropout": 0.0},
        "trainer": {"precision": "float32"},
    }
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        save_family("llama", tmp_path / name / "model")
        found.append(recipe(tmp_path / name, published_encoder, count=20, **parts))
    alone, together = found
    sft(alone)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    stage = ["-m", "t2l", "sft", "--config", str(tmp_path / "two" / "recipe.yaml")]
    done = subprocess.run(
        [*torchrun, "--nproc-per-node", "2", *stage],
        cwd=CONFIGS.parent,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    wanted = load_hypernetwork(alone).state_dict()
    for name, values in load_hypernetwork(together).state_dict().items():
        torch.testing.assert_close(values, wanted[name], atol=1e-4, rtol=1e-3)


def whole(config: Config) -> Config:
    return replace(config, sft=replace(config.sft, base_quantization=None))


def test_without_bitsandbytes_it_is_said_before_any_text_is_encoded(
    refused_by_t2l: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_family("llama", tmp_path / "model")
    path = language_config(tmp_path, sft={**SFT, "base_quantization": "nf4"})
    monkeypatch.setattr(
        "t2l.base.quantized.find_spec",
        lambda name: None if name == "bitsandbytes" else importlib.util.find_spec(name),
    )
    said = refused_by_t2l("sft", "--config", path)
    assert (
        "needs bitsandbytes, which is not installed: pip install -e 'training[quantized]'" in said
    )
    assert not (tmp_path / "run").exists()


def test_magnitudes_are_not_taken_of_rounded_weights(
    refused_by_t2l: Command, tmp_path: Path
) -> None:
    parts = {"target": {"output": "dora"}, "hypernetwork": {"per_layer_bias": True}}
    plain = {"smoothing": 0.1, "lora_dropout": 0.0, "output_decay": 0.0, "warm_start": False}
    path = changed_recipe(tmp_path, **parts, sft={**plain, "base_quantization": "nf4"})
    said = refused_by_t2l("plan", "--config", path)
    assert re.search(r"target.output dora .* sft.base_quantization nf4 .* set it to null", said)


def test_halves_are_not_mixed_with_other_products(refused_by_t2l: Command, tmp_path: Path) -> None:
    path = changed_recipe(tmp_path, base={"dtype": "float16"}, sft={"base_quantization": "nf4"})
    said = refused_by_t2l("plan", "--config", path)
    assert re.search("base.dtype float16 cannot be trained through .* bfloat16 or float32", said)


def test_the_tiny_base_model_is_left_as_it_is(refused_by_t2l: Command, tmp_path: Path) -> None:
    smoke = yaml.safe_load((CONFIGS / "smoke.yaml").read_text())
    path = tmp_path / "smoke.yaml"
    smoke["sft"]["base_quantization"] = "nf4"
    path.write_text(yaml.safe_dump(smoke))
    said = refused_by_t2l("plan", "--config", path)
    assert re.search("sft.base_quantization nf4 saves nothing .* set it to null", said)


def test_a_plan_counts_four_bits_a_weight(run_t2l: Command, tmp_path: Path) -> None:
    options = ("--gpu", "rtx-4090", "--gpus", "1")
    plain = planned(run_t2l, "--config", CONFIGS / "mistral-7b.yaml", *options)
    path = changed_recipe(tmp_path, sft={"base_quantization": "nf4"})
    packed = planned(run_t2l, "--config", path, *options)
    assert packed["parameters"] == plain["parameters"]
    run = packed["on_gpus"]["runs"][0]
    said = " ".join((CONFIGS.parents[1] / "docs" / "training.md").read_text().split())
    assert f"the recipe takes {run['bytes_in_all'] / 1e9:.1f} GB of one GPU" in said
    was, now = (plan["on_gpus"]["runs"][0]["bytes_on_each"] for plan in (plain, packed))
    layers, rest = 32 * (2 * 4096**2 + 2 * 4096 * 1024 + 3 * 4096 * 14336), 2 * 32000 * 4096
    norms = 65 * 4096
    assert was.pop("base model") == 2 * (layers + rest + norms)
    packed_layers = layers // 2 + layers // 64 + 4 * layers // 64 // 256
    assert now.pop("base model") == packed_layers + 2 * (rest + norms)
    assert was == now
