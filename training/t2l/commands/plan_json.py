"""A plan as plain JSON values: what the text says, unrounded, with the kind of every figure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from t2l.commands.plan_make import Here, OnGpus, Plan
from t2l.commands.plan_runs import Run


def plan_json(plan: Plan) -> dict[str, Any]:
    """Bytes, tokens, seconds and dollars; `figures` says how each part came about."""
    return {
        "base_model": asdict(plan.base),
        "parameters": plan.parameters,
        "work": _work(plan),
        "here": None if plan.here is None else _here(plan.here),
        "on_gpus": None if plan.on_gpus is None else _on_gpus(plan.on_gpus),
    }


def _work(plan: Plan) -> dict[str, Any]:
    sft, work = plan.config.sft, plan.work
    return {
        "figures": "counted" if plan.assumed is None else "assumed",
        "because": plan.assumed,
        "training_tasks": work.tasks,
        "texts": work.texts,
        "step": {
            "tasks": sft.tasks,
            "examples": sft.examples,
            "tokens": work.step_tokens,
            "told_tokens": work.told_tokens,
        },
        "steps": sft.steps,
        "seeds": len(plan.config.evaluation.train_seeds),
        "training_tokens": work.training,
        "questions": work.questions,
    }


def _here(here: Here) -> dict[str, Any]:
    return {
        "device": here.device.name,
        "products": "bfloat16" if here.device.bfloat16 else "float32",
        "memory": {"figures": "estimated", "bytes": here.memory},
        "speed": None
        if here.speed is None
        else {
            "figures": "measured",
            "tokens_per_second": here.speed.tokens_per_second,
            "peak_bytes": here.speed.peak,
        },
    }


def _on_gpus(found: OnGpus) -> dict[str, Any]:
    asked = found.asked
    return {
        "figures": "estimated",
        "gpu": asked.gpu.name,
        "gpu_bytes": asked.gpu.memory,
        "teraflops": asked.gpu.teraflops,
        "utilisation": asked.utilisation,
        "dollars_an_hour": asked.price,
        "priced": asked.priced,
        "flops_of_a_step": found.step_flops,
        "runs": [_run(run) for run in found.runs],
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "gpus": run.gpus,
        "bytes_on_each": run.memory,
        "bytes_in_all": run.bytes,
        "tasks_of_the_busiest": run.tasks,
        "idle": run.idle,
        "hours": run.hours,
        "dollars": run.cost,
    }
