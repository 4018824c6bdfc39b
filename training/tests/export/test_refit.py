"""A bundle with another fit is the same network: only the fit and the version differ."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from test_export import EMBEDDINGS, FIT, arguments
from test_hypernetwork import network

from t2l.export.bundle.data import Fit, fit_bytes
from t2l.export.bundle.manifest import BundleError, read_manifest, verify_bundle
from t2l.export.bundle.refit import with_fit
from t2l.export.bundle.write import export_bundle

NEW = Fit(
    ("one", "two", "three"),
    EMBEDDINGS.flip(0),
    good=0.9,
    uncertain=0.2,
    strengths=((0.0, 0.1), (1.0, 1.0)),
    sizes="Three items.",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    export_bundle(network("S"), **arguments(tmp_path))
    return tmp_path


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_everything_but_the_fit_stays(root: Path) -> None:
    old, new = root / "tiny" / "1.0.0", root / "tiny" / "1.1.0"
    before = files_of(old)
    digest = with_fit(old, NEW, "1.1.0", root, make_default=True)
    assert files_of(old) == before
    assert verify_bundle(root, "tiny", "1.1.0") == digest
    after = files_of(new)
    assert after.keys() == before.keys()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"manifest.json", "fit.f16"}
    assert after["fit.f16"] == fit_bytes(NEW)
    was, now = read_manifest(old)[0], read_manifest(new)[0]
    assert {key for key in now if now[key] != was[key]} == {"version", "fit", "files"}
    assert now["fit"] == {"file": "fit.f16", "dim": 10, **NEW.to_json()}
    index = json.loads((root / "index.json").read_text())
    assert [row["version"] for row in index["bundles"]] == ["1.0.0", "1.1.0"]


def test_a_bundle_without_a_fit_gets_one(tmp_path: Path) -> None:
    export_bundle(network("S"), **arguments(tmp_path, fit=None))
    with_fit(tmp_path / "tiny" / "1.0.0", FIT, "1.0.1", tmp_path, make_default=False)
    verify_bundle(tmp_path, "tiny", "1.0.1")
    assert "fit" in read_manifest(tmp_path / "tiny" / "1.0.1")[0]


def test_what_exists_is_damaged_or_cannot_be_served_is_refused(root: Path) -> None:
    folder = root / "tiny" / "1.0.0"

    def refused(words: str, fit: Fit = NEW, version: str = "1.1.0") -> None:
        with pytest.raises(BundleError, match=words):
            with_fit(folder, fit, version, root, make_default=True)

    refused("immutable", version="1.0.0")
    refused("semantic", version="two")
    refused(r"fit embeddings must be \[3, 10\]", Fit(NEW.tasks, torch.ones(3, 9), 0.9, 0.2))
    golden = folder / "golden.safetensors"
    golden.write_bytes(golden.read_bytes() + b" ")
    refused("golden.safetensors is not the file")
    assert sorted(path.name for path in (root / "tiny").iterdir()) == ["1.0.0"]
