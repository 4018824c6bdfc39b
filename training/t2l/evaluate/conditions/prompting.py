"""Conditions without any adapter: the base model alone, told in the prompt what is wanted."""

from functools import partial

from t2l.evaluate.questions import Block
from t2l.evaluate.setting import Setting


def prompted(setting: Setting, block: Block, shots: int = 0, coded: bool = False) -> list[bool]:
    """The base model with examples or the task's control codes before the question."""
    return setting.score(block.rows(shots, coded))


zero_shot = partial(prompted, shots=0)
one_shot = partial(prompted, shots=1)
three_shot = partial(prompted, shots=3)
five_shot = partial(prompted, shots=5)
coded = partial(prompted, coded=True)
