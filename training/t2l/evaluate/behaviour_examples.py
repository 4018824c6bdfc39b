"""What a model says to a question as it is, when told of a behaviour, and with its adapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from t2l.base.adapter_weights import AdapterWeights
from t2l.base.decoding import greedy
from t2l.evaluate.setting import Setting
from t2l.tasks.behaviours.replies import BehaviourTask
from t2l.tasks.sides import evenly
from t2l.tasks.source import Task


@dataclass(frozen=True)
class Example:
    """One question.

    :param plain: the base model's reply.
    :param told: its reply when it reads the description before the question.
    :param adapted: its reply with the adapter of the description.
    """

    behaviour: str
    group: str
    description: str
    question: str
    plain: str
    told: str
    adapted: str


def examples(
    setting: Setting, groups: Mapping[str, Sequence[Task]], count: int, longest: int
) -> list[Example]:
    """Examples of so many behaviours of every group, evenly from all of them.

    :param longest: most tokens of a reply.
    """
    found = []
    for group, tasks in groups.items():
        for task in evenly(tuple(tasks), count):
            assert isinstance(task, BehaviourTask)
            reply = task.replies[0]
            question, weights = reply.sample.input, setting.generate([reply.told])
            found.append(
                Example(
                    task.name,
                    group,
                    reply.told,
                    question,
                    plain=_said(setting, question, longest),
                    told=reply.sample.output,
                    adapted=_said(setting, question, longest, weights),
                )
            )
    return found


def _said(
    setting: Setting, question: str, longest: int, weights: AdapterWeights | None = None
) -> str:
    template = setting.template
    [ids] = greedy(
        setting.model,
        [template.prompt(question)],
        [longest],
        template.ends,
        template.pad,
        setting.device,
        setting.hypernetwork.target,
        weights,
    )
    return template.answer(ids)
