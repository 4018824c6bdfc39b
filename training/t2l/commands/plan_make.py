"""Makes a plan: everything that `plan` says of a recipe, as numbers.

Weights are not loaded but for `--measure`. Tokens are counted on the tasks' files, or follow from
the recipe's assumptions where files or tokenizer are not on this machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from t2l.base.device import Device
from t2l.base.model import BaseModel
from t2l.base.target import BaseModelRecord, TargetSpec
from t2l.commands.plan_assumed import assumed_work, missing_tasks
from t2l.commands.plan_base import Outline, outline, outline_of, untrained
from t2l.commands.plan_fit import require_room
from t2l.commands.plan_memory import memory_parts
from t2l.commands.plan_options import Asked
from t2l.commands.plan_runs import Facts, Run, run_on, step_flops
from t2l.commands.plan_work import Speed, Work, measure_speed, work_of
from t2l.config.recipe import Config, ConfigError
from t2l.evaluate.checks import check_tasks
from t2l.evaluate.opening import base_source, device_of, open_base_for_sft, template_for
from t2l.train.objectives.sft import build_hypernetwork, make_optimizers

VECTOR = 384  # values of the vectors of every encoder that can ship


@dataclass(frozen=True)
class Here:
    """The training on this machine.

    :param memory: bytes by part.
    :param speed: what a few steps took; None if none were taken.
    """

    device: Device
    memory: dict[str, int]
    speed: Speed | None


@dataclass(frozen=True)
class OnGpus:
    """The training on GPUs.

    :param step_flops: operations of a step on all of them together.
    """

    asked: Asked
    step_flops: float
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Plan:
    """What a recipe takes.

    :param parameters: by what they are of.
    :param assumed: why the work is assumed and not counted, as a clause; None if it is counted.
    :param here: None for a model of the hub that nobody wants to measure here.
    :param on_gpus: None if nobody asked.
    """

    config: Config
    base: BaseModelRecord
    parameters: dict[str, int]
    work: Work
    assumed: str | None
    here: Here | None
    on_gpus: OnGpus | None


def make_plan(config: Config, asked: Asked | None = None, measure: bool = False) -> Plan:
    """What a recipe takes.

    :param asked: GPUs to plan for.
    :param measure: also take a few steps on this machine.
    :raises ConfigError: for tasks or a base model that cannot be used, for GPUs that the recipe has
        no room on, and where nothing is said of what cannot be counted.
    """
    missing = missing_tasks(config)
    if missing is None or measure or not config.plan.given:
        check_tasks(config)
    opened = _opened(config) if measure else None
    if opened is None or opened.source.quantization is not None:  # two weights a byte
        base = outline(config)
    else:
        base = outline_of(opened)
    if missing is None and base.tokenizer is None:
        missing = f"the tokenizer of {base.record.id} is not in the hub's cache"
    target = base.target(config)
    work = _work(config, base, missing)
    with torch.device("meta"):
        network = build_hypernetwork(config, target, VECTOR)
    facts = Facts(
        config, base.model, network, make_optimizers(network, config.sft, True), target, work
    )
    return Plan(
        config=config,
        base=base.record,
        parameters={
            "base model": sum(part.numel() for part in base.model.parameters()),
            "hypernetwork": sum(part.numel() for part in network.parameters()),
            "an adapter": target.parameters,
        },
        work=work,
        assumed=missing,
        here=_here(facts, opened) if measure or config.base.kind != "hub" else None,
        on_gpus=None if asked is None else _on_gpus(facts, asked),
    )


def _opened(config: Config) -> BaseModel:
    """The base model to take steps with; untrained does for t2l-mini's."""
    if config.base.kind == "mini":
        return untrained(config.base, base_source(config))
    return open_base_for_sft(config)


def _work(config: Config, base: Outline, missing: str | None) -> Work:
    if missing is None and base.tokenizer is not None:
        return work_of(config, template_for(config, base.tokenizer))
    if not config.plan.given:
        raise ConfigError(
            f"tokens cannot be counted, because {missing}; fetch it, or say in the recipe what to "
            "assume: plan: {tasks: ..., prompt: ..., answer: ..., longest: ...}"
        )
    return assumed_work(config)


def _here(facts: Facts, opened: BaseModel | None) -> Here:
    config, device = facts.config, device_of(facts.config)
    memory = memory_parts(
        facts.base,
        facts.network,
        facts.optimizers,
        facts.target,
        config.sft.tasks,
        facts.work.largest,
        bfloat16=device.bfloat16,
        recompute=config.trainer.gradient_checkpointing,
        quantized=config.sft.base_quantization is not None,
    )
    return Here(device, memory, None if opened is None else _measured(config, opened, facts.target))


def _measured(config: Config, base: BaseModel, target: TargetSpec) -> Speed:
    assert base.tokenizer is not None
    return measure_speed(config, base, target, template_for(config, base.tokenizer), VECTOR)


def _on_gpus(facts: Facts, asked: Asked) -> OnGpus:
    runs = []
    for number in asked.numbers:
        run = run_on(facts, number, asked.gpu, asked.utilisation, asked.price)
        require_room(facts, run, asked.gpu)
        runs.append(run)
    return OnGpus(asked, step_flops(facts), tuple(runs))
