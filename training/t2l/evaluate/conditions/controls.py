"""Conditions that change what the hypernetwork reads: the right description, a wrong one, none.

What only the right description brings is its difference from these.
"""

import random
from collections.abc import Callable
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from t2l.base.adapter_weights import AdapterWeights, added, changed
from t2l.base.applying import strengthened
from t2l.encoders.corpus import Corpus
from t2l.evaluate.questions import Block, describe
from t2l.evaluate.setting import Setting
from t2l.tasks.off_topic import random_characters, random_words
from t2l.tasks.source import Task

ADAPTERS_AT_ONCE = 64  # of a base model of 135 M parameters one has 5 MB


def matched(setting: Setting, block: Block, strength: float = 1.0) -> list[bool]:
    """The task's own description, its adapter's update times a strength."""
    weights = setting.generate([text for row in block.descriptions for text in row])
    return setting.ask(block, strengthened(setting.hypernetwork.target, weights, strength))


def paraphrase(setting: Setting, block: Block) -> list[bool]:
    """The task's own description in yet other words."""
    count = len(block.descriptions[0])
    rows = [describe(task, "selection", count, block.seed) for task in block.tasks]
    return setting.described(block, rows)


def known_words(setting: Setting, block: Block) -> list[bool]:
    """The task's own description in a new sentence of training words."""
    count = len(block.descriptions[0])
    rows = [describe(task, "train", count, block.seed + 7919) for task in block.tasks]
    return setting.described(block, rows)


def shuffled(setting: Setting, block: Block) -> list[bool]:
    """Another task's description; a training task's if there is no other in the block."""
    return setting.described(block, shuffled_descriptions(setting, block))


def shuffled_descriptions(setting: Setting, block: Block) -> list[tuple[str, ...]]:
    """The descriptions that `shuffled` gives each task of a block."""
    count = len(block.tasks)
    rows = []
    for row, task in enumerate(block.tasks):
        rng = block.rng("shuffle", task)
        if count > 1:
            rows.append(block.descriptions[(row + rng.randrange(1, count)) % count])
            continue
        other = rng.choice([one for one in setting.train.tasks if one.name != task.name])
        rows.append(describe(other, block.phrasing, len(block.descriptions[row]), block.seed))
    return rows


def unrelated(setting: Setting, block: Block) -> list[bool]:
    """The description of a task of another family, where the block has one."""
    rows = []
    for row, task in enumerate(block.tasks):
        others = [n for n, one in enumerate(block.tasks) if one.family != task.family]
        others = others or [n for n in range(len(block.tasks)) if n != row]
        rows.append(block.descriptions[block.rng("unrelated", task).choice(others or [row])])
    return setting.described(block, rows)


def negated(setting: Setting, block: Block) -> list[bool]:
    """The description with "do not" before it: the fewer right answers, the better it was read."""
    rows = [tuple(negation(text) for text in texts) for texts in block.descriptions]
    return setting.described(block, rows)


def negation(description: str) -> str:
    """A description that forbids what it asked for."""
    return f"Do not do this: {description[:1].lower()}{description[1:]}"


def junk_words(setting: Setting, block: Block) -> list[bool]:
    """Random words."""
    rows = [_texts(block, task, "words", random_words) for task in block.tasks]
    return setting.described(block, rows)


def junk_characters(setting: Setting, block: Block) -> list[bool]:
    """Random characters."""
    rows = [_texts(block, task, "junk", random_characters) for task in block.tasks]
    return setting.described(block, rows)


def _texts(
    block: Block, task: Task, purpose: str, draw: Callable[[random.Random], str]
) -> tuple[str, ...]:
    rng = block.rng(purpose, task)
    return tuple(draw(rng) for _ in block.descriptions[0])


def empty(setting: Setting, block: Block) -> list[bool]:
    """An empty description."""
    return setting.ask(block, setting.generate([""]))


def static(setting: Setting, block: Block) -> list[bool]:
    """The mean of the adapters of all training tasks: one adapter for every task."""
    return setting.ask(block, mean_adapter(setting))


_MEANS: WeakKeyDictionary[nn.Module, tuple[Corpus, AdapterWeights]] = WeakKeyDictionary()


def mean_adapter(setting: Setting) -> AdapterWeights:
    """The mean adapter, computed once for all blocks; never are all adapters there at a time."""
    known = _MEANS.get(setting.hypernetwork)
    if known is not None and known[0] is setting.train:
        return known[1]
    weights = mean_over(setting.generate_from, setting.train.centroids())
    _MEANS[setting.hypernetwork] = (setting.train, weights)
    return weights


def mean_over(generate: Callable[[Tensor], AdapterWeights], vectors: Tensor) -> AdapterWeights:
    """The mean of the adapters of some vectors, a part of them at a time.

    :param generate: the adapters of vectors, [n, ...].
    :param vectors: [n, dim], at least one.
    :return: one adapter, [1, ...].
    """
    total: AdapterWeights | None = None
    for part in vectors.split(ADAPTERS_AT_ONCE):
        summed = changed(generate(part), lambda side: side.sum(dim=0, keepdim=True))
        if total is not None:
            summed = added(summed, total)
        total = summed
    assert total is not None  # there are vectors
    return changed(total, lambda side: side / len(vectors))
