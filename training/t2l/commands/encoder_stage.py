"""The stage that tunes the sentence encoder: to read steps, on phrasings, or on both in turn."""

from dataclasses import asdict, replace
from pathlib import Path

from t2l.base.device import pick_device
from t2l.config.recipe import Config, ConfigError
from t2l.evaluate.opening import device_of
from t2l.evaluate.run import procedural_tasks_of, tasks_of
from t2l.mini.adopt import ENCODER_FOLDERS, encoder_is_adopted
from t2l.tasks.procedural.world import procedural_tasks
from t2l.train.objectives.encoder_contrast import tune_on_phrasings
from t2l.train.objectives.encoder_tuning import Before, tune_encoder
from t2l.train.trainer import Schedule, Trainer

HELD = 8  # training descriptions of a task whose vectors a second stage of the encoder holds


def encoder(config: Config) -> None:
    """Tune the sentence encoder, if it is a tuned one that is asked for and none ships yet."""
    folder, kind = config.run_dir / "encoder", config.encoder.kind
    if kind not in ENCODER_FOLDERS or encoder_is_adopted(config):
        return
    if kind == "contrast":
        _tune_on_phrasings(config, folder)
        return
    if config.tasks.source != "procedural":
        raise ConfigError(
            "encoder.kind tuned is tuned to the procedural tasks, and none ships; set it to "
            "contrast or minilm"
        )
    tune_encoder(config.encoder, procedural_tasks_of(config), folder, pick_device())


def _tune_on_phrasings(config: Config, folder: Path) -> None:
    """The phrasings of this recipe's tasks, then the steps of t2l-mini's if those are asked for."""
    options, tasks, device = config.encoder, tasks_of(config), device_of(config)
    first = folder if options.reads is None else folder / "phrasings"
    identity = {"encoder": asdict(options), "tasks": asdict(config.tasks)}
    trainer = Trainer(Schedule.of(options), config.trainer, first, identity, "encoder")
    tuned = tune_on_phrasings(options, tasks, first, device, trainer)
    if options.reads is None:
        return
    texts = [text for task in tasks.train for text in task.descriptions("train", HELD, 0)]
    before = Before(tuned, texts, options.reads.held)
    reading = replace(options, steps=options.reads.steps, texts=options.reads.texts)
    tune_encoder(reading, procedural_tasks(), folder, device, config.trainer, before)
