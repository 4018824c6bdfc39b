"""What a bundle stores of its fit is read back as it was written, or it is said what is wrong."""

import json
from pathlib import Path

import pytest
import torch
from mini_bundle_for_tests import HYPERNETS

from t2l.export.bundle.manifest import BundleError
from t2l.export.bundle.stored_fit import read_fit

BUNDLES = sorted(path.parent for path in HYPERNETS.glob("t2l-*/*/manifest.json"))


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda folder: folder.parent.name)
def test_reading_and_writing_a_fit_again_changes_nothing(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    fit = manifest["fit"]
    names = [module["name"] for module in manifest["target"]["modules"]]
    data = (folder / fit["file"]).read_bytes()
    stored = read_fit(fit, data, names)
    assert stored is not None and stored.predictor is not None
    assert stored.predictor.to_json() == fit["calibration"]
    assert data.endswith(stored.predictor.matrices())
    norms = stored.rows.norm(dim=1)
    torch.testing.assert_close(norms, torch.ones_like(norms), rtol=0, atol=1e-3)


@pytest.mark.parametrize("change", [lambda data: data[:-2], lambda data: data + b"\0\0"])
def test_a_fit_file_of_another_size_is_refused(change) -> None:
    folder = BUNDLES[0]
    manifest = json.loads((folder / "manifest.json").read_text())
    names = [module["name"] for module in manifest["target"]["modules"]]
    data = change((folder / manifest["fit"]["file"]).read_bytes())
    with pytest.raises(BundleError, match="the fit file"):
        read_fit(manifest["fit"], data, names)


def test_a_score_without_a_calibration_is_read_without_one() -> None:
    fit = {"dim": 2, "tasks": ["a"], "thresholds": {"good": 0.9, "uncertain": 0.5}}
    stored = read_fit(fit, b"\0\x3c\0\0", ["q_proj"])  # 1 and 0
    assert stored is not None and stored.predictor is None
    assert stored.rows.tolist() == [[1, 0]]
    assert read_fit({**fit, "predictor": {}}, b"", ["q_proj"]) is None
