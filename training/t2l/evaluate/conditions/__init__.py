"""Every condition by name, in the order of the report. A new one is a function and a line here.

A condition answers a block's questions: it takes the setting and the block, and returns whether
each sample was answered exactly, tasks and samples in order.
"""

from collections.abc import Callable
from functools import partial

from t2l.evaluate.conditions import arrow, controls, prompting, quantised, trained
from t2l.evaluate.questions import Block
from t2l.evaluate.setting import Setting

Condition = Callable[[Setting, Block], list[bool]]

STRENGTHS = (0.25, 0.5, 2.0, 4.0)  # factors on the update; 1 is `matched`

CONDITIONS: dict[str, Condition] = {
    "zero_shot": prompting.zero_shot,
    "one_shot": prompting.one_shot,
    "three_shot": prompting.three_shot,
    "five_shot": prompting.five_shot,
    "coded": prompting.coded,
    "described": prompting.described,
    "described_generously": prompting.described_generously,
    "matched": controls.matched,
    "paraphrase": controls.paraphrase,
    "known_words": controls.known_words,
    "shuffled": controls.shuffled,
    "unrelated": controls.unrelated,
    "negated": controls.negated,
    "junk_words": controls.junk_words,
    "junk_characters": controls.junk_characters,
    "empty": controls.empty,
    "static": controls.static,
    **{f"strength_{factor:g}": partial(controls.matched, strength=factor) for factor in STRENGTHS},
    "int8": quantised.int8,
    "multi_task": trained.multi_task,
    "oracle": trained.oracle,
    "mean_oracle": trained.mean_oracle,
    "retrieval": trained.retrieval,
    "hyperdecoder": trained.hyperdecoder,
    "arrow": arrow.arrow,
}

# Conditions that need what other stages train: the rest can be measured for any bundle.
NEEDS_TRAINING = ("multi_task", "oracle", "mean_oracle", "retrieval", "hyperdecoder", "arrow")

# Conditions of a network before it is exported.
BEFORE_EXPORT = ("int8",)

# Conditions that no training seed of the hypernetwork can change: measured once.
WITHOUT_HYPERNETWORK = (
    "zero_shot",
    "one_shot",
    "three_shot",
    "five_shot",
    "coded",
    "described",
    "described_generously",
    *NEEDS_TRAINING,
)

# What a template can say: t2l-mini reads control codes and no descriptions, chat models reverse it.
OF_TEMPLATE = {
    "arrow": ("coded",),
    "chat": ("described", "described_generously", "unrelated"),
}


def conditions_of(template: str) -> tuple[str, ...]:
    """The conditions that make sense with a template, in the order of the report."""
    others = {name for kind, names in OF_TEMPLATE.items() if kind != template for name in names}
    return tuple(name for name in CONDITIONS if name not in others)
