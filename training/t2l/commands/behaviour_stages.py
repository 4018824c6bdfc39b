"""Stages of behaviours: the base model's replies, and how far adapters are from them."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import asdict
from pathlib import Path

import torch

from t2l.base.typed import in_dtype, on_device
from t2l.config.errors import ConfigError
from t2l.config.recipe import Config
from t2l.config.tasks import BehaviourTasks
from t2l.evaluate.behaviour_examples import examples
from t2l.evaluate.behaviours import append_measured, measure_behaviours, summary
from t2l.evaluate.identity import network_identity
from t2l.evaluate.opening import device_of, open_base, open_template
from t2l.evaluate.run import (
    load_hypernetwork,
    open_setting,
    results_dir,
    training_corpus,
    with_seed,
)
from t2l.tasks.behaviours.questions import questions
from t2l.tasks.behaviours.replies import behaviour_tasks, chosen
from t2l.train.replies import write_replies

SHOWN = 4  # behaviours of every group

logger = logging.getLogger(__name__)


def replies(config: Config) -> None:
    """Write down what the base model says when it is told of each behaviour."""
    tasks = _behaviours(config)
    base, device = open_base(config), device_of(config)
    template = open_template(config, base)
    asked = [*questions("train"), *questions("test")]
    made_by = {
        "base_model": base.identity(),
        "template": template.describe(),
        "questions": hashlib.sha256(json.dumps(asked).encode()).hexdigest(),
        "options": {name: getattr(tasks, name) for name in ("asked", "tested", "longest", "seed")},
    }
    every = chosen(tasks.pairs, tasks.seed, tasks.limit)
    model = on_device(base.model, device.name).eval()
    if device.bfloat16:  # autocast would convert every weight anew for each token
        model = in_dtype(model, torch.bfloat16)
    count = write_replies(Path(tasks.replies), every, model, template, device, tasks, made_by)
    logger.info("%s: %d behaviours, %d of them new", tasks.replies, len(every), count)


def behaviours(config: Config) -> None:
    """Measure how far adapters are from the base model that is told of unseen behaviours."""
    tasks = _behaviours(config)
    found = behaviour_tasks(Path(tasks.replies), tasks.pairs, tasks.seed, tasks.limit)
    corpus = training_corpus(config)
    path = results_dir(config) / "behaviours.jsonl"
    for seed in config.evaluation.train_seeds:
        network = load_hypernetwork(with_seed(config, seed))
        identity = network_identity(network)
        setting = open_setting(config, network, corpus)
        rows = measure_behaviours(setting, found.groups, identity)
        append_measured(path, rows)
        shown = examples(setting, found.groups, SHOWN, tasks.longest)
        lines = [json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in shown]
        path.with_name("behaviour_examples.jsonl").write_text("".join(lines), encoding="utf-8")
        print(json.dumps([asdict(one) for one in summary(rows)], indent=2))


def _behaviours(config: Config) -> BehaviourTasks:
    if not isinstance(config.tasks, BehaviourTasks):
        raise ConfigError(
            f"tasks.source {config.tasks.source} has no behaviours; set it to behaviours"
        )
    return config.tasks
