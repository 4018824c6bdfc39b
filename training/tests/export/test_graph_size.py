"""What an isolate cannot hold whole is cut without being asked."""

from __future__ import annotations

import json
from pathlib import Path

from t2l.export.graph_size import fits_whole

MINI = Path(__file__).parents[3] / "src" / "assets" / "hypernets"


def test_what_ships_is_whole_and_7b_sizes_are_not():
    index = json.loads((MINI / "index.json").read_text())
    (bundle,) = [one for one in index["bundles"] if one["name"] == index["default"]]
    folder = MINI / bundle["name"] / bundle["version"]
    manifest = json.loads((folder / "manifest.json").read_text())
    target = manifest["target"]
    values = target["layers"] * target["rank"] * sum(m["in"] + m["out"] for m in target["modules"])
    assert fits_whole((folder / "hypernet.float32.onnx").stat().st_size, values)
    assert not fits_whole(7_800_000, 3_407_872)  # S for Mistral-7B in int8: the LoRA counts
    assert not fits_whole(230_000_000, 1)
