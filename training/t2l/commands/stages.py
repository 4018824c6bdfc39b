"""The stages in order, each a function of the configuration: what a stage needs lies on disk."""

import json
import logging
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from t2l.base.device import pick_device
from t2l.base.model import BaseModel
from t2l.base.target import TargetSpec
from t2l.commands.encoder_stage import encoder
from t2l.commands.refit import refit as refit_bundle
from t2l.commands.ship import check_encoder, ship
from t2l.config.recipe import OF_ORACLES, Config
from t2l.evaluate.compression import compression
from t2l.evaluate.conditions import (
    BEFORE_EXPORT,
    NEEDS_TRAINING,
    WITHOUT_HYPERNETWORK,
    conditions_of,
    conditions_on,
)
from t2l.evaluate.measure import measure
from t2l.evaluate.opening import device_of, open_base, open_template, target_of
from t2l.evaluate.results import ResultRow, append_json, summarise
from t2l.evaluate.run import (
    is_published,
    keep_apart,
    left_out_tasks,
    load_hypernetwork,
    meta_corpus,
    open_setting,
    oracle_corpus,
    oracle_tasks,
    procedural_tasks_of,
    public_tasks,
    reconstruction_folder,
    report_tasks,
    results_dir,
    seen_tasks,
    tasks_of,
    trained_hypernetwork,
    training_corpus,
    training_oracle_tasks,
    with_seed,
)
from t2l.evaluate.setting import Setting
from t2l.evaluate.studies import note_training, run_study
from t2l.evaluate.vectors import write_vectors
from t2l.export.bundle.manifest import canonical_bytes, digest
from t2l.export.bundle.run import BundleNetwork
from t2l.mini.adopt import adopt as adopt_shipped
from t2l.mini.adopt import adopt_base, base_is_missed
from t2l.mini.base_model import train_base_model
from t2l.report.build import DOCS, build_report
from t2l.tasks.source import Task
from t2l.train.objectives.hyperdecoder import train_hyperdecoder
from t2l.train.objectives.multi_task import train_multi_task
from t2l.train.objectives.oracles import load_oracles, train_oracles
from t2l.train.objectives.reconstruction import train_reconstruction
from t2l.train.objectives.sft import build_hypernetwork, whitening_of
from t2l.train.parallel import join_world

logger = logging.getLogger(__name__)

STUDIES = Path(__file__).parents[2] / "configs" / "studies.yaml"
COMPRESSION_SAMPLES = 8  # questions a task
COMPRESSION_VARIANTS = ("S", "M", "L")
# What the manifest says of a bundle; the report has all conditions.
MANIFEST_CONDITIONS = (
    "zero_shot",
    "three_shot",
    "matched",
    "int8",
    "known_words",
    "shuffled",
    "junk_words",
    "static",
    "multi_task",
    "oracle",
)
VECTOR_DESCRIPTIONS = 3  # of each task that the report's maps show


def adopt(config: Config) -> None:
    """Begin the run with the base model and the encoder that ship."""
    adopt_shipped(config)


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
    corpus = meta_corpus(config)
    for seed in config.evaluation.train_seeds:
        seeded = with_seed(config, seed)
        network = trained_hypernetwork(seeded, corpus)
        if not join_world().first:
            continue  # one process keeps the books
        keep_apart(seeded, network)
        path = results_dir(config) / "training.jsonl"
        note_training(path, "main", config.hypernetwork.variant, seeded)


def oracles(config: Config) -> None:
    """Train a LoRA for the unseen tasks of the report, or some of them, and some training tasks."""
    if set(OF_ORACLES) <= set(config.evaluation.leave_out):
        logger.info("no oracle is trained: evaluation.leave_out has all that need one")
        return
    base, target = _base_and_target(config)
    rows = [*training_oracle_tasks(config), *oracle_tasks(config), *left_out_tasks(config)]
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
    """Train S, M and L to reproduce the oracles; measure each as a compression of them."""
    corpus = oracle_corpus(config)
    base, target = _base_and_target(config)
    device = device_of(config)
    wanted = load_oracles(config.run_dir, [task.name for task in corpus.tasks])
    whitening, template = whitening_of(meta_corpus(config), config.sft), open_template(config, base)
    for variant in COMPRESSION_VARIANTS:
        ours = replace(config, hypernetwork=replace(config.hypernetwork, variant=variant))
        network = build_hypernetwork(ours, target, corpus.embeddings[0].shape[1])
        folder = reconstruction_folder(ours)
        network = train_reconstruction(ours, network, corpus, wanted, folder, device, whitening)
        found = compression(
            base.model, network, corpus, wanted, COMPRESSION_SAMPLES, 0, device, template
        )
        row = {"variant": variant, "train_seed": config.sft.seed, **asdict(found)}
        append_json(results_dir(config) / "compression.jsonl", row)


def _base_and_target(config: Config) -> tuple[BaseModel, TargetSpec]:
    base = open_base(config)
    return base, target_of(config, base)


