"""The stages in order, each a function of the configuration: what a stage needs lies on disk."""

import itertools
import json
import logging
from dataclasses import asdict

from t2l.base_model import load_base_model, train_base_model
from t2l.config import Config
from t2l.corpus import Corpus, describe, open_encoder
from t2l.device import pick_device
from t2l.encoder import OnnxEncoder
from t2l.evaluate import evaluate_tasks, mean_adapter, summarise
from t2l.hypernetwork import Hypernetwork
from t2l.sft import build_hypernetwork, target_of, train_hypernetwork
from t2l.ship import ship_base_model, ship_bundle, ship_demo
from t2l.tasks.procedural import Split, procedural_tasks

logger = logging.getLogger(__name__)

TRAINING_SEED = 0  # of the descriptions that training draws from
REPORT_SEED = 1  # of the descriptions that the report is made with
SPLITS: tuple[Split, Split] = ("held_out", "train")


def training_corpus(config: Config) -> Corpus:
    """The tasks and encoded phrasings that the hypernetwork trains on."""
    tasks = procedural_tasks(config.tasks.limit, config.tasks.seed)
    rows = (*tasks.train, *tasks.extra)
    return describe(rows, "train", config.tasks.descriptions, TRAINING_SEED, shared_encoder(config))


def report_corpus(config: Config, seen: bool, split: Split) -> Corpus:
    """The tasks that are measured, with encoded phrasings.

    :param seen: training tasks instead of unseen ones.
    :param split: `held_out` phrasings, or new sentences of the `train` grammar.
    """
    tasks = procedural_tasks(config.tasks.limit, config.tasks.seed)
    rows = tasks.unseen[: config.evaluation.tasks]
    if seen:
        step = max(1, len(tasks.train) // max(1, config.evaluation.seen_tasks))
        rows = tasks.train[::step][: config.evaluation.seen_tasks]
    count = config.evaluation.descriptions
    return describe(rows, split, count, REPORT_SEED, shared_encoder(config))


def shared_encoder(config: Config) -> OnnxEncoder:
    """The encoder that ships, with the run's cache of vectors."""
    return open_encoder(config.assets_dir, config.run_dir / "embeddings")


def base(config: Config) -> None:
    """Train the tiny base model."""
    tasks = procedural_tasks(config.tasks.limit, config.tasks.seed)
    train_base_model(config.base, tasks.train, config.run_dir / "base", pick_device())


def encode(config: Config) -> None:
    """Encode every description once; later stages find the vectors on disk."""
    training_corpus(config)
    for seen, split in itertools.product((False, True), SPLITS):
        report_corpus(config, seen, split)


def sft(config: Config) -> None:
    """Meta-train the hypernetwork through the frozen base model."""
    folder = config.run_dir / "base" / "final"
    model = load_base_model(folder)
    corpus = training_corpus(config)
    target = target_of(model, folder, config)
    hypernetwork = build_hypernetwork(config, target, corpus.embeddings[0].shape[1])
    train_hypernetwork(config, model, hypernetwork, corpus, config.run_dir / "sft", pick_device())


def evaluate(config: Config) -> None:
    """Measure the hypernetwork with its controls; writes `evaluation.json`."""
    model = load_base_model(config.run_dir / "base" / "final")
    hypernetwork = Hypernetwork.load(config.run_dir / "sft" / "final")
    device = pick_device()
    static = mean_adapter(hypernetwork, training_corpus(config).centroids(), device)
    results = config.run_dir / "evaluation.jsonl"
    report: dict[str, object] = {"settings": asdict(config.evaluation)}
    for which, seen in (("unseen", False), ("seen", True)):
        held_out, known = (report_corpus(config, seen, split) for split in SPLITS)
        rows = evaluate_tasks(
            model, hypernetwork, held_out, known, static, config.evaluation, device, seen, results
        )
        report[which] = {"tasks": len(rows), "conditions": summarise(rows)}
    path = config.run_dir / "evaluation.json"
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    logger.info("%s\n%s", path, json.dumps(report, indent=2))


def export(config: Config) -> None:
    """Write base model, graph, bundle and demo tasks under the assets folder."""
    hypernetwork = Hypernetwork.load(config.run_dir / "sft" / "final")
    train = training_corpus(config)
    held_out, known = (report_corpus(config, False, split) for split in SPLITS)
    evaluation = json.loads((config.run_dir / "evaluation.json").read_text(encoding="utf-8"))
    ship_base_model(config, hypernetwork)
    ship_demo(config, known, held_out)
    digest = ship_bundle(config, hypernetwork, train, held_out, shared_encoder(config), evaluation)
    logger.info("%s %s has digest %s", config.bundle.name, config.bundle.version, digest)


def everything(config: Config) -> None:
    """All stages in order; what is finished is not done again."""
    for stage in (base, encode, sft, evaluate, export):
        logger.info("stage %s", stage.__name__)
        stage(config)
