"""`python -m t2l import-sakana`: a released checkpoint becomes a bundle that the edge runs.

    args.yaml, adapter_config.json, hypermod.pt -> network -> graphs, golden vectors, manifest

Nothing of the base model is needed but its target spec. With descriptions and a service that runs
the checkpoint's encoder, the bundle also knows what it was trained on (fit) and how large its
updates usually are (the norm guard); without them it says that it does not.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from t2l.encoders.embedding_service import EmbeddingService
from t2l.encoders.info import EncoderInfo
from t2l.export.bundle.data import Fit, Golden
from t2l.export.bundle.fit_matrix import fit_of_descriptions
from t2l.export.bundle.write import export_bundle
from t2l.export.graphs import GraphOptions
from t2l.sakana.checkpoint import (
    ARGS_FILE,
    PEFT_FILE,
    WEIGHTS_FILE,
    Checkpoint,
    CheckpointError,
    read_checkpoint,
)
from t2l.sakana.convert import convert
from t2l.sakana.encoder_info import encoder_of
from t2l.sakana.known_targets import known_target
from t2l.tasks.descriptions import TaskDescriptions

logger = logging.getLogger(__name__)

GOLDEN_DESCRIPTIONS = (
    "Answer grade-school math word problems step by step.",
    "Decide whether the premise entails the hypothesis",
    "Write a short title for the news article.",
    "Translate the sentence from English to French!",
)
NORM_ROWS = 512  # descriptions that the norm guard is measured on


@dataclass(frozen=True)
class ImportOptions:
    """How a checkpoint is imported.

    :param out: folder of the bundle, `<root>/<name>/<version>`.
    :param target: a target spec file, by default the one that ships for the base model.
    :param graphs: precisions, and whether in chunks.
    :param precision: which graph the edge runs unless asked for another.
    :param tasks: descriptions of the tasks it was trained on, if they are at hand.
    :param service: runs the checkpoint's encoder; needed for `tasks`.
    :param overwrite: replace a bundle that was never released.
    """

    out: Path
    target: Path | None = None
    graphs: GraphOptions = GraphOptions()
    precision: str = "int8"
    tasks: tuple[TaskDescriptions, ...] = ()
    service: EmbeddingService | None = None
    overwrite: bool = False


def import_checkpoint(folder: Path, options: ImportOptions) -> str:
    """Write the bundle of a checkpoint.

    :return: the bundle's digest.
    :raises CheckpointError: for what cannot be imported.
    :raises BundleError: for a name that is not one, or a bundle that exists.
    """
    checkpoint = read_checkpoint(folder)
    network = convert(checkpoint, known_target(checkpoint, options.target))
    encoder = encoder_of(checkpoint, network.config.embedding_dim)
    if options.tasks and options.service is None:
        raise CheckpointError(
            f"descriptions need vectors of {encoder.model}: give the URL of a service that runs it "
            "with --encoder-url, or leave --descriptions out"
        )
    if options.service is not None and encoder.kind != "http":
        raise CheckpointError(
            f"{folder / ARGS_FILE}: the encoder is {encoder.model} itself, its last token; no "
            "embedding service gives that: leave --encoder-url out"
        )
    texts = [text for task in options.tasks for text in task.texts]
    vectors = _encode(options.service, encoder, texts)
    root, name, version = options.out.parents[1], options.out.parent.name, options.out.name
    logger.info(
        "%s: variant %s, modules %s", folder, network.config.variant, checkpoint.module_order
    )
    return export_bundle(
        network,
        encoder=encoder,
        golden=_golden(options.service, encoder),
        fit=_fit(options.tasks, vectors),
        norm_embeddings=_spread(vectors) if texts else None,
        evaluation={},
        training=_provenance(checkpoint),
        out_dir=root,
        name=name,
        version=version,
        precision=options.precision,
        graphs=options.graphs,
        overwrite=options.overwrite,
    )


def _encode(service: EmbeddingService | None, encoder: EncoderInfo, texts: list[str]) -> Tensor:
    if service is None or not texts:
        return torch.empty(0, encoder.dim)
    return torch.stack([service.encode(encoder.to_json(), text) for text in texts])


def _golden(service: EmbeddingService | None, encoder: EncoderInfo) -> Golden:
    """Golden inputs: vectors of real sentences, or of random direction and the right length."""
    if service is not None:
        return Golden(GOLDEN_DESCRIPTIONS, _encode(service, encoder, list(GOLDEN_DESCRIPTIONS)))
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(len(GOLDEN_DESCRIPTIONS), encoder.dim, generator=generator).double()
    rows = torch.nn.functional.normalize(rows, dim=-1) * encoder.scale
    return Golden(GOLDEN_DESCRIPTIONS, rows.float())


def _fit(tasks: tuple[TaskDescriptions, ...], vectors: Tensor) -> Fit | None:
    if not tasks:
        return None
    return fit_of_descriptions(tasks, vectors)


def _spread(vectors: Tensor) -> Tensor:
    """At most `NORM_ROWS` rows, evenly spread."""
    step = max(1, len(vectors) // NORM_ROWS)
    return vectors[::step][:NORM_ROWS]


def _provenance(checkpoint: Checkpoint) -> dict[str, object]:
    """Where a bundle comes from: the manifest's `training`."""
    files = {
        file: hashlib.sha256((checkpoint.folder / file).read_bytes()).hexdigest()
        for file in (ARGS_FILE, PEFT_FILE, WEIGHTS_FILE)
    }
    return {
        "imported_from": "text-to-lora",
        "training_task": checkpoint.args.training_task,
        "task_encoder": checkpoint.task_encoder,
        "strength": "as trained: alpha and the rank-stabilised flag of adapter_config.json",
        "files": files,
    }