def evaluate(config: Config) -> None:
    """Measure every training seed with its controls and baselines; writes `evaluation.json`."""
    corpus = training_corpus(config)
    results = results_dir(config) / "main.jsonl"
    rows: list[ResultRow] = []
    for seed in config.evaluation.train_seeds:
        setting = open_setting(config, load_hypernetwork(with_seed(config, seed)), corpus)
        rows += evaluate_setting(setting, results, seed)
    rows += evaluate_setting(setting, results, -1)
    report = report_of(config, rows)
    path = config.run_dir / "evaluation.json"
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    logger.info("%s\n%s", path, json.dumps(report, indent=2))


def evaluate_setting(setting: Setting, results: Path, train_seed: int) -> list[ResultRow]:
    """Measure a training seed's conditions on every split and sampling seed.

    :param train_seed: -1 for the conditions without a hypernetwork.
    """
    config = setting.config
    public = public_tasks(config)
    splits: dict[str, tuple[Task, ...]] = {
        "report": report_tasks(config),
        "left_out": left_out_tasks(config),
        **public,
        "seen": seen_tasks(config),
    }
    left, template = config.evaluation.leave_out, setting.template.name
    rows = []
    for split, tasks in splits.items():
        if not tasks:  # not every world has left-out shapes
            continue
        names = [
            name
            for name in conditions_on(split, template, left, split in public)
            if (name in WITHOUT_HYPERNETWORK) == (train_seed < 0)
        ]
        for seed in config.evaluation.sampling_seeds:
            ask = partial(
                measure,
                setting,
                results=results,
                study="main",
                variant=config.hypernetwork.variant if train_seed >= 0 else "base",
                train_seed=train_seed,
                sampling_seed=seed,
                split=split,
            )
            if split == "report" and "oracle" in names:  # perhaps for some of the tasks only
                ask(oracle_tasks(config), ["oracle"])
                names.remove("oracle")
            rows += ask(tasks, names)
    return rows


def evaluate_bundle(config: Config, folder: Path, precision: str, seed: int | None) -> None:
    """Measure a bundle through its own graph on the report's tasks; prints what it finds."""
    network = BundleNetwork(folder, precision)
    setting = open_setting(config, network, training_corpus(config))
    left = (*NEEDS_TRAINING, *BEFORE_EXPORT)
    names = [name for name in conditions_of(setting.template.name) if name not in left]
    manifest = network.manifest
    # Versions are reused while bundles are tried; what was measured belongs to a digest.
    identity = digest(canonical_bytes(manifest))[:12]
    rows = measure(
        setting,
        report_tasks(config),
        names,
        config.run_dir / "bundles.jsonl",
        study="bundle",
        variant=f"{manifest['name']} {manifest['version']} {identity} {precision}",
        train_seed=-1,
        sampling_seed=config.evaluation.sampling_seeds[0] if seed is None else seed,
        split="report",
    )
    print(json.dumps({"tasks": len(rows), "conditions": summarise(rows)}, indent=2))


def vectors(config: Config) -> None:
    """Write vectors of descriptions and adapters, for the report's maps."""
    first = with_seed(config, config.evaluation.train_seeds[0])
    setting = open_setting(first, load_hypernetwork(first), training_corpus(first))
    tasks = [*report_tasks(config), *seen_tasks(config)]
    path = results_dir(config) / "vectors.safetensors"
    write_vectors(setting, tasks, "held_out", VECTOR_DESCRIPTIONS, path)


def study(config: Config, name: str) -> None:
    """Train and measure the variants of a study."""
    run_study(config, name, STUDIES, results_dir(config))


def report(config: Config) -> None:
    """Make the results page and its figures: in `docs` for the recipe that ships."""
    build_report(
        results_dir(config), DOCS if is_published(config) else config.run_dir / "docs", config
    )


def report_of(config: Config, rows: list[ResultRow]) -> dict[str, object]:
    """Figures for the manifest: settings, and every split's conditions."""
    report: dict[str, object] = {"settings": asdict(config.evaluation)}
    for split in dict.fromkeys(row.split for row in rows):
        ours = [row for row in rows if row.split == split]
        tasks = len({row.task for row in ours})
        found = summarise(ours)
        conditions = {name: found[name] for name in MANIFEST_CONDITIONS if name in found}
        report[split] = {"tasks": tasks, "conditions": conditions}
    return report


def export(config: Config, real: Path | None = None) -> None:
    """Write base model, graph, bundle and demo tasks under the assets folder.

    :param real: descriptions of other tasks, to be scored beside the report's (`evaluate/fit.py`).
    """
    first = with_seed(config, config.evaluation.train_seeds[0])
    ship(first, load_hypernetwork(first), training_corpus(config), real)


def refit(config: Config, folder: Path, real: Path | None = None) -> None:
    """Measure the fit of a bundle anew and write it as version `bundle.version`.

    :param real: as in `export`.
    """
    refit_bundle(config, folder, real)


def everything(config: Config) -> None:
    """All stages in order; what is finished is not done again."""
    check_encoder(config)  # or the last stage would refuse it
    for stage in (base, encoder, encode, oracles, sft, baselines, evaluate, export):
        logger.info("stage %s", stage.__name__)
        stage(config)
