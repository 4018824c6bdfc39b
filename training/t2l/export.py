"""Makes a bundle: the hypernetwork's graphs, golden vectors, fit and norms data, and the manifest.

    python -m t2l.export --random --variant S --target configs/targets/NAME.json --dim 384 \\
        --name NAME --out DIR

writes a bundle with random weights, for benchmarks at sizes nobody has trained here. Trained
bundles come from `export_bundle`, which the pipeline's export stage calls. The same weights give
the same bytes on every run: nothing in a bundle depends on time, place or hash order, and sums that
become constants or golden vectors are made in float64, where the number of threads cannot show.
"""

from __future__ import annotations

import argparse
import copy
import logging
import shutil
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from t2l.bundle_data import (
    GOLDEN_LIMIT,
    MINILM,
    MINILM_FOLDER,
    EncoderInfo,
    Fit,
    Golden,
    fit_bytes,
    folded_lora,
    golden_bytes,
    golden_from_encoder,
    measure_norms,
)
from t2l.encoder import MODEL_FILE, OnnxEncoder, export_encoder
from t2l.hypernetwork import Hypernetwork, HypernetworkConfig
from t2l.manifest import (
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
from t2l.onnx_hypernet import (
    MIN_INT8_COSINE,
    PRECISIONS,
    build_hypernet_graph,
    hypernet_runner,
    int8_graph,
    update_cosines,
)
from t2l.target import TargetSpec

logger = logging.getLogger(__name__)

MAX_FLOAT32_ERROR = 1e-5  # of a golden tensor's largest value, PyTorch against ONNX Runtime


def export_bundle(
    network: Hypernetwork,
    *,
    encoder: EncoderInfo,
    golden: Golden,
    fit: Fit,
    norm_embeddings: Tensor,
    evaluation: dict[str, Any],
    training: dict[str, Any],
    out_dir: Path,
    name: str,
    version: str,
    precision: str = "int8",
    overwrite: bool = False,
    make_default: bool = False,
) -> str:
    """Write `<out_dir>/<name>/<version>/`, check it, and list it in `<out_dir>/index.json`.

    :param norm_embeddings: [n, dim] of training descriptions, for the norm guard.
    :param evaluation: figures for people, free JSON.
    :param training: seeds, config digest and commit, free JSON.
    :param out_dir: the hypernets root; the encoder's files must lie below it already.
    :param precision: which graph the edge runs unless asked for another.
    :param overwrite: replace a bundle of this version; only for one that was never released.
    :return: the bundle's digest.
    :raises BundleError: for inputs that do not fit each other, a version that exists, or a graph
        that does not reproduce PyTorch.
    """
    root = Path(out_dir)
    folder = root / name / version
    _check_inputs(network, encoder, golden, fit, norm_embeddings, name, version, precision)
    if folder.exists() and not overwrite:
        raise BundleError(f"{folder} exists and versions are immutable; choose the next version")

    network = copy.deepcopy(network).cpu().eval()
    contents = {
        "hypernet.float32.onnx": build_hypernet_graph(network, "float32"),
        "hypernet.int8.onnx": int8_graph(network, golden.embeddings),
    }
    exact = copy.deepcopy(network).double()
    _check_graphs(exact, golden, contents)
    contents["fit.f16"] = fit_bytes(fit)
    contents["golden.safetensors"] = golden_bytes(exact, golden, encoder.max_tokens)
    files = {file: file_entry(data) for file, data in contents.items()}
    for _, file in encoder.files:
        files[file] = file_entry(resolve(root, folder, file).read_bytes())

    config = network.config
    manifest = {
        "schema": SCHEMA,
        "name": name,
        "version": version,
        "variant": config.variant,
        "latent": config.latent,
        "head_in": config.head_in,
        "target": network.target.to_manifest(),
        "scale": "folded",
        "precision": precision,
        "graphs": {p: {"file": f"hypernet.{p}.onnx"} for p in PRECISIONS},
        "encoder": encoder.to_json(),
        "fit": {"file": "fit.f16", "dim": encoder.dim, **fit.to_json()},
        "norms": measure_norms(exact, norm_embeddings),
        "golden": {
            "file": "golden.safetensors",
            "descriptions": list(golden.descriptions),
            "limit": GOLDEN_LIMIT,
        },
        "evaluation": evaluation,
        "training": training,
        "files": files,
    }
    contents[MANIFEST_FILE] = canonical_bytes(manifest)
    _write_folder(folder, contents)
    found = digest(contents[MANIFEST_FILE])
    update_index(root, name, version, found, make_default=make_default)
    logger.info("bundle %s %s: %s", name, version, found)
    return found


def _check_inputs(
    network: Hypernetwork,
    encoder: EncoderInfo,
    golden: Golden,
    fit: Fit,
    norm_embeddings: Tensor,
    name: str,
    version: str,
    precision: str,
) -> None:
    check_name(name, version)
    dim = network.config.embedding_dim
    if precision not in PRECISIONS:
        raise BundleError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    if encoder.dim != dim:
        raise BundleError(f"the encoder gives {encoder.dim} values, the hypernetwork takes {dim}")
    if not 0 < fit.uncertain <= fit.good <= 1:
        raise BundleError(f"thresholds must be 0 < uncertain <= good <= 1, got {fit}")
    _check_predictor(fit)
    rows = {
        "golden": (golden.embeddings, len(golden.descriptions)),
        "fit": (fit.matrix, len(fit.tasks)),
        "norm": (norm_embeddings, len(norm_embeddings)),
    }
    for what, (matrix, count) in rows.items():
        if count < 1 or tuple(matrix.shape) != (count, dim):
            raise BundleError(
                f"{what} embeddings must be [{max(count, 1)}, {dim}], got {list(matrix.shape)}"
            )
        if not torch.isfinite(matrix).all():
            raise BundleError(f"{what} embeddings must be finite")
    if encoder.kind == "onnx" and golden.tokens is None:
        raise BundleError("golden descriptions of an embedded encoder need their tokens")


def _check_predictor(fit: Fit) -> None:
    """Refuse a fit whose score the edge could not compute."""
    success = fit.success
    if success is not None and len(success) != len(fit.tasks):
        raise BundleError(f"fit has {len(success)} values of success for {len(fit.tasks)} tasks")
    if success is not None and not all(0 <= value <= 1 for value in success):
        raise BundleError("success of the training tasks must lie between 0 and 1")
    if fit.predictor is None:
        return
    if success is None:
        raise BundleError("a predictor of fit needs the success of the training tasks")
    values = torch.cat([torch.tensor(value).flatten() for value in astuple(fit.predictor)])
    if not (fit.predictor.temperature > 0 and torch.isfinite(values).all()):
        raise BundleError(f"the predictor of fit must have finite numbers, got {fit.predictor}")
    if len(fit.predictor.direction) != fit.matrix.shape[-1]:
        raise BundleError(f"the predictor's direction must have {fit.matrix.shape[-1]} values")


def _check_graphs(exact: Hypernetwork, golden: Golden, contents: dict[str, bytes]) -> None:
    """Refuse to write a bundle whose graphs do not do what PyTorch does."""
    run_float32 = hypernet_runner(contents["hypernet.float32.onnx"])
    run_int8 = hypernet_runner(contents["hypernet.int8.onnx"])
    for row in golden.embeddings:
        wanted, whole, small = folded_lora(exact, row), run_float32(row), run_int8(row)
        for name, pair in wanted.items():
            for ours, theirs in zip(whole[name], pair, strict=True):
                error = float((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1e-30))
                if error > MAX_FLOAT32_ERROR:
                    raise BundleError(f"{name}: the float32 graph is off by {error:.1e}")
            if not pair[1].any():  # no update at all has no direction
                continue
            cosine = float(update_cosines(small[name], pair).min())
            logger.info("%s: int8 cosine %.6f", name, cosine)
            if cosine < MIN_INT8_COSINE:
                raise BundleError(f"{name}: the int8 graph's worst layer has cosine {cosine:.5f}")


def _write_folder(folder: Path, contents: dict[str, bytes]) -> None:
    """Put a whole folder in place at once, so that no half bundle is ever seen."""
    partial = folder.with_name(f"{folder.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    for file, data in contents.items():
        (partial / file).write_bytes(data)
    if folder.exists():
        shutil.rmtree(folder)
    partial.rename(folder)


RANDOM_DESCRIPTIONS = (
    "Classify the sentiment of the review as positive or negative.",
    "Answer the question with a single word.",
    "Translate the sentence from English to French.",
    "Solve the arithmetic problem and show every step.",
    "Decide whether the premise entails the hypothesis.",
    "Write a short title for the news article.",
    "List the people and places that the text names, in the order in which they come.",
    "Continue the story in the style of its author, and " + "very " * 150 + "slowly.",
)
"""Golden descriptions of a random bundle; the last is longer than the encoder's window."""


def export_random(
    variant: Literal["L", "M", "S"],
    target: TargetSpec,
    dim: int,
    name: str,
    out_dir: Path,
    *,
    version: str = "0.0.0",
    seed: int = 0,
    overwrite: bool = False,
) -> str:
    """A bundle with random weights of the right sizes; nothing it makes is of use.

    With dim 384 it has the embedded encoder, with any other it takes embeddings only.

    :return: the bundle's digest.
    """
    config = HypernetworkConfig(variant, embedding_dim=dim, head_init="normal")
    network = Hypernetwork(config, target, seed=seed)
    if dim == MINILM.dim:
        info, shared = MINILM, Path(out_dir) / MINILM_FOLDER
        if not (shared / MODEL_FILE).exists():
            export_encoder(shared)
        golden = golden_from_encoder(OnnxEncoder(shared), RANDOM_DESCRIPTIONS)
    else:
        info = EncoderInfo(kind="given", model="none", dim=dim)
        rows = np.random.default_rng(seed).standard_normal((len(RANDOM_DESCRIPTIONS), dim))
        unit = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
        golden = Golden(RANDOM_DESCRIPTIONS, torch.from_numpy(unit).float())
    return export_bundle(
        network,
        encoder=info,
        golden=golden,
        fit=Fit(RANDOM_DESCRIPTIONS, golden.embeddings, good=0.75, uncertain=0.5),
        norm_embeddings=golden.embeddings,
        evaluation={},
        training={"random": True, "seed": seed},
        out_dir=out_dir,
        name=name,
        version=version,
        overwrite=overwrite,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of the random export."""
    parser = argparse.ArgumentParser(prog="python -m t2l.export", description=__doc__)
    parser.add_argument("--random", action="store_true", required=True, help="random weights")
    parser.add_argument("--variant", choices=("L", "M", "S"), default="S")
    parser.add_argument("--target", type=Path, required=True, help="target spec, JSON")
    parser.add_argument("--dim", type=int, default=MINILM.dim, help="length of the embedding")
    parser.add_argument("--name", required=True)
    parser.add_argument("--version", default="0.0.0")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="the hypernets root")
    parser.add_argument("--overwrite", action="store_true")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    found = export_random(
        options.variant,
        TargetSpec.load(options.target),
        options.dim,
        options.name,
        options.out,
        version=options.version,
        seed=options.seed,
        overwrite=options.overwrite,
    )
    print(found)


if __name__ == "__main__":
    main()
