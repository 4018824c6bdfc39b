"""Conditions without any adapter: the base model alone, told in the prompt what is wanted."""

from functools import partial

from t2l.evaluate.judging import generous
from t2l.evaluate.questions import Block
from t2l.evaluate.setting import Setting

NOTHING_ELSE = " Answer with nothing else."


def prompted(setting: Setting, block: Block, shots: int = 0, coded: bool = False) -> list[bool]:
    """The base model with examples or the task's control codes before the question."""
    return setting.ask(block, shots=shots, coded=coded)


zero_shot = partial(prompted, shots=0)
one_shot = partial(prompted, shots=1)
three_shot = partial(prompted, shots=3)
five_shot = partial(prompted, shots=5)
coded = partial(prompted, coded=True)


def described(setting: Setting, block: Block) -> list[bool]:
    """The task's own description in the prompt."""
    return setting.ask(block, described=True)


def described_generously(setting: Setting, block: Block) -> list[bool]:
    """The same with a word on the form of the answer, judged by its first line or what it holds."""
    return setting.ask(block, described=True, ending=NOTHING_ELSE, judge=generous)
