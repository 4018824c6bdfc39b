"""Makes a bundle: the hypernetwork's graphs, golden vectors, fit and norms data, and the manifest.

Trained bundles come from the pipeline's export stage, imported ones from `sakana/`, and those with
random weights, for benchmarks, from `random_bundle.py`; all call `export_bundle`. The same weights
give the same bytes on every run: nothing in a bundle depends on time, place or hash order, and
sums that become constants or golden vectors are made in float64, where the number of threads cannot
show.
"""

from __future__ import annotations

import copy
import logging
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from t2l.encoders.info import EncoderInfo
from t2l.export.bundle.data import (
    Fit,
    Golden,
    fit_bytes,
    golden_bytes,
    golden_limit,
    measure_norms,
)
from t2l.export.bundle.manifest import (
    MANIFEST_FILE,
    SCHEMA,
    BundleError,
    canonical_bytes,
    check_name,
    digest,
    file_entry,
    resolve,
    update_index,
)
from t2l.export.bundle.predictor_checks import check_predictor
from t2l.export.bundle.strengths import check_strengths
from t2l.export.graphs import GraphOptions, write_graphs
from t2l.hypernet.hypernetwork import Hypernetwork

logger = logging.getLogger(__name__)

FIT_FILE = "fit.f16"
DEFAULT_GRAPHS = GraphOptions()
SIZES_LENGTH = 300  # characters of the sentence on sizes: a line in a card


def export_bundle(
    network: Hypernetwork,
    *,
    encoder: EncoderInfo,
    golden: Golden,
    fit: Fit | None,
    norm_embeddings: Tensor | None,
    evaluation: dict[str, Any],
    training: dict[str, Any],
    out_dir: Path,
    name: str,
    version: str,
    precision: str = "int8",
    graphs: GraphOptions = DEFAULT_GRAPHS,
    overwrite: bool = False,
    make_default: bool = False,
) -> str:
    """Write `<out_dir>/<name>/<version>/`, check it, and list it in `<out_dir>/index.json`.

    :param fit: what the network was trained on, None if nothing is known of it.
    :param norm_embeddings: [n, dim] of training descriptions, for the norm guard and for rounding
        the int8 heads; None for none.
    :param evaluation: figures for people, free JSON.
    :param training: seeds, config digest and commit, free JSON.
    :param out_dir: the hypernets root; the encoder's files must lie below it already.
    :param precision: which graph the edge runs unless asked for another.
    :param graphs: at which precisions there are graphs, and whether they are in chunks.
    :param overwrite: replace a bundle of this version; only for one that was never released.
    :return: the bundle's digest.
    :raises BundleError: for inputs that do not fit each other, a version that exists, or a graph
        that does not reproduce PyTorch.
    """
    root = Path(out_dir)
    folder = root / name / version
    _check_inputs(network, encoder, golden, fit, norm_embeddings)
    _check_identity(name, version, precision, graphs)
    if folder.exists() and not overwrite:
        raise BundleError(f"{folder} exists and versions are immutable; choose the next version")

    exact = copy.deepcopy(network).cpu().eval().double()
    partial = partial_folder(folder)
    try:
        documents, files = write_graphs(
            exact, golden.embeddings, partial, graphs, typical=norm_embeddings
        )
        contents = {"golden.safetensors": golden_bytes(exact, golden, encoder.max_tokens)}
        if fit is not None:
            contents[FIT_FILE] = fit_bytes(fit)
        files |= {file: file_entry(data) for file, data in contents.items()}
        for _, file in encoder.files:
            files[file] = file_entry(resolve(root, folder, file).read_bytes())
        manifest = {
            "schema": SCHEMA,
            "name": name,
            "version": version,
            "variant": network.config.variant,
            "latent": network.config.latent,
            "head_in": network.config.head_in,
            "target": network.target.to_manifest(),
            "scale": "folded",
            "precision": precision,
            "graphs": documents,
            "encoder": encoder.to_json(),
            "golden": {
                "file": "golden.safetensors",
                "descriptions": list(golden.descriptions),
                "limit": golden_limit(network.target, len(golden.descriptions)),
            },
            "evaluation": evaluation,
            "training": training,
            "files": files,
        }
        if fit is not None:
            manifest["fit"] = {"file": FIT_FILE, "dim": encoder.dim, **fit.to_json()}
        if norm_embeddings is not None:
            manifest["norms"] = measure_norms(exact, norm_embeddings)
        found = publish(manifest, contents, partial, root, make_default=make_default)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return found


