"""Ablations: the run's recipe with one thing changed, at a budget small enough to train many.

`python -m t2l study NAME` trains the variants of a study (`study_variants.py`) that are not trained
yet and measures them on the selection tasks in selection phrasings, exact match and the loss of
right answers, so that nothing is ever chosen on the report's tasks or words. Most studies contain
the plain recipe: what was measured of a network counts in every study that has it.
"""

import json
import logging
from dataclasses import asdict, replace
from pathlib import Path

from t2l.config.recipe import Config, config_of, merged_values
from t2l.evaluate.answer_losses import measure_losses
from t2l.evaluate.identity import copy_claim
from t2l.evaluate.measure import measure
from t2l.evaluate.results import STUDY_LOSSES, append_json, append_rows, read_json, read_rows
from t2l.evaluate.run import (
    meta_corpus,
    open_setting,
    tasks_of,
    trained_hypernetwork,
    training_corpus,
)
from t2l.evaluate.study_variants import checked_variants, recipe_digest

logger = logging.getLogger(__name__)

CONDITIONS = ("matched", "known_words", "shuffled", "static")
SAMPLING_SEED = 2000  # of studies; the report has others


def run_study(config: Config, name: str, studies: Path, results: Path) -> None:
    """Train and measure every variant of a study; what is finished is not done again.

    :param studies: YAML file of studies.
    :param results: folder of the JSON-lines files.
    :raises ConfigError: if there is no such study, or for a variant that cannot be one; then
        nothing is trained.
    """
    variants = checked_variants(config, name, studies)
    tasks = tasks_of(config).selection
    for variant, ours in variants.items():
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
    """Take over what another study has measured of the same network, by as many questions."""
    path, seed, samples = results / "studies.jsonl", config.sft.seed, config.evaluation.samples
    rows = [row for row in read_rows(path) if row.train_seed == seed]
    if any((row.study, row.variant) == (study, variant) for row in rows):
        return
    notes = _notes(results / "training.jsonl")
    wanted = recipe_digest(config)
    for place in dict.fromkeys((row.study, row.variant) for row in rows):
        twins = [row for row in rows if (row.study, row.variant) == place]
        same = notes.get((*place, seed)) == wanted and all(row.samples == samples for row in twins)
        # before the rows, which count for nothing without it
        if same and copy_claim(path, "/".join((*place, str(seed))), f"{study}/{variant}/{seed}"):
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
