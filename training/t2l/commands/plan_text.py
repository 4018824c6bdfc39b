"""A plan as text: sections of rows, a name and what it takes."""

from __future__ import annotations

from collections.abc import Mapping

from t2l.commands.plan_make import Here, OnGpus, Plan
from t2l.commands.plan_runs import Run
from t2l.commands.plan_work import Speed, Work

WIDTH = 22  # of the first column
COLUMN = 14  # of each number of GPUs


def plan_text(plan: Plan) -> str:
    """What a recipe takes, for people."""
    sections = [
        [_head(plan)],
        _table("parameters", {name: _count(value) for name, value in plan.parameters.items()}),
    ]
    if plan.here is not None:
        sections.append(_memory(plan.here))
    sections.append(_work(plan))
    if plan.here is not None:
        sections.append(_time(plan.work, plan.here.speed))
    if plan.on_gpus is not None:
        sections += [_gpu_memory(plan.on_gpus), _gpu_time(plan, plan.on_gpus)]
    return "\n\n".join("\n".join(section) for section in sections)


def _head(plan: Plan) -> str:
    name = f"{plan.base.id}, {plan.base.architecture}"
    if plan.here is None:
        return f"{name}: by its config, with nothing fetched or loaded"
    products = "bfloat16" if plan.here.device.bfloat16 else "float32"
    return f"{name}: on {plan.here.device.name}, products in {products}"


def _memory(here: Here) -> list[str]:
    rows = {name: _size(value) for name, value in here.memory.items()}
    rows["about, in all"] = _size(sum(here.memory.values()))
    if here.speed is not None:
        rows["measured peak"] = f"{_size(here.speed.peak)}, with Python and its libraries"
    return _table("memory of training", rows)


def _work(plan: Plan) -> list[str]:
    config, work = plan.config, plan.work
    sft = config.sft
    step = f"{sft.tasks} tasks x {sft.examples} examples, {work.step_tokens:,.0f} tokens"
    if work.told_tokens:
        step += f", and {work.told_tokens:,.0f} that the teacher reads"
    title = "work" if plan.assumed is None else f"work, assumed, because {plan.assumed}"
    return _table(
        title,
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


def _gpu_memory(found: OnGpus) -> list[str]:
    gpu = found.asked.gpu
    parts = list(dict.fromkeys(name for run in found.runs for name in run.memory))
    rows = {
        name: _columns(_size(run.memory[name]) if name in run.memory else "-" for run in found.runs)
        for name in parts
    }
    rows["about, in all"] = _columns(_size(run.bytes) for run in found.runs)
    rows["room on it"] = _columns(_size(gpu.memory) for _ in found.runs)
    head = _columns(_number(run) for run in found.runs)
    return _table(f"memory on each {gpu.name}, estimated", {"": head, **rows})


def _gpu_time(plan: Plan, found: OnGpus) -> list[str]:
    asked, work = found.asked, plan.work
    tokens = {name: _count(value) for name, value in work.training.items()}
    title = (
        f"training, estimated at {100 * asked.utilisation:.3g}% of {asked.gpu.teraflops:,.0f} "
        "TFLOP/s, not measured"
    )
    rows = {f"tokens, {name}": value for name, value in tokens.items()}
    rows["operations of a step"] = f"{found.step_flops / 1e12:,.3g} TFLOP"
    rows |= {
        "": _columns(_number(run) for run in found.runs),
        "tasks on the busiest": _columns(str(run.tasks) for run in found.runs),
        "hours": _columns(f"{run.hours:,.1f}" for run in found.runs),
        "cost": _columns(f"${run.cost:,.0f}" for run in found.runs),
        "price": f"${asked.price:,.2f} a GPU and hour ({asked.priced})",
    }
    lines = _table(title, rows)
    idle = max(run.idle for run in found.runs)
    if idle:
        lines.append(f"  {idle} GPUs would have no task of a step: raise sft.tasks or take fewer")
    if set(work.training) != {"sft"}:
        lines.append("  the trainings beside sft run on one GPU, while the others wait")
    return lines


def _number(run: Run) -> str:
    return f"{run.gpus} GPU" if run.gpus == 1 else f"{run.gpus} GPUs"


def _columns(cells) -> str:
    return "".join(f"{cell:>{COLUMN}}" for cell in cells).rstrip()


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
