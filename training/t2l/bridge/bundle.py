"""Writes the bundle of a bridge: the same hypernetwork behind another encoder.

    descriptions -> both encoders -> map -> the graphs' fronts, golden vectors, fit -> bundle

Head chunks, norms and evaluation figures stay as they are; what is new is about the new encoder's
vectors.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnxruntime as ort
import torch
from torch import Tensor

from t2l.api.bundle_generator import BundleGenerator
from t2l.base.adapter_weights import LoraWeights
from t2l.bridge.graph import bridged, with_encoded_task
from t2l.bridge.manifest import FIT_FILE, GOLDEN_FILE, bridge_manifest, kept_files
from t2l.bridge.regression import BridgeReport, Split, evenly, fit_map, measure_map, split_tasks
from t2l.bridge.source import EncoderSource
from t2l.export.bundle.data import Golden, fit_bytes, golden_file
from t2l.export.bundle.fit_matrix import fit_of_descriptions
from t2l.export.bundle.graphs import run_graphs
from t2l.export.bundle.manifest import BundleError, check_name, resolve
from t2l.export.bundle.write import partial_folder, publish
from t2l.graph.session import run_session
from t2l.tasks.descriptions import TaskDescriptions

logger = logging.getLogger(__name__)

GOLDEN_TEXTS = 4


@dataclass(frozen=True)
class Samples:
    """The texts of all tasks, which of them are held out, and what both encoders make of them.

    :param old: the bundle's own encoder's vectors, [texts, dim].
    :param new: the other encoder's, [texts, dim].
    """

    texts: tuple[str, ...]
    split: Split
    old: Tensor
    new: Tensor


def build_bridge(
    bundle: BundleGenerator,
    source: EncoderSource,
    tasks: Sequence[TaskDescriptions],
    out: Path,
    *,
    overwrite: bool = False,
) -> BridgeReport:
    """Fit the map, measure it on held-out tasks and write the bundle.

    :param bundle: the bundle to bridge; its own encoder must be within reach.
    :param source: the other encoder.
    :param tasks: normalised descriptions, as `read_descriptions` gives them.
    :param out: folder of the new bundle, `<root>/<name>/<version>`.
    :raises BundleError: for a bundle that cannot be bridged, such as one that makes no LoRAs, or a
        folder that exists.
    :raises DescriptionsError: for too few tasks.
    """
    check_name(out.parent.name, out.name)
    if out.exists() and not overwrite:
        raise BundleError(f"{out} exists and versions are immutable; choose the next version")
    if bundle.target.output != "lora":
        raise BundleError(
            f"{bundle.hypernet} makes adapters of kind {bundle.target.output}: a bridge is "
            "measured by the updates of LoRAs, so give a bundle of those"
        )
    split, task_encoder = split_tasks(tasks), _task_encoder(bundle)
    samples = _encode(bundle, source, tasks, split)
    encoded = task_encoder(samples.old)  # [texts, Z/2]
    found = fit_map(samples.new, encoded, split)
    fronts = {
        file: _changed(bundle, file, lambda data: bridged(data, found.weight, found.bias))
        for file in _front_files(bundle)
    }
    before, after = _generator(bundle, {}), _generator(bundle, fronts)
    report = measure_map(
        found,
        samples.new,
        encoded,
        split,
        own=lambda i: before(samples.old[i]),
        bridged=lambda i: after(samples.new[i]),
    )
    logger.info("bridge: %s", report)
    fit, golden = fit_of_descriptions(tasks, samples.new), _golden(samples, source)
    contents = {
        **fronts,
        GOLDEN_FILE: _golden_bytes(bundle, fronts, golden, source.info.max_tokens),
        FIT_FILE: fit_bytes(fit),
    }
    source.install(out.parents[1])
    manifest = bridge_manifest(bundle, source.info, report, fit, golden, contents, out)
    partial = partial_folder(out)
    try:
        for file in kept_files(bundle):
            (partial / file).write_bytes(_read(bundle, file))
        publish(manifest, contents, partial, out.parents[1])
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return report


def _encode(
    bundle: BundleGenerator,
    source: EncoderSource,
    tasks: Sequence[TaskDescriptions],
    split: Split,
) -> Samples:
    texts = tuple(text for task in tasks for text in task.texts)
    own = bundle.manifest["encoder"]["model"]
    logger.info("encoding %d descriptions with %s and %s", len(texts), own, source.info.model)
    old = torch.stack([bundle.encode(text) for text in texts])
    new = torch.stack([source.encode(text) for text in texts])
    return Samples(texts, split, old, new)


def _task_encoder(bundle: BundleGenerator) -> Callable[[Tensor], Tensor]:
    """The bundle's own task encoder: its encoder's vectors [n, dim] -> encoded tasks [n, Z/2]."""
    front = _changed(bundle, _front_files(bundle)[0], with_encoded_task)
    session = ort.InferenceSession(front, providers=["CPUExecutionProvider"])

    def run(vectors: Tensor) -> Tensor:
        rows = [
            run_session(session, None, {"embedding": row[None].numpy()})[0][0] for row in vectors
        ]
        return torch.stack([torch.from_numpy(row) for row in rows])

    return run


def _generator(
    bundle: BundleGenerator, replaced: Mapping[str, bytes], precision: str | None = None
) -> Callable[[Tensor], LoraWeights]:
    """The bundle's hypernetwork, with some of its files replaced."""
    sessions: dict[str, ort.InferenceSession] = {}

    def read(file: str) -> bytes:
        return replaced[file] if file in replaced else _read(bundle, file)

    def run(vector: Tensor) -> LoraWeights:
        chosen = precision or bundle.precision
        tensors = run_graphs(bundle.manifest, read, chosen, vector, kept=sessions)
        names = bundle.target.module_names
        return {name: (tensors[f"{name}.A"], tensors[f"{name}.B"]) for name in names}

    return run


def _golden(samples: Samples, source: EncoderSource) -> Golden:
    rows = [int(i) for i in evenly(samples.split.held_out.nonzero()[0], GOLDEN_TEXTS)]
    texts = tuple(samples.texts[i] for i in rows)
    return Golden(texts, samples.new[rows], source.tokens(texts))


def _golden_bytes(
    bundle: BundleGenerator, fronts: Mapping[str, bytes], golden: Golden, max_tokens: int
) -> bytes:
    # whoever checks golden vectors takes them for exact if there is a float32 graph
    precision = "float32" if "float32" in bundle.manifest["graphs"] else bundle.precision
    run = _generator(bundle, fronts, precision)
    outputs = [run(row) for row in golden.embeddings]
    return golden_file(bundle.target, outputs, golden, max_tokens)


def _front_files(bundle: BundleGenerator) -> list[str]:
    """The files that begin with the task encoder: whole graphs, and the body of those in chunks."""
    graphs = bundle.manifest["graphs"]
    return list(dict.fromkeys(graphs[p].get("file", graphs[p].get("body")) for p in sorted(graphs)))


def _changed(bundle: BundleGenerator, file: str, change: Callable[[bytes], bytes]) -> bytes:
    try:
        return change(_read(bundle, file))
    except BundleError as error:
        raise BundleError(f"{bundle.folder / file}: {error}") from error


def _read(bundle: BundleGenerator, file: str) -> bytes:
    return resolve(bundle.folder.parents[1], bundle.folder, file).read_bytes()
