"""Puts a finished run under `src/assets`: base model, its graph and the bundle.

Nothing here trains. It gathers what the stages left in the run's folder, measures the fit score,
and hands everything to the exporter.
"""

import json
import shutil
import subprocess
from pathlib import Path

from t2l.base.files import load_base_model
from t2l.commands.ship_demo import DEMO_SEED, ship_chat_demo, ship_demo
from t2l.commands.task_map import draw_map
from t2l.config.recipe import Config, ConfigError, config_digest
from t2l.encoders.corpus import Corpus
from t2l.encoders.info import CONTRAST, MINILM, MINILM_FOLDER, TUNED
from t2l.encoders.onnx_encoder import OnnxEncoder
from t2l.evaluate.fit import fit_of
from t2l.evaluate.run import (
    load_hypernetwork,
    open_setting,
    report_tasks,
    results_dir,
    tasks_of,
    training_corpus,
    with_seed,
)
from t2l.evaluate.setting import Setting
from t2l.export.bundle.calibration import FOLDS
from t2l.export.bundle.data import golden_from_encoder
from t2l.export.bundle.task_map import FEWEST
from t2l.export.bundle.write import export_bundle
from t2l.export.graphs import GraphOptions
from t2l.export.onnx.lm import export_lm
from t2l.hypernet.hypernetwork import Hypernetwork
from t2l.mini.adopt import shipped_base
from t2l.tasks.off_topic import OFF_TOPIC

ENCODERS = {"tuned": TUNED, "contrast": CONTRAST, "minilm": MINILM}  # those that can ship
GOLDEN_TASKS = 4


def export(config: Config, real: Path | None = None) -> None:
    """Write base model, graph, bundle and demo tasks under the assets folder.

    :param real: descriptions of other tasks, to be scored beside the report's (`evaluate/fit.py`).
    """
    first = with_seed(config, config.evaluation.train_seeds[0])
    ship(first, load_hypernetwork(first), training_corpus(config), real)


def ship(
    config: Config, hypernetwork: Hypernetwork, corpus: Corpus, real: Path | None = None
) -> str:
    """Write everything that ships.

    :param corpus: the training tasks.
    :param real: file of descriptions that people wrote of other tasks, for the fit's results.
    :return: the bundle's digest.
    :raises ConfigError: if there can be no bundle of the run.
    """
    check_shippable(config)
    setting = open_setting(config, hypernetwork, corpus)
    if not isinstance(setting.encoder, OnnxEncoder):
        raise TypeError(f"encoder.kind {config.encoder.kind} has no file that could ship")
    if config.encoder.kind == "minilm":
        _ship_published_encoder(config)
    if config.base.kind == "mini":
        ship_base_model(config, hypernetwork)
        ship_demo(setting)
    else:
        ship_chat_demo(setting)
    return ship_bundle(setting, hypernetwork, setting.encoder, real)


def check_output(config: Config) -> None:
    """Refuse adapters that the base model which ships cannot take.

    :raises ConfigError: with those that it can.
    """
    if config.base.kind == "mini" and config.target.output != "lora":
        raise ConfigError(
            f"target.output {config.target.output} cannot ship with t2l-mini's base model, whose "
            "graph takes LoRAs: set it to lora, or run the stages before the export by themselves"
        )


def check_encoder(config: Config) -> None:
    """Refuse an encoder that a bundle cannot name.

    :raises ConfigError: with those that it can.
    """
    if config.encoder.kind not in ENCODERS:
        kinds = ", ".join(ENCODERS)
        raise ConfigError(
            f"encoder.kind {config.encoder.kind} cannot be exported; set it to one of {kinds}, or "
            "run the stages before the export by themselves"
        )


def check_shippable(config: Config) -> None:
    """Refuse what the export would refuse, before anything is trained for it.

    :raises ConfigError: for an encoder that a bundle cannot name, or too few tasks.
    """
    check_encoder(config)
    check_output(config)
    tasks = tasks_of(config)
    if config.tasks.source == "procedural":  # whose fit is measured on what people wrote
        return
    for side, count, least, what in (
        ("selection", len(tasks.selection), FOLDS, "its fit is measured on"),
        ("training", len(tasks.train), FEWEST, "its map shows"),
    ):
        if count < least:
            raise ConfigError(
                f"tasks: {count} for {side}, but a bundle needs {least}, which {what}; name more "
                "tasks, or run the stages before the export by themselves"
            )


def _ship_published_encoder(config: Config) -> None:
    """Put the encoder as published, which the run keeps, where bundles look for it."""
    folder = config.assets_dir / "hypernets" / MINILM_FOLDER
    if not folder.exists():
        shutil.copytree(config.run_dir / "minilm", folder)


def ship_base_model(config: Config, hypernetwork: Hypernetwork) -> None:
    """Copy the base model and write its graph beside it."""
    source = config.run_dir / "base" / "final"
    folder = shipped_base(config)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    export_lm(load_base_model(source), hypernetwork.target, folder)


def ship_bundle(
    setting: Setting,
    hypernetwork: Hypernetwork,
    encoder: OnnxEncoder,
    real: Path | None = None,
) -> str:
    """Export the bundle.

    :param real: as in `ship`.
    :return: its digest.
    """
    config, train = setting.config, setting.train
    golden = [task.descriptions("held_out", 1, DEMO_SEED)[0] for task in report_tasks(config)]
    report = json.loads((config.run_dir / "evaluation.json").read_text(encoding="utf-8"))
    identity = export_bundle(
        hypernetwork,
        encoder=ENCODERS[config.encoder.kind],
        # One text is longer than the encoder takes, so that every runtime must cut alike.
        golden=golden_from_encoder(
            encoder, [*golden[:GOLDEN_TASKS], OFF_TOPIC[0], " ".join(OFF_TOPIC[:40])]
        ),
        fit=fit_of(setting, results_dir(config), real),
        norm_embeddings=train.typical(),
        evaluation=report,
        training={
            "commit": current_commit(Path(__file__).parent),
            "config": config_digest(config),
            "seeds": _seeds(config),
            "tasks": len(train.tasks),
        },
        out_dir=config.assets_dir / "hypernets",
        name=config.bundle.name,
        version=config.bundle.version,
        precision=config.bundle.precisions[-1],
        graphs=GraphOptions(config.bundle.precisions),
        overwrite=True,
        make_default=config.bundle.default,
    )
    bundle = config.bundle
    folder = config.assets_dir / "hypernets" / bundle.name / bundle.version
    draw_map(folder, config.assets_dir, train)
    return identity


def _seeds(config: Config) -> dict[str, int]:
    """The seeds of everything that was trained here."""
    base = {"base": config.base.seed} if config.base.kind == "mini" else {}
    trained = {"encoder": config.encoder.seed, "sft": config.sft.seed, "tasks": config.tasks.seed}
    return {**base, **trained}


def current_commit(folder: Path) -> str:
    """The commit the code is at, or "unknown" outside a checkout."""
    result = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=False
    )
    return result.stdout.strip() or "unknown"
