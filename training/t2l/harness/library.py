"""lm-evaluation-harness, which is not one of our requirements: opened when it is asked for.

`scripts/setup-harness.sh` makes an environment that has it, on top of training/.venv. Nothing else
here imports it, so everything but the scoring works, and is checked, without it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Any

MISSING = (
    "lm-evaluation-harness is not installed here: bash scripts/setup-harness.sh makes "
    "training/.venv-harness, whose python has it"
)


class HarnessError(ValueError):
    """What cannot be scored; the message says why and what would be right."""


@dataclass(frozen=True)
class Library:
    """What is used of it. Its own types are not known where it is not installed.

    :param version: as it is written into results.
    :param evaluate: asks a language model the questions of tasks.
    :param language_model: wraps a model and its tokenizer.
    :param task_manager: finds tasks by name.
    """

    version: str
    evaluate: Callable[..., Any]
    language_model: Callable[..., Any]
    task_manager: Callable[..., Any]


def open_library() -> Library:
    """The library.

    :raises HarnessError: if it is not installed.
    """
    logging.getLogger("lm_eval").setLevel(logging.ERROR)  # it warns of every choice made here
    try:
        evaluator = import_module("lm_eval.evaluator")
        models = import_module("lm_eval.models.huggingface")
        tasks = import_module("lm_eval.tasks")
    except ModuleNotFoundError as error:
        raise HarnessError(f"{MISSING} ({error})") from None
    name = f"lm_eval {version('lm_eval')}"
    return Library(name, evaluator.evaluate, models.HFLM, tasks.TaskManager)
