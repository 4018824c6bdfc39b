"""The stages in order, each a function of the configuration: what a stage needs lies on disk."""

import json
import logging
from dataclasses import asdict

from t2l.base_model import load_base_model, train_base_model
from t2l.config import Config
from t2l.corpus import Corpus, describe, open_encoder
from t2l.device import pick_device
from t2l.evaluate import evaluate_tasks, mean_adapter, summarise
from t2l.hypernetwork import Hypernetwork
from t2l.sft import build_hypernetwork, target_of, train_hypernetwork
from t2l.ship import ship_base_model, ship_bundle, ship_demo
from t2l.tasks.procedural import procedural_tasks

logger = logging.getLogger(__name__)

SHIPPED_PHRASINGS_SEED = 0  # of the descriptions that training draws from
HELD_OUT_SEED = 1  # of the descriptions that the report is made with


def encode_corpus(config: Config, which: str) -> Corpus:
    """Encode the descriptions of one part of the tasks.

    :param which: `train` (training tasks and phrasings), `unseen` or `seen` (held-out phrasings
        of unseen tasks, and of some training tasks).
    """
    tasks = procedural_tasks(config.tasks.limit, config.tasks.seed)
    encoder = open_encoder(config.assets_dir, config.run_dir / "embeddings")
    if which == "train":
        count = config.tasks.descriptions
        return describe(tasks.train, "train", count, SHIPPED_PHRASINGS_SEED, encoder)
    if which == "unseen":
        rows = tasks.unseen[: config.evaluation.tasks]
    else:
        step = max(1, len(tasks.train) // max(1, config.evaluation.seen_tasks))
        rows = tasks.train[::step][: config.evaluation.seen_tasks]
    return describe(rows, "held_out", config.evaluation.descriptions, HELD_OUT_SEED, encoder)


def base(config: Config) -> None:
    """Train the tiny base model."""
    tasks = procedural_tasks(config.tasks.limit, config.tasks.seed)
    train_base_model(config.base, tasks.train, config.run_dir / "base", pick_device())


def encode(config: Config) -> None:
    """Encode every description once; later stages find the vectors on disk."""
    for which in ("train", "unseen", "seen"):
        encode_corpus(config, which)


def sft(config: Config) -> None:
    """Meta-train the hypernetwork through the frozen base model."""
    folder = config.run_dir / "base" / "final"
    model = load_base_model(folder)
    corpus = encode_corpus(config, "train")
    target = target_of(model, folder, config)
    hypernetwork = build_hypernetwork(config, target, corpus.embeddings[0].shape[1])
    train_hypernetwork(config, model, hypernetwork, corpus, config.run_dir / "sft", pick_device())


def evaluate(config: Config) -> None:
    """Measure the hypernetwork with its controls; writes `evaluation.json`."""
    model = load_base_model(config.run_dir / "base" / "final")
    hypernetwork = Hypernetwork.load(config.run_dir / "sft" / "final")
    device = pick_device()
    static = mean_adapter(hypernetwork, encode_corpus(config, "train").centroids(), device)
    results = config.run_dir / "evaluation.jsonl"
    report: dict[str, object] = {"settings": asdict(config.evaluation)}
    for which, seen in (("unseen", False), ("seen", True)):
        corpus = encode_corpus(config, which)
        rows = evaluate_tasks(
            model, hypernetwork, corpus, static, config.evaluation, device, seen, results
        )
        report[which] = {"tasks": len(rows), "conditions": summarise(rows)}
    path = config.run_dir / "evaluation.json"
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    logger.info("%s\n%s", path, json.dumps(report, indent=2))


def export(config: Config) -> None:
    """Write base model, graph, bundle and demo tasks under the assets folder."""
    encoder = open_encoder(config.assets_dir, config.run_dir / "embeddings")
    hypernetwork = Hypernetwork.load(config.run_dir / "sft" / "final")
    train, unseen = encode_corpus(config, "train"), encode_corpus(config, "unseen")
    evaluation = json.loads((config.run_dir / "evaluation.json").read_text(encoding="utf-8"))
    ship_base_model(config, hypernetwork)
    ship_demo(config, unseen)
    digest = ship_bundle(config, hypernetwork, train, unseen, encoder, evaluation)
    logger.info("%s %s has digest %s", config.bundle.name, config.bundle.version, digest)


def everything(config: Config) -> None:
    """All stages in order; what is finished is not done again."""
    for stage in (base, encode, sft, evaluate, export):
        logger.info("stage %s", stage.__name__)
        stage(config)
