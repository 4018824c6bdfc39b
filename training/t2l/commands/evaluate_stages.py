"""Stages that measure: a run's networks, a bundle, studies, and the page of results."""

import json
import logging
from dataclasses import asdict
from functools import partial
from pathlib import Path

from t2l.config.recipe import Config
from t2l.evaluate.conditions import (
    BEFORE_EXPORT,
    NEEDS_TRAINING,
    WITHOUT_HYPERNETWORK,
    conditions_of,
    conditions_on,
)
from t2l.evaluate.measure import measure
from t2l.evaluate.opening import open_base
from t2l.evaluate.results import ResultRow, summarise
from t2l.evaluate.run import (
    is_published,
    left_out_tasks,
    load_hypernetwork,
    open_setting,
    oracle_tasks,
    public_tasks,
    report_tasks,
    results_dir,
    seen_tasks,
    training_corpus,
    with_seed,
)
from t2l.evaluate.setting import Setting
from t2l.evaluate.studies import run_study
from t2l.evaluate.vectors import write_vectors
from t2l.export.bundle.manifest import BundleError, canonical_bytes, digest
from t2l.export.bundle.run import BundleNetwork
from t2l.report.build import DOCS, build_report
from t2l.tasks.source import Task

logger = logging.getLogger(__name__)

STUDIES = Path(__file__).parents[2] / "configs" / "studies.yaml"
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


def evaluate(
    config: Config,
    bundle: Path | None = None,
    precision: str = "int8",
    seed: int | None = None,
) -> None:
    """Measure every training seed with its controls and baselines; writes `evaluation.json`.

    :param bundle: measured instead of the run's networks, by `evaluate_bundle`.
    """
    if bundle is not None:
        evaluate_bundle(config, bundle, precision, seed)
        return
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
    output = setting.hypernetwork.target.output
    rows = []
    for split, tasks in splits.items():
        if not tasks:  # not every world has left-out shapes
            continue
        names = [
            name
            for name in conditions_on(split, template, left, split in public, output)
            if (name in WITHOUT_HYPERNETWORK) == (train_seed < 0)
        ]
        some_only = split == "report" and config.evaluation.oracle_tasks is not None
        apart = [name for name in names if name == "oracle" and some_only]
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
            if apart:
                ask(oracle_tasks(config), apart)
            rows += ask(tasks, [name for name in names if name not in apart])
    return rows


def evaluate_bundle(config: Config, folder: Path, precision: str, seed: int | None) -> None:
    """Measure a bundle through its own graph on the report's tasks; prints what it finds."""
    try:
        network = BundleNetwork(folder, precision)
    except ValueError as error:
        raise BundleError(f"{error}: give --precision one of them") from error
    theirs, ours = network.target.base_model, open_base(config).record
    if (theirs.id, theirs.revision) != (ours.id, ours.revision):
        raise BundleError(
            f"{folder}: its adapters are for {theirs.id} at {theirs.revision[:12]}, the recipe's "
            f"base model is {ours.id} at {ours.revision[:12]}: give --config a recipe of the former"
        )
    setting = open_setting(config, network, training_corpus(config))
    left = (*NEEDS_TRAINING, *BEFORE_EXPORT)
    known = conditions_of(setting.template.name, network.target.output)
    names = [name for name in known if name not in left]
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


def report(config: Config, recipe: Path | None = None) -> None:
    """Make the results page and its figures: in `docs` for the recipe that ships.

    :param recipe: its file, which the page's commands name.
    """
    docs = DOCS if is_published(config) else config.run_dir / "docs"
    build_report(results_dir(config), docs, config, recipe)


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
