"""What a run has to do where its tasks or its tokenizer are not on this machine: from the recipe.

The recipe's `plan` says how many tasks there are and how long their examples; everything else
follows as it does from tasks that are counted (`plan_work.py`). Nothing is opened or fetched.
"""

from __future__ import annotations

import math
from pathlib import Path

from t2l.commands.plan_memory import LargestPart
from t2l.commands.plan_work import Work, questions_of, training_tokens
from t2l.config.recipe import OF_ORACLES, Config, FileTasks
from t2l.tasks.sides import side_sizes
from t2l.train.meta_batch import LENGTH_BUCKETS


def missing_tasks(config: Config) -> str | None:
    """Why the tasks of a recipe cannot be counted here, as a clause; None if they can."""
    tasks = config.tasks
    if isinstance(tasks, FileTasks) and not tasks.optional and not Path(tasks.where).is_dir():
        return f"tasks.where {tasks.where} is not there"
    return None


def assumed_work(config: Config) -> Work:
    """What a run has to do, by the recipe's own assumptions, which must be given (`plan.given`)."""
    plan, sft, tasks = config.plan, config.sft, config.tasks
    assert plan.tasks and plan.prompt and plan.answer and plan.longest
    shares = (tasks.report, tasks.selection) if isinstance(tasks, FileTasks) else (0.0, 0.0)
    report, _, train = side_sizes(plan.tasks, *shares)
    train = min(train, sft.training_tasks or train)
    rows = sft.tasks * sft.examples
    step_tokens = float(rows * plan.row)
    largest = math.ceil(sft.tasks / LENGTH_BUCKETS) * sft.examples
    options = config.evaluation
    shown = min(report, options.tasks or report)
    seen = min(options.seen_tasks, train)
    return Work(
        tasks=train,
        texts=train * tasks.descriptions,
        step_tokens=step_tokens,
        told_tokens=step_tokens if sft.distill else 0.0,
        length=float(plan.row),
        told_length=float(plan.row),
        answers=float(rows * plan.answer),
        # memory is for the worst: the longest rows are usual questions with long answers
        largest=LargestPart(largest, plan.longest, largest * (plan.longest - plan.prompt)),
        training=training_tokens(
            config, step_tokens, step_tokens if sft.distill else 0.0, _oracles(config, shown, train)
        ),
        questions=questions_of(config, {"report": shown, "left_out": 0, "seen": seen}),
    )


def _oracles(config: Config, shown: int, train: int) -> int:
    """Tasks that get a LoRA of their own (`evaluate/run.py` names them, this counts them)."""
    left, options = set(config.evaluation.leave_out), config.evaluation
    own = 0 if "oracle" in left else min(shown, options.oracle_tasks or shown)
    of_training = 0 if set(OF_ORACLES) - {"oracle"} <= left else config.baselines.training_oracles
    return own + min(of_training, train)
