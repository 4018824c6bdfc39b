"""A map of a bundle's training tasks: in two dimensions, like descriptions lie together.

For people who look, not for the edge: no score depends on it, so it is a file beside the bundles
and not one of a bundle's own. The vectors are those that the fit has of every task; their cosine
distances are laid out by t-SNE (van der Maaten and Hinton, 2008), begun at the principal
components, on a square of whole numbers.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from t2l.export.bundle.manifest import INDEX_FILE, BundleError, digest, read_manifest
from t2l.export.bundle.stored_fit import read_fit

SIDE = 1000  # of the square that the map lies in
PERPLEXITY = 20.0  # about as many neighbours decide where a task lies
FEWEST = 8  # tasks: a map of fewer says nothing


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
    return assets / "maps" / f"{name}-{version}.json"


def write_map(folder: Path, assets: Path) -> Path:
    """Write the map of a bundle's training tasks among the assets; returns the file.

    :param folder: of the bundle, with its manifest.
    :raises BundleError: if the bundle says nothing of its training tasks.
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
    places = layout(stored.rows.numpy())
    tasks = [[task, *map(int, place)] for task, place in zip(stored.tasks, places, strict=True)]
    document = {"digest": identity, "side": SIDE, "tasks": tasks}
    path = map_path(assets, manifest["name"], manifest["version"])
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    _write(path, text.replace('],["', '],\n["'))
    # whoever shows maps knows by it which bundles have one, without asking for what is not there
    index = path.with_name(INDEX_FILE)
    known = json.loads(index.read_text(encoding="utf-8")) if index.exists() else {}
    named = {key: name for key, name in known.items() if name != path.name} | {identity: path.name}
    _write(index, json.dumps(named, indent=1, sort_keys=True))
    return path


def _write(path: Path, text: str) -> None:
    """The whole file or none."""
    partial = path.with_suffix(".partial")
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(path)
