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
    "matched": controls.matched,
    "paraphrase": controls.paraphrase,
    "known_words": controls.known_words,
    "shuffled": controls.shuffled,
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
    *NEEDS_TRAINING,
)
