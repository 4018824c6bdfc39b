"""The map that the page shows: kin lie together, and it is of the bundle that it names."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from t2l.export.bundle.manifest import BundleError
from t2l.export.bundle.task_map import FEWEST, SIDE, layout, map_path, write_map

ASSETS = Path(__file__).parents[3] / "src" / "assets"
MINI = max((ASSETS / "hypernets" / "t2l-mini").iterdir())


def test_tasks_with_like_descriptions_lie_together() -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(4, 32))
    rows = np.repeat(centres, 15, axis=0) + 0.1 * rng.normal(size=(60, 32))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    places = layout(rows)
    assert (layout(rows) == places).all()
    assert places.min() >= 0 and places.max() <= SIDE
    group = np.arange(60) // 15
    distance = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    assert (group[distance.argmin(axis=1)] == group).all()


def test_too_few_tasks_are_refused() -> None:
    with pytest.raises(BundleError, match=f"at least {FEWEST} training tasks, there are 3"):
        layout(np.eye(3))


@pytest.mark.parametrize("bundle", sorted((ASSETS / "hypernets").glob("t2l-*/*")), ids=str)
def test_bundles_that_ship_have_a_map_of_all_their_tasks(bundle: Path) -> None:
    manifest = (bundle / "manifest.json").read_bytes()
    found = json.loads(map_path(ASSETS, bundle.parent.name, bundle.name).read_text())
    identity = hashlib.sha256(manifest).hexdigest()
    assert found["digest"] == identity
    index = json.loads((ASSETS / "maps" / "index.json").read_text())
    assert index[identity] == f"{bundle.parent.name}-{bundle.name}.json"
    assert [task for task, _, _ in found["tasks"]] == json.loads(manifest)["fit"]["tasks"]


def test_only_a_whole_bundle_gets_one(tmp_path: Path) -> None:
    bundle = tmp_path / "hypernets" / "t2l-mini" / MINI.name
    shutil.copytree(MINI, bundle)
    data = bytearray((bundle / "fit.f16").read_bytes())
    data[100] ^= 1
    (bundle / "fit.f16").write_bytes(data)
    with pytest.raises(BundleError, match="not the file that the manifest names"):
        write_map(bundle, tmp_path)
    assert not (tmp_path / "maps").exists()