def publish(
    manifest: dict[str, Any],
    contents: dict[str, bytes],
    partial: Path,
    root: Path,
    *,
    make_default: bool = False,
) -> str:
    """Put the last files and the manifest into a bundle's folder, move it in place and list it.

    :param contents: files that are not in the folder yet; the manifest lists all.
    :param partial: what `partial_folder` gave.
    :return: the bundle's digest.
    """
    name, version = manifest["name"], manifest["version"]
    data = canonical_bytes(manifest)
    for file, content in {**contents, MANIFEST_FILE: data}.items():
        (partial / file).write_bytes(content)
    folder = root / name / version
    if folder.exists():
        shutil.rmtree(folder)
    partial.rename(folder)
    found = digest(data)
    update_index(root, name, version, found, make_default=make_default)
    logger.info("bundle %s %s: %s", name, version, found)
    return found


def partial_folder(folder: Path) -> Path:
    """An empty folder beside the bundle's, whose place it takes in one step once it is whole."""
    partial = folder.with_name(f"{folder.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    return partial


def _check_identity(name: str, version: str, precision: str, graphs: GraphOptions) -> None:
    check_name(name, version)
    if precision not in graphs.precisions:
        raise BundleError(
            f"precision must be one of {', '.join(graphs.precisions)}, got {precision!r}"
        )


def _check_inputs(
    network: Hypernetwork,
    encoder: EncoderInfo,
    golden: Golden,
    fit: Fit | None,
    norm_embeddings: Tensor | None,
) -> None:
    dim = network.config.embedding_dim
    if encoder.dim != dim:
        raise BundleError(f"the encoder gives {encoder.dim} values, the hypernetwork takes {dim}")
    output = network.target.output
    if fit is not None and fit.predictor is not None and output != "lora":
        raise BundleError(
            f"a predictor of fit reads the updates of LoRAs, which no {output} is: export a fit "
            "without one"
        )
    rows = {"golden": (golden.embeddings, len(golden.descriptions))}
    if fit is not None:
        check_fit(fit, dim, network.target.module_names)
    if norm_embeddings is not None:
        rows["norm"] = (norm_embeddings, len(norm_embeddings))
    for what, (matrix, count) in rows.items():
        _check_rows(what, matrix, count, dim)
    if encoder.kind == "onnx" and golden.tokens is None:
        raise BundleError("golden descriptions of an embedded encoder need their tokens")


def _check_rows(what: str, matrix: Tensor, count: int, dim: int) -> None:
    if count < 1 or tuple(matrix.shape) != (count, dim):
        raise BundleError(
            f"{what} embeddings must be [{max(count, 1)}, {dim}], got {list(matrix.shape)}"
        )
    if not torch.isfinite(matrix).all():
        raise BundleError(f"{what} embeddings must be finite")


def check_fit(fit: Fit, dim: int, modules: tuple[str, ...]) -> None:
    """Refuse a fit whose score the edge could not compute.

    :param dim: of the descriptions' vectors.
    :param modules: the target's, in order.
    :raises BundleError: with what would be right.
    """
    if not 0 < fit.uncertain <= fit.good <= 1:
        raise BundleError(
            f"thresholds must be 0 < uncertain <= good <= 1, got {fit.uncertain} and {fit.good}"
        )
    _check_rows("fit", fit.matrix, len(fit.tasks), dim)
    success = fit.success
    if success is not None and len(success) != len(fit.tasks):
        raise BundleError(f"fit has {len(success)} values of success for {len(fit.tasks)} tasks")
    if success is not None and not all(0 <= value <= 1 for value in success):
        raise BundleError("success of the training tasks must lie between 0 and 1")
    if fit.predictor is not None and success is None:
        raise BundleError("a predictor of fit needs the success of the training tasks")
    if fit.sizes is not None and not 0 < len(fit.sizes) <= SIZES_LENGTH:
        raise BundleError(
            f"the sentence on sizes must have 1 to {SIZES_LENGTH} characters, got {len(fit.sizes)}"
        )
    try:
        check_strengths(fit.strengths)
        if fit.predictor is not None:
            check_predictor(fit.predictor, len(fit.tasks), dim, modules)
    except ValueError as error:
        raise BundleError(f"fit: {error}") from None
