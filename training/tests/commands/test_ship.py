"""What ships of the base model: exported again, it is what lies in `src/assets`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from t2l.base.target import TargetSpec
from t2l.commands.ship import ship_base_model
from t2l.config.recipe import Config, load_config
from t2l.export.onnx.lm import LM_FILE, WEIGHTS_FILE
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig
from t2l.mini.adopt import adopt_base, shipped_base

CONFIGS = Path(__file__).parents[2] / "configs"
FREQUENCIES = "rotary.frequencies"


@pytest.fixture(scope="module")
def shipped() -> Path:
    return shipped_base(load_config(CONFIGS / "mini.yaml"))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base model of a run that began with the one that ships, exported elsewhere."""
    folder = tmp_path_factory.mktemp("ship")
    config: Config = replace(load_config(CONFIGS / "mini.yaml"), runs=str(folder / "run"))
    adopt_base(config)
    index = json.loads((config.assets_dir / "hypernets" / "index.json").read_text())
    version = next(b["version"] for b in index["bundles"] if b["name"] == "t2l-mini")
    manifest = config.assets_dir / "hypernets" / "t2l-mini" / version / "manifest.json"
    target = json.loads(manifest.read_text())["target"]
    spec = TargetSpec.from_json({**target, "alpha": 16, "use_rslora": False})
    network = Hypernetwork(HypernetworkConfig("S", embedding_dim=8, latent=8, head_in=8), spec)
    config = replace(config, bundle=replace(config.bundle, assets=str(folder / "assets")))
    ship_base_model(config, network)
    return shipped_base(config)


def test_all_files_but_the_graph_are_the_same(exported: Path, shipped: Path) -> None:
    def contents(folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != LM_FILE}

    assert contents(exported) == contents(shipped)


def test_the_graph_is_the_same_but_for_last_bits_of_its_frequencies(
    exported: Path, shipped: Path
) -> None:
    """The one that ships was made where numpy's powers of float32 have other last bits."""
    ours, theirs = (
        onnx.load(folder / LM_FILE, load_external_data=False) for folder in (exported, shipped)
    )
    found = []
    for model in (ours, theirs):
        (tensor,) = (t for t in model.graph.initializer if t.name == FREQUENCIES)
        found.append(numpy_helper.to_array(tensor))
        tensor.ClearField("raw_data")
    assert ours == theirs
    np.testing.assert_allclose(*found, rtol=2e-7)


def test_the_graph_has_no_weights_of_its_own(shipped: Path) -> None:
    graph = (shipped / LM_FILE).stat().st_size
    assert graph < (shipped / WEIGHTS_FILE).stat().st_size / 50
