"""The map that the page shows: kin lie together, and it is of the bundle that it names."""

import gzip
import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from t2l.encoders.corpus import Corpus
from t2l.export.bundle.manifest import BundleError
from t2l.export.bundle.task_map import (
    FEWEST,
    SIDE,
    layout,
    map_path,
    read_map,
    typical_descriptions,
    write_map,
)

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
    found = read_map(map_path(ASSETS, bundle.parent.name, bundle.name))
    identity = hashlib.sha256(manifest).hexdigest()
    assert found["digest"] == identity
    index = json.loads((ASSETS / "maps" / "index.json").read_text())
    assert index[identity] == f"{bundle.parent.name}-{bundle.name}.json.gz"
    assert [task for task, _, _ in found["tasks"]] == json.loads(manifest)["fit"]["tasks"]
    assert len(found["descriptions"]) == len(found["tasks"])
    assert min(map(len, found["descriptions"])) > 8


@dataclass(frozen=True)
class Named:
    """As much of a task as a corpus needs here."""

    name: str


def test_a_task_is_described_by_what_is_nearest_to_it() -> None:
    vectors = (torch.tensor([[1.0, 0], [3.0, 4]]), torch.tensor([[0.0, 2], [1.0, 0]]))
    said = (("Sort.", "Sort the words."), ("Turn round.", "Reverse."))
    corpus = Corpus((Named("sort"), Named("reverse")), said, vectors)  # type: ignore[arg-type]
    rows = torch.tensor([[0.0, 1], [0.8, 0.6]])
    assert typical_descriptions(corpus, ["reverse", "sort"], rows) == [
        "Turn round.",
        "Sort the words.",
    ]
    best = typical_descriptions(
        corpus, ["sort"], rows[1:], score=lambda vector: float(vector[0] == 1)
    )
    assert best == ["Sort."]
    with pytest.raises(BundleError, match="count is no training task of the recipe"):
        typical_descriptions(corpus, ["count"], rows[:1])


def test_a_map_that_is_there_keeps_its_places_and_descriptions(tmp_path: Path) -> None:
    bundle = ASSETS / "hypernets" / "t2l-mini" / MINI.name
    shutil.copytree(ASSETS / "maps", tmp_path / "maps")
    path = write_map(bundle, tmp_path)
    assert read_map(path) == read_map(map_path(ASSETS, "t2l-mini", MINI.name))
    moved = read_map(path)
    moved["digest"] = "0" * 64
    moved["tasks"][0][1:] = [-1, -1]
    path.write_bytes(gzip.compress(json.dumps(moved).encode()))
    anew = read_map(write_map(bundle, tmp_path))
    assert write_map(bundle, tmp_path).read_bytes() == path.read_bytes()
    assert min(map(min, (place for _, *place in anew["tasks"]))) >= 0
    assert "descriptions" not in anew


def test_only_a_whole_bundle_gets_one(tmp_path: Path) -> None:
    bundle = tmp_path / "hypernets" / "t2l-mini" / MINI.name
    shutil.copytree(MINI, bundle)
    data = bytearray((bundle / "fit.f16").read_bytes())
    data[100] ^= 1
    (bundle / "fit.f16").write_bytes(data)
    with pytest.raises(BundleError, match="not the file that the manifest names"):
        write_map(bundle, tmp_path)
    assert not (tmp_path / "maps").exists()
