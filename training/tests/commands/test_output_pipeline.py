"""DoRA and IA3 from a recipe to a bundle: trained, measured, exported, and loaded by real PEFT."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from families_for_tests import save_family, tiny_model
from outputs_for_tests import OTHERS
from peft import PeftModel
from recipe_for_tests import recipe

from t2l import generate_lora, load_t2l
from t2l.base.applying import apply_adapters
from t2l.base.target import OutputKind
from t2l.commands import stages
from t2l.commands.ship import check_output
from t2l.config.load import config_of
from t2l.config.recipe import OF_BASELINES, OF_ORACLES, ConfigError
from t2l.evaluate.conditions import conditions_on
from t2l.evaluate.results import read_rows
from t2l.evaluate.run import results_dir
from t2l.export.bundle.manifest import BundleError, verify_bundle


@pytest.mark.parametrize("output", OTHERS)
def test_a_recipe_becomes_a_bundle_whose_adapters_peft_loads(
    output: OutputKind, tmp_path: Path, published_encoder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_family("llama", tmp_path / "model")
    left = [*OF_BASELINES, *OF_ORACLES]
    few = {"phrasings": 1, "success": 1, "calibration": 1, "levels": 1, "level_tasks": 1}
    config = recipe(
        tmp_path,
        published_encoder,
        count=24,
        tasks={"source": "folder", "where": "tasks", "selection": 0.2},
        target={"rank": 1, "modules": ["q_proj", "down_proj"], "output": output},
        evaluation={
            "train_seeds": [0],
            "sampling_seeds": [1],
            "samples": 2,
            "descriptions": 1,
            "left_out": 0,
            "leave_out": left,
            "fit": few,
        },
        bundle={"name": f"tiny-{output}", "assets": "assets", "default": False},
    )
    for stage in (stages.sft, stages.evaluate, stages.export):
        stage(config)
    measured = {
        name
        for row in read_rows(results_dir(config) / "main.jsonl")
        if row.split == "report"
        for name in row.exact_match
    }
    assert measured == set(conditions_on("report", "chat", left, output=output))
    hypernets = tmp_path / "assets" / "hypernets"
    verify_bundle(hypernets, f"tiny-{output}", "1.0.0")
    folder = hypernets / f"tiny-{output}" / "1.0.0"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["target"]["output"] == output and "calibration" not in manifest["fit"]
    adapter = generate_lora(load_t2l(folder), "Give 1.")
    assert adapter.fit.verdict != "unknown"
    adapter.save_pretrained(tmp_path / "adapter")
    tokens = torch.arange(12)[None] + 20
    loaded = PeftModel.from_pretrained(tiny_model("llama"), tmp_path / "adapter").eval()
    model = tiny_model("llama")
    one = {n: tuple(side[None] for side in sides) for n, sides in adapter.weights.items()}
    with torch.no_grad():
        plain = model(tokens).logits
        with apply_adapters(model, adapter.target, one, 1):
            wanted = model(tokens).logits
        theirs = loaded(tokens).logits
    torch.testing.assert_close(theirs, wanted, atol=1e-4, rtol=1e-4)
    assert (wanted - plain).abs().max() > 1e-6
    stages.evaluate(config, folder, "int8")
    assert '"matched"' in capsys.readouterr().out
    with pytest.raises(
        BundleError, match="no banana graph; it has float32, int8: give --precision"
    ):
        stages.evaluate(config, folder, "banana")
    other = replace(config, base=replace(config.base, id="someone/else"))
    with pytest.raises(BundleError, match="its adapters are for .* base model is someone/else"):
        stages.evaluate(other, folder)


def test_what_t2l_mini_s_graph_cannot_take_is_refused_before_anything_is_trained() -> None:
    config = config_of({"runs": "x", "target": {"output": "dora"}})
    with pytest.raises(ConfigError, match="target.output dora cannot ship with t2l-mini's base"):
        check_output(config)


@pytest.mark.parametrize("output", OTHERS)
def test_reconstruction_is_refused_before_any_text_is_encoded(
    output: OutputKind, tmp_path: Path, published_encoder: Path
) -> None:
    config = recipe(tmp_path, published_encoder, target={"rank": 1, "output": output})
    with pytest.raises(ConfigError, match=f"no {output} has; set target.output to lora"):
        stages.reconstruction(config)
    assert not (config.run_dir / "embeddings").exists()
