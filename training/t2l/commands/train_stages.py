"""Stages that train: the base model, vectors, the hypernetwork, and what it is compared with."""

import logging
from dataclasses import asdict, replace

from t2l.base.device import pick_device
from t2l.base.model import BaseModel
from t2l.base.quantized import require_quantizer
from t2l.base.target import TargetSpec
from t2l.commands.oracle_processes import train_in_processes
from t2l.config.recipe import Config, ConfigError
from t2l.evaluate.compression import compression
from t2l.evaluate.opening import device_of, open_base, open_template, target_of
from t2l.evaluate.results import append_json
from t2l.evaluate.run import (
    keep_apart,
    meta_corpus,
    oracle_corpus,
    procedural_tasks_of,
    reconstruction_folder,
    results_dir,
    tasks_of,
    tasks_with_oracles,
    trained_hypernetwork,
    with_seed,
)
from t2l.evaluate.studies import note_training
from t2l.mini.adopt import adopt_base, base_is_missed
from t2l.mini.base_model import train_base_model
from t2l.train.objectives.canonical_library import CanonicalLibrary
from t2l.train.objectives.hyperdecoder import train_hyperdecoder
from t2l.train.objectives.multi_task import train_multi_task
from t2l.train.objectives.oracle_store import OracleLibrary
from t2l.train.objectives.oracles import train_oracles
from t2l.train.objectives.reconstruction import train_reconstruction
from t2l.train.objectives.sft import build_hypernetwork, whitening_of
from t2l.train.parallel import join_world

logger = logging.getLogger(__name__)

COMPRESSION_SAMPLES = 8  # questions a task
COMPRESSION_VARIANTS = ("S", "M", "L")


def base(config: Config) -> None:
    """Train the tiny base model; any other is used as it is.

    Where the weights that it continues are missing, as in a checkout without history, the base
    model that ships takes its place: it is what the recipe would train.
    """
    if config.base.kind != "mini":
        logger.info("the base model is %s, which is not trained", config.base.where)
        return
    if base_is_missed(config):
        logger.info(
            "%s is not there to be continued (training/README.md says where to get it), so the run "
            "begins with the base model that ships",
            config.base.continue_from,
        )
        adopt_base(config)
        return
    tasks = procedural_tasks_of(config).train
    train_base_model(config.base, tasks, config.run_dir / "base", pick_device())


def encode(config: Config) -> None:
    """Encode every training description once; later stages find the vectors on disk."""
    meta_corpus(config)


def sft(config: Config) -> None:
    """Meta-train the hypernetwork of every training seed through the frozen base model."""
    require_quantizer(config.sft.base_quantization)
    corpus = meta_corpus(config)
    for seed in config.evaluation.train_seeds:
        seeded = with_seed(config, seed)
        network = trained_hypernetwork(seeded, corpus)
        if not join_world().first:
            continue  # one process keeps the books
        keep_apart(seeded, network)
        path = results_dir(config) / "training.jsonl"
        note_training(path, "main", config.hypernetwork.variant, seeded)


def oracles(config: Config, processes: int = 1) -> None:
    """Train a LoRA for the unseen tasks of the report, or some of them, and some training tasks.

    :param processes: how many train at once.
    """
    rows = tasks_with_oracles(config)
    if not rows:
        logger.info("no oracle is trained: evaluation.leave_out has all that need one")
        return
    if processes > 1:
        train_in_processes(config, processes)
        return
    base, target = _base_and_target(config)
    options, device = config.baselines.oracles, device_of(config)
    template = open_template(config, base)
    train_oracles(
        base.model,
        target,
        rows,
        options,
        config.run_dir,
        device,
        template=template,
        trainer=config.trainer,
    )


def baselines(config: Config) -> None:
    """Train the baselines that are one network for all tasks."""
    base, target = _base_and_target(config)
    tasks, folder, device = tasks_of(config), config.run_dir, device_of(config)
    options, template = config.baselines.multi_task, open_template(config, base)
    left = config.evaluation.leave_out
    if "multi_task" not in left:
        train_multi_task(
            base.model,
            target,
            tasks.train,
            tasks.selection,
            options,
            folder,
            device,
            template=template,
            trainer=config.trainer,
        )
    if "hyperdecoder" not in left:
        train_hyperdecoder(
            config, base.model, target, tasks.train, folder, device, template=template
        )


def reconstruction(config: Config) -> None:
    """Train S, M and L to reproduce the oracles; measure each as a compression of them.

    :raises ConfigError: for adapters that have no such factors, before any text is encoded.
    """
    if config.target.output != "lora":
        raise ConfigError(
            f"reconstruction copies the factors of LoRAs, which no {config.target.output} has; set "
            "target.output to lora"
        )
    corpus = oracle_corpus(config)
    base, target = _base_and_target(config)
    device = device_of(config)
    library = OracleLibrary.open(config.run_dir, [task.name for task in corpus.tasks])
    targets = CanonicalLibrary.of(library)
    whitening, template = whitening_of(meta_corpus(config), config.sft), open_template(config, base)
    for variant in COMPRESSION_VARIANTS:
        ours = replace(config, hypernetwork=replace(config.hypernetwork, variant=variant))
        network = build_hypernetwork(ours, target, corpus.embeddings[0].shape[1])
        folder = reconstruction_folder(ours)
        network = train_reconstruction(ours, network, corpus, targets, folder, device, whitening)
        found = compression(
            base.model, network, corpus, library, COMPRESSION_SAMPLES, 0, device, template
        )
        row = {"variant": variant, "train_seed": config.sft.seed, **asdict(found)}
        append_json(results_dir(config) / "compression.jsonl", row)


def _base_and_target(config: Config) -> tuple[BaseModel, TargetSpec]:
    base = open_base(config)
    return base, target_of(config, base)
