"""`python -m t2l plan`: what a recipe takes, in memory and time, before anything starts.

The base model's shape is enough for most of it: its weights are not loaded, unless `--measure` asks
for a few real steps on this machine.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from t2l.base.model import BaseModel
from t2l.commands.plan_base import outline
from t2l.commands.plan_memory import memory_parts
from t2l.commands.plan_work import Speed, Work, measure_speed, work_of
from t2l.commands.stage_options import add_config
from t2l.config.recipe import Config, load_config
from t2l.evaluate.checks import check_tasks
from t2l.evaluate.opening import device_of, open_base, open_template, target_of
from t2l.train.objectives.sft import build_hypernetwork, make_optimizers

VECTOR = 384  # values of the vectors of every encoder that can ship
WIDTH = 22  # of the first column


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's own options to its parser."""
    add_config(command)
    command.add_argument(
        "--measure", action="store_true", help="take three steps, to know this machine's speed"
    )


def run(arguments: argparse.Namespace) -> None:
    """Say what memory and time a recipe takes, before anything starts.

    :raises ConfigError: for a configuration, tasks or a base model that cannot be used.
    """
    print(plan(load_config(arguments.config), arguments.measure))


def plan(config: Config, measure: bool = False) -> str:
    """What a recipe takes, as text.

    :param measure: also take a few steps on this machine.
    """
    check_tasks(config)
    base = _base(config, measure)
    template, target, device = (
        open_template(config, base),
        target_of(config, base),
        device_of(config),
    )
    network = build_hypernetwork(config, target, VECTOR)
    work = work_of(config, template)
    memory = memory_parts(
        base.model,
        network,
        make_optimizers(network, config.sft, device.bfloat16),
        target,
        config.sft.tasks,
        work.largest,
        bfloat16=device.bfloat16,
        recompute=config.trainer.gradient_checkpointing,
    )
    parameters = {
        "base model": sum(part.numel() for part in base.model.parameters()),
        "hypernetwork": sum(part.numel() for part in network.parameters()),
        "an adapter": target.parameters,
    }
    speed = measure_speed(config, base, target, template, VECTOR) if measure else None
    products = "bfloat16" if device.bfloat16 else "float32"
    sections = [
        [f"{base.record.id}, {base.record.architecture}: on {device.name}, products in {products}"],
        _table("parameters", {name: _count(value) for name, value in parameters.items()}),
        _memory(memory, speed),
        _work(config, work),
        _time(work, speed),
    ]
    return "\n\n".join("\n".join(section) for section in sections)


def _base(config: Config, measure: bool) -> BaseModel:
    """The base model, with weights if steps are to be taken; untrained does for t2l-mini's."""
    return open_base(config) if measure and config.base.kind != "mini" else outline(config)


def _memory(memory: Mapping[str, int], speed: Speed | None) -> list[str]:
    rows = {name: _size(value) for name, value in memory.items()}
    rows["about, in all"] = _size(sum(memory.values()))
    if speed is not None:
        rows["measured peak"] = f"{_size(speed.peak)}, with Python and its libraries"
    return _table("memory of training", rows)


def _work(config: Config, work: Work) -> list[str]:
    sft = config.sft
    step = f"{sft.tasks} tasks x {sft.examples} examples, {work.step_tokens:,.0f} tokens"
    if work.told_tokens:
        step += f", and {work.told_tokens:,.0f} that the teacher reads"
    return _table(
        "work",
        {
            "training tasks": f"{work.tasks:,}",
            "texts to encode": f"{work.texts:,}",
            "a step": step,
            "steps": f"{sft.steps:,} for each of {len(config.evaluation.train_seeds)} seeds",
            "times a task is seen": f"{sft.steps * sft.tasks / work.tasks:,.0f}",
            "questions": f"{work.questions:,}, of the evaluation",
        },
    )


def _time(work: Work, speed: Speed | None) -> list[str]:
    if speed is None:
        rows = {name: f"{_count(tokens)} tokens" for name, tokens in work.training.items()}
        return [*_table("training", rows), "", "add --measure to know how long that takes here"]
    rate = speed.tokens_per_second
    rows = {
        name: f"{_count(tokens)} tokens, {_duration(tokens / rate)}"
        for name, tokens in work.training.items()
    }
    rows["all"] = _duration(sum(work.training.values()) / rate)
    return _table(f"training, at {rate:,.0f} tokens a second here", rows)


def _table(title: str, rows: Mapping[str, str]) -> list[str]:
    return [title, *(f"  {name:<{WIDTH}}{value}" for name, value in rows.items())]


def _count(value: float) -> str:
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:.3g} {name}"
    return f"{value:.0f}"


def _size(value: float) -> str:
    return f"{value / 1e9:.2f} GB" if value >= 1e9 else f"{value / 1e6:.1f} MB"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
