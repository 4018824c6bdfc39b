"""Asks the harness's questions of one model and says which it answered rightly."""

from __future__ import annotations

import copy
import hashlib
import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

from t2l.harness.library import HarnessError, Library
from t2l.harness.suite import Benchmark, Suite

# A template that writes a system message of its own gets an empty one, as in training
# (`template/chat.py`).
_SILENT = (
    "{%- if messages[0]['role'] != 'system' -%}"
    "{%- set messages = [{'role': 'system', 'content': ''}] + messages -%}"
    "{%- endif -%}"
)


@dataclass(frozen=True)
class Answers:
    """What a model did on a benchmark.

    :param questions: sha256 of what it was asked.
    :param right: for every question, in order.
    """

    questions: str
    right: tuple[bool, ...]


class Scorer:
    """The tasks of a suite, loaded, and how they are asked.

    :param chat: whether in the tokenizer's chat template.
    :param shots: examples before a question, None for as many as each task wants.
    :param limit: most questions of a task, None for all.
    """

    def __init__(
        self,
        library: Library,
        tokenizer: PreTrainedTokenizerBase,
        *,
        chat: bool,
        shots: int | None,
        limit: int | None,
        batch: int,
        seed: int,
    ) -> None:
        self.library, self.chat, self.shots, self.limit = library, chat, shots, limit
        self.batch, self.seed = batch, seed
        self._tokenizer = quiet(tokenizer) if chat else copy.deepcopy(tokenizer)
        self._tasks: dict[str, Any] = {}

    def load(self, suite: Suite, benchmarks: dict[str, Benchmark]) -> None:
        """Load the tasks of some benchmarks and their data.

        :raises HarnessError: for a task that there is not, or whose data cannot be had.
        """
        own = None if suite.tasks is None else str(suite.tasks)
        manager = self.library.task_manager(include_path=own, include_defaults=own is None)
        for name, one in benchmarks.items():
            try:
                task = manager.load([one.task])["tasks"][one.task]
            except KeyError:
                raise HarnessError(
                    f"benchmark {name}: {self.library.version} has no task {one.task}"
                ) from None
            except (OSError, ValueError, ImportError) as error:
                reason = (str(error).strip() or type(error).__name__).splitlines()[0]
                raise HarnessError(
                    f"benchmark {name}: the data of task {one.task} cannot be had ({reason}); "
                    "where there is no way to the hub, --suite local needs none"
                ) from error
            usual = task.get_config("num_fewshot")
            if usual != 0 and (usual is None or self.shots is not None):  # 0 is never overruled
                task.set_config("num_fewshot", self.shots or 0)
            self._tasks[one.task] = task

    @torch.no_grad()
    def answers(self, model: nn.Module, one: Benchmark) -> Answers:
        """Ask a model the questions of a benchmark that was loaded.

        :raises HarnessError: if the task does not have the metric, or it is not 0 or 1.
        """
        task = self._tasks[one.task]
        task.set_fewshot_seed(seed=self.seed)
        random.seed(self.seed)
        np.random.seed(self.seed)
        torch.manual_seed(self.seed)
        wrapped = self.library.language_model(
            pretrained=model, tokenizer=self._tokenizer, batch_size=self.batch
        )
        found = self.library.evaluate(
            lm=wrapped,
            task_dict={"tasks": {one.task: task}},
            limit=self.limit,
            bootstrap_iters=0,
            apply_chat_template=self.chat,
            fewshot_as_multiturn=self.chat,
            confirm_run_unsafe_code=one.runs_code,
        )
        return answers_of(found["samples"][one.task], one)


def answers_of(samples: list[dict[str, Any]], one: Benchmark) -> Answers:
    """The answers to a benchmark in what the harness logs.

    :raises HarnessError: as `Scorer.answers`.
    """
    kept = [sample for sample in samples if sample["filter"] == one.filter]
    if not kept or one.metric not in kept[0]:
        known = {f"{name} ({s['filter']})" for s in samples[:9] for name in s["metrics"]}
        raise HarnessError(
            f"task {one.task} has no metric {one.metric} with filter {one.filter}; it has "
            f"{', '.join(sorted(known))}"
        )
    kept.sort(key=lambda sample: sample["doc_id"])
    values = [float(sample[one.metric]) for sample in kept]
    if set(values) - {0.0, 1.0}:
        raise HarnessError(
            f"metric {one.metric} of task {one.task} must be 0 or 1 for every answer, got "
            f"{next(value for value in values if value not in (0.0, 1.0)):g}"
        )
    asked = hashlib.sha256("\n".join(sample["doc_hash"] for sample in kept).encode())
    return Answers(asked.hexdigest(), tuple(value == 1.0 for value in values))


def quiet(tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """A copy of a tokenizer whose chat template writes no system message of its own.

    :raises HarnessError: if it has no chat template.
    """
    found: Any = copy.deepcopy(tokenizer)
    if not found.chat_template:
        raise HarnessError("the base model's tokenizer has no chat template")
    template = found.get_chat_template()
    found.chat_template = template
    user = {"role": "user", "content": "x"}
    own = found.apply_chat_template([user], tokenize=False)
    try:
        empty = found.apply_chat_template([{"role": "system", "content": ""}, user], tokenize=False)
    except Exception:  # noqa: BLE001 - a template may refuse a system message with any error
        return found
    if len(empty) < len(own):
        found.chat_template = _SILENT + template
    return found
