"""Every condition by name, in the order of the report. A new one is a function and a line here.

A condition answers a block's questions: it takes the setting and the block, and returns whether
each sample was answered exactly, tasks and samples in order.
"""

from collections.abc import Callable, Collection
from functools import partial

from t2l.config.recipe import OF_BASELINES, OF_ORACLES
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
NEEDS_TRAINING = (*OF_BASELINES, *OF_ORACLES)

# Splits of which every task has an oracle; elsewhere some have one, where they were drawn.
WITH_ORACLES = ("report", "left_out")

# What is measured of public tasks, whose inputs are long and whose descriptions are as they are.
OF_PUBLIC = (
    "zero_shot",
    "five_shot",
    "described",
    "described_generously",
    "matched",
    "shuffled",
    "junk_words",
)

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


# What cannot be made of adapters that are no LoRAs: those that join factors, and of a DoRA, whose
# update has no strength, those of other strengths.
JOINED = ("mean_oracle", "arrow")
NOT_OF_OUTPUT = {
    "dora": (*JOINED, *(f"strength_{factor:g}" for factor in STRENGTHS)),
    "ia3": JOINED,
}


def conditions_of(template: str, output: str = "lora") -> tuple[str, ...]:
    """The conditions that make sense with a template, in the order of the report.

    :param output: kind of adapter.
    """
    others = {name for kind, names in OF_TEMPLATE.items() if kind != template for name in names}
    others |= set(NOT_OF_OUTPUT.get(output, ()))
    return tuple(name for name in CONDITIONS if name not in others)


def conditions_on(
    split: str,
    template: str,
    left: Collection[str] = (),
    public: bool = False,
    output: str = "lora",
) -> tuple[str, ...]:
    """The conditions that are measured on a split's tasks, in the order of the report.

    :param left: conditions that the recipe leaves out.
    :param public: whether others wrote the tasks.
    :param output: kind of adapter.
    """
    absent = (*left, *(() if split in WITH_ORACLES else ("oracle",)))
    names = (name for name in conditions_of(template, output) if name not in absent)
    return tuple(name for name in names if not public or name in OF_PUBLIC)
