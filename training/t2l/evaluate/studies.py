"""Ablations: the run's recipe with one thing changed, at a budget small enough to train many.

A study names its variants and what each changes; `python -m t2l study NAME` trains those that are
not trained yet and measures them on the selection tasks in selection phrasings, exact match and the
loss of right answers, so that nothing is ever chosen on the report's tasks or words. Most studies
contain the plain recipe: variants that ask for the same thing share one network and one
measurement, found by a digest of what they ask for.
"""

import json
import logging
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import yaml

from t2l.config.load import RecipeYaml
from t2l.config.recipe import (
    BundleConfig,
    Config,
    ConfigError,
    EvaluationConfig,
    StudyConfig,
    config_digest,
    config_of,
    merged_values,
)
from t2l.evaluate.answer_losses import measure_losses
from t2l.evaluate.measure import measure
from t2l.evaluate.results import STUDY_LOSSES, append_json, append_rows, read_json, read_rows
from t2l.evaluate.run import (
    meta_corpus,
    open_setting,
    tasks_of,
    trained_hypernetwork,
    training_corpus,
)

logger = logging.getLogger(__name__)

CONDITIONS = ("matched", "known_words", "shuffled", "static")
SHARED = ("base", "encoder", "embeddings", "oracles", "minilm", "reconstruction")
SAMPLING_SEED = 2000  # of studies; the report has others


def read_studies(path: Path) -> dict[str, dict[str, Any]]:
    """Studies by name: variant -> what it changes in the configuration."""
    studies = yaml.load(path.read_text(encoding="utf-8"), RecipeYaml)
    return {
        name: {str(variant): changes or {} for variant, changes in variants.items()}
        for name, variants in studies.items()
    }


def variant_config(config: Config, study: str, variant: str, changes: dict[str, Any]) -> Config:
    """The run's configuration with a variant's changes, in a folder named after what it asks for.

    Base model, encoder and oracles stay those of the run. A variant that asks for the run's own
    recipe, its steps included, is the run's own network.
    """
    values = asdict(config)
    values["sft"]["steps"] = config.study.steps
    values = merged_values(merged_values(values, config.study.recipe), changes)
    changed = config_of(values)
    kept = (config.base, config.tasks.limit, config.tasks.seed)
    if (changed.base, changed.tasks.limit, changed.tasks.seed) != kept:
        raise ConfigError(f"study {study}: a variant cannot change the base model or its tasks")
    if recipe_digest(changed) == recipe_digest(config):
        return config
    folder = config.run_dir / "studies" / recipe_digest(changed)[:16]
    _link(config.run_dir, folder, SHARED)
    values["runs"] = str(folder)
    return config_of(values)


def recipe_digest(config: Config) -> str:
    """sha256 of what determines a trained network: not how it is measured, named or studied."""
    plain = replace(
        config, bundle=BundleConfig(), evaluation=EvaluationConfig(), study=StudyConfig()
    )
    return config_digest(plain, leave_out=("study.recipe",))  # newer than most recorded digests


def _link(run: Path, folder: Path, names: tuple[str, ...]) -> None:
    """Let a variant's folder see what the run has already made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        place = folder / name
        if not place.exists() and (run / name).exists():
            place.symlink_to((run / name).resolve(), target_is_directory=True)


def run_study(config: Config, name: str, studies: Path, results: Path) -> None:
    """Train and measure every variant of a study; what is finished is not done again.

    :param studies: YAML file of studies.
    :param results: folder of the JSON-lines files.
    :raises ConfigError: if there is no such study.
    """
    known = read_studies(studies)
    if name not in known:
        raise ConfigError(f"no study {name!r} in {studies}; there are: {', '.join(known)}")
    tasks = tasks_of(config).selection
    for variant, changes in known[name].items():
        ours = variant_config(config, name, variant, changes)
        for seed in config.study.seeds:
            seeded = config_of(merged_values(asdict(ours), {"sft": {"seed": seed}}))
            corpus = training_corpus(seeded)
            network = trained_hypernetwork(seeded, meta_corpus(seeded))
            note_training(results / "training.jsonl", name, variant, seeded)
            _copy_rows(results, name, variant, seeded)
            setting = open_setting(seeded, network, corpus)
            measure(
                setting,
                tasks,
                CONDITIONS,
                results / "studies.jsonl",
                study=name,
                variant=variant,
                train_seed=seed,
                sampling_seed=SAMPLING_SEED,
                split="selection",
                phrasing="selection",
            )
            measure_losses(
                setting,
                tasks,
                results / STUDY_LOSSES,
                study=name,
                variant=variant,
                train_seed=seed,
                sampling_seed=SAMPLING_SEED,
                phrasing="selection",
            )


def _copy_rows(results: Path, study: str, variant: str, config: Config) -> None:
    """Take over what another study has measured of the same network."""
    path, seed = results / "studies.jsonl", config.sft.seed
    rows = [row for row in read_rows(path) if row.train_seed == seed]
    if any((row.study, row.variant) == (study, variant) for row in rows):
        return
    places = dict.fromkeys((row.study, row.variant) for row in rows)
    notes = _notes(results / "training.jsonl")
    wanted = recipe_digest(config)
    for place in places:
        if notes.get((*place, seed)) == wanted:
            twins = [row for row in rows if (row.study, row.variant) == place]
            append_rows(path, (replace(row, study=study, variant=variant) for row in twins))
            return


def _notes(path: Path) -> dict[tuple[str, str, int], str]:
    """Recipe of every training run that is noted: (study, variant, seed) -> digest."""
    return {
        (row["study"], row["variant"], row["train_seed"]): row["recipe"] for row in read_json(path)
    }


def note_training(path: Path, study: str, variant: str, config: Config) -> None:
    """Append what a training run took, once."""
    folder = config.run_dir / "sft" / f"seed-{config.sft.seed}" / "final"
    facts = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    place = {"study": study, "variant": variant, "train_seed": config.sft.seed}
    append_json(path, {**place, **facts, "recipe": recipe_digest(config)})
