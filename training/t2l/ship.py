"""Puts a finished run under `src/assets`: base model, its graph, the bundle and the demo's tasks.

Nothing here trains. It gathers what the stages left in the run's folder, measures the two
thresholds of the fit score, and hands everything to the exporter.
"""

import json
import logging
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from t2l.base_model import ARROW, load_base_model
from t2l.config import Config, config_digest
from t2l.corpus import Corpus
from t2l.encoder import OnnxEncoder
from t2l.evaluate import fresh_samples
from t2l.export import MINILM, Fit, export_bundle, golden_from_encoder
from t2l.hypernetwork import Hypernetwork
from t2l.onnx_lm import export_lm
from t2l.tasks.off_topic import OFF_TOPIC

logger = logging.getLogger(__name__)

DEMO_TASKS = 20
DEMO_SAMPLES = 200
DEMO_SEED = 20_000  # far from the seeds of training and of the report
GOLDEN_TASKS = 4
NORM_DESCRIPTIONS = 2  # of each training task, for the norm guard
GOOD_QUANTILE = 0.1  # of unseen tasks' scores: nine in ten of them are a good fit
UNFIT_QUANTILE = 0.95  # of off-topic scores: nineteen in twenty of them are unfit


def fit_of(train: Corpus, unseen: Corpus, encoder: OnnxEncoder) -> Fit:
    """The fit data: where training tasks lie, and thresholds from texts that are not among them.

    :raises ValueError: if unseen tasks do not score above off-topic texts.
    """
    matrix = train.centroids()  # [tasks, dim]
    inside = _best(torch.cat(unseen.embeddings), matrix)
    outside = _best(encoder.encode(list(OFF_TOPIC)), matrix)
    good = float(inside.quantile(GOOD_QUANTILE))
    uncertain = float(outside.quantile(UNFIT_QUANTILE))
    logger.info("fit: unseen tasks %.3f, off-topic %.3f", inside.mean(), outside.mean())
    if float(inside.mean()) <= float(outside.mean()):
        raise ValueError("off-topic texts score like unseen tasks: the fit score would be noise")
    names = tuple(task.name for task in train.tasks)
    return Fit(names, matrix, good=round(good, 4), uncertain=round(min(good, uncertain), 4))


def _best(vectors: Tensor, matrix: Tensor) -> Tensor:
    """Highest cosine of each vector with any row, [n]."""
    return (torch.nn.functional.normalize(vectors, dim=1) @ matrix.T).max(dim=1).values


def ship_base_model(config: Config, hypernetwork: Hypernetwork) -> None:
    """Copy the base model and write its graph beside it."""
    source = config.run_dir / "base" / "final"
    folder = config.assets_dir / "base-models" / config.base.id.split("/")[-1]
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    export_lm(load_base_model(source), hypernetwork.target, folder / "lm.onnx")


def ship_demo(config: Config, known: Corpus, held_out: Corpus) -> None:
    """Write the demo's tasks: a seeded draw from the unseen ones, with fresh samples.

    :param known: unseen tasks, described in new sentences of known words.
    :param held_out: the same tasks in held-out phrasings.
    """
    rng = random.Random(f"demo|{DEMO_SEED}")
    picks = sorted(rng.sample(range(len(known.tasks)), min(DEMO_TASKS, len(known.tasks))))
    rows = []
    for pick in picks:
        task = known.tasks[pick]
        samples = [
            {"prompt": f"{sample.input}{ARROW}", "answer": sample.output}
            for sample in fresh_samples(task, DEMO_SAMPLES, DEMO_SEED)
        ]
        rows.append(
            {
                "name": task.name,
                "description": known.descriptions[pick][0],
                "held_out": held_out.descriptions[pick][0],
                "samples": samples,
            }
        )
    path = config.assets_dir / "demo" / "unseen-tasks.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"tasks": rows}, indent=1) + "\n", encoding="utf-8")


def ship_bundle(
    config: Config,
    hypernetwork: Hypernetwork,
    train: Corpus,
    unseen: Corpus,
    encoder: OnnxEncoder,
    evaluation: dict[str, Any],
) -> str:
    """Export the bundle.

    :return: its digest.
    """
    golden = [
        unseen.descriptions[index][0] for index in range(min(GOLDEN_TASKS, len(unseen.tasks)))
    ]
    norms = torch.cat([vectors[:NORM_DESCRIPTIONS] for vectors in train.embeddings])
    return export_bundle(
        hypernetwork,
        encoder=MINILM,
        # One text is longer than the encoder takes, so that every runtime must cut alike.
        golden=golden_from_encoder(encoder, [*golden, OFF_TOPIC[0], " ".join(OFF_TOPIC)]),
        fit=fit_of(train, unseen, encoder),
        norm_embeddings=norms,
        evaluation=evaluation,
        training={
            "commit": current_commit(Path(__file__).parent),
            "config": config_digest(config),
            "seeds": {"base": config.base.seed, "sft": config.sft.seed, "tasks": config.tasks.seed},
            "tasks": len(train.tasks),
        },
        out_dir=config.assets_dir / "hypernets",
        name=config.bundle.name,
        version=config.bundle.version,
        overwrite=True,
        make_default=True,
    )


def current_commit(folder: Path) -> str:
    """The commit the code is at, or "unknown" outside a checkout."""
    result = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=False
    )
    return result.stdout.strip() or "unknown"
