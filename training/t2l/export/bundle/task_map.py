"""A map of a bundle's training tasks: in two dimensions, like descriptions lie together.

For people who look, not for the edge: no score depends on it, so it is a file beside the bundles
and not one of a bundle's own. The vectors are those that the fit has of every task; their cosine
distances are laid out by t-SNE (van der Maaten and Hinton, 2008), begun at the principal
components, on a square of whole numbers. A map that is there keeps its places: sums differ in their
last bits between processors, and the layout follows them. A training description from near a task's
place says in words what its name means; of a few the one whose adapter promises most.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from t2l.encoders.corpus import Corpus
from t2l.export.bundle.manifest import INDEX_FILE, BundleError, digest, read_manifest
from t2l.export.bundle.stored_fit import read_fit

SIDE = 1000  # of the square that the map lies in
PERPLEXITY = 20.0  # about as many neighbours decide where a task lies
FEWEST = 8  # tasks: a map of fewer says nothing
CANDIDATES = 8  # descriptions of a task that are scored

Score = Callable[[torch.Tensor], float]
"""What is to be expected of the adapter of a vector, [dim]."""


def layout(rows: np.ndarray) -> np.ndarray:
    """Places of tasks on the square, whole numbers from 0 to `SIDE`, [tasks, 2].

    :param rows: a unit vector of every task, [tasks, dim].
    :raises BundleError: for fewer tasks than can be told apart.
    """
    if len(rows) < FEWEST:
        raise BundleError(f"a map needs at least {FEWEST} training tasks, there are {len(rows)}")
    method = TSNE(
        n_components=2,
        perplexity=min(PERPLEXITY, (len(rows) - 1) / 3),
        metric="cosine",
        init="pca",
        random_state=0,
    )
    # sums of several threads differ in their last bits, and the layout would follow them
    with threadpool_limits(limits=1):
        places = method.fit_transform(rows.astype(np.float32))
    low, high = places.min(axis=0), places.max(axis=0)
    # one scale for both sides: distances mean the same everywhere
    middle = (places - (low + high) / 2) / (high - low).max()
    return np.rint((middle + 0.5) * SIDE).astype(int)


def map_path(assets: Path, name: str, version: str) -> Path:
    """Where the map of a bundle lies among the assets."""
    return assets / "maps" / f"{name}-{version}.json.gz"


def typical_descriptions(
    corpus: Corpus, tasks: Sequence[str], rows: torch.Tensor, score: Score | None = None
) -> list[str]:
    """Of every task a training description that lies near to the task's own vector.

    :param tasks: names.
    :param rows: a unit vector of each, [tasks, dim].
    :param score: of a description's vector: the best of the few nearest is taken, instead of the
        nearest.
    :raises BundleError: for a task that the corpus does not have.
    """
    places = {task.name: place for place, task in enumerate(corpus.tasks)}
    found = []
    for name, row in zip(tasks, rows, strict=True):
        if name not in places:
            raise BundleError(f"{name} is no training task of the recipe; give the bundle's own")
        vectors = corpus.embeddings[places[name]]
        nearness = torch.nn.functional.normalize(vectors, dim=1) @ row.to(vectors.dtype)
        near = nearness.argsort(descending=True, stable=True).tolist()[:CANDIDATES]
        best = near[0] if score is None else max(near, key=lambda place: score(vectors[place]))
        found.append(corpus.descriptions[places[name]][best])
    return found


def write_map(
    folder: Path, assets: Path, corpus: Corpus | None = None, score: Score | None = None
) -> Path:
    """Write the map of a bundle's training tasks among the assets; returns the file.

    :param folder: of the bundle, with its manifest.
    :param corpus: the training tasks with their descriptions; without it a map that is there keeps
        those it has.
    :param score: chooses among the descriptions of a task.
    :raises BundleError: if the bundle says nothing of its training tasks, or the corpus has others.
    """
    manifest, identity = read_manifest(folder)
    fit = manifest.get("fit")
    if fit is None:
        raise BundleError(f"{folder}: has no fit, so there are no training tasks to draw")
    data = (folder / fit["file"]).read_bytes()
    if digest(data) != manifest["files"][fit["file"]]["sha256"]:
        raise BundleError(f"{folder / fit['file']}: not the file that the manifest names")
    stored = read_fit(fit, data, [module["name"] for module in manifest["target"]["modules"]])
    if stored is None:
        raise BundleError(f"{folder}: its fit is of an older kind; export the bundle anew")
    path = map_path(assets, manifest["name"], manifest["version"])
    document = _known(path, identity)
    if not document:
        places = layout(stored.rows.numpy())
        tasks = [[task, *map(int, place)] for task, place in zip(stored.tasks, places, strict=True)]
        document = {"digest": identity, "side": SIDE, "tasks": tasks}
    if corpus is not None:
        document["descriptions"] = typical_descriptions(corpus, stored.tasks, stored.rows, score)
    path.parent.mkdir(parents=True, exist_ok=True)
    # the same bytes whenever it is written: no name, no time
    _write(path, gzip.compress(_by_line(document).encode(), mtime=0))
    # whoever shows maps knows by it which bundles have one, without asking for what is not there
    index = path.with_name(INDEX_FILE)
    known = json.loads(index.read_text(encoding="utf-8")) if index.exists() else {}
    named = {key: name for key, name in known.items() if name != path.name} | {identity: path.name}
    _write(index, json.dumps(named, indent=1, sort_keys=True).encode() + b"\n")
    return path


def read_map(path: Path) -> dict[str, Any]:
    """A map that was written."""
    return json.loads(gzip.decompress(path.read_bytes()))


def _by_line(document: dict[str, Any]) -> str:
    """JSON with a task on each line, so that two versions can be compared once unpacked."""

    def compact(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    lists = {key: value for key, value in document.items() if isinstance(value, list)}
    rest = {key: value for key, value in document.items() if key not in lists}
    parts = [compact(rest)[:-1]]
    for key, rows in lists.items():
        parts.append(f"{compact(key)}:[" + ",\n".join(map(compact, rows)) + "]")
    return ",".join(parts) + "}"


def _known(path: Path, identity: str) -> dict[str, Any]:
    """The map that is there, if it is of this bundle."""
    found = read_map(path) if path.exists() else {}
    return found if found.get("digest") == identity else {}


def _write(path: Path, data: bytes) -> None:
    """The whole file or none."""
    partial = path.with_suffix(".partial")
    partial.write_bytes(data)
    partial.replace(path)
