"""The studies that are known: what each asks, its variants in order, and how it is drawn.

A study is data: adding one is an entry here. Results of a study that has none are still shown, as a
plain table under the study's own name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Study:
    """One comparison of training runs.

    :param name: as in the results.
    :param title: its heading.
    :param text: what it asks; no figures, those come from the data.
    :param order: variants in order; the first is what the others are compared with.
    :param kind: bars for names, a line where the variants are numbers.
    :param axis: label of a line's horizontal axis.
    :param says_best: whether a sentence names the variant that descriptions tell most.
    """

    name: str
    title: str
    text: str
    order: tuple[str, ...] = ()
    kind: Literal["bars", "line", "table"] = "bars"
    axis: str = ""
    says_best: bool = False


_STUDIES = (
    Study(
        "training",
        "Training schemes",
        "Supervised training through the frozen base model, reconstruction of adapters that were "
        "trained per task, and supervised training that starts from the reconstruction.",
        ("sft", "reconstruction", "warm_start"),
    ),
    Study(
        "variant",
        "Variants",
        "S makes one row of A or column of B at a time, M a whole matrix, L both matrices of a "
        "module at once. With more steps than the other studies have.",
        ("S", "M", "L"),
    ),
    Study(
        "variant_full",
        "Variants at the full budget",
        "S and L with the studies' recipe and the steps of what ships, and with what helped in the "
        "shorter studies of losses and of augmentation: distillation, and no noise. `S_distilled` "
        "is what ships.",
        ("S", "L", "S_distilled", "L_distilled"),
    ),
    Study(
        "static_bias",
        "Offsets",
        "What takes the place of the heads' bias: the paper's one bias a head, learned offsets per "
        "layer, or those with a gate before what is generated.",
        ("per_layer", "none", "gated"),
    ),
    Study(
        "rank",
        "Rank",
        "The rank of the generated update.",
        ("2", "4", "8", "16"),
        "line",
        "rank (evenly spaced)",
    ),
    Study(
        "modules",
        "Target modules",
        "Which linear layers get an update: query and value, all of the attention, or everything.",
        ("qv", "qkvo", "all"),
    ),
    Study(
        "tasks_equal",
        "Number of training tasks, equal compute",
        "The same number of steps whatever the number of tasks.",
        ("16", "64", "256", "all"),
        "line",
        "training tasks (evenly spaced)",
    ),
    Study(
        "tasks_scaled",
        "Number of training tasks, scaled compute",
        "Half as many steps for a quarter of the tasks.",
        ("16", "64", "256", "all"),
        "line",
        "training tasks (evenly spaced)",
    ),
    Study(
        "encoder",
        "Encoder",
        "Where the description's vector comes from: the tuned encoder, the published one, a bag of "
        "words, or the base model's own last token. With fewer training texts than elsewhere.",
        ("tuned", "minilm", "bag_of_words", "base_last_token"),
    ),
    Study(
        "losses",
        "Losses",
        "The supervised loss alone, with distillation of the told base model's hidden states, "
        "or with a margin over another task's adapter.",
        ("sft", "distilled", "contrastive"),
    ),
    Study(
        "optimizer",
        "Optimizer",
        "Muon for the hypernetwork's matrices, or AdamW for everything.",
        ("muon", "adamw"),
    ),
    Study(
        "whitening",
        "Whitening",
        "Whether the description's vectors are whitened before the hypernetwork reads them: what "
        "varies between the phrasings of a task, everything, or nothing.",
        ("within", "total", "none"),
    ),
    Study(
        "wider",
        "Further compositions",
        "Whether the hypernetwork also trains on compositions that the base model did not.",
        ("with", "without"),
    ),
    Study(
        "augmentation",
        "Augmentation of vectors",
        "Training on points between two phrasings of a task, with noise, or on phrasings alone.",
        ("both", "none", "mix", "noise"),
    ),
    Study(
        "latent",
        "Width of the body",
        "The hypernetwork's latent width, of which the description gets half.",
        ("128", "192", "256"),
        "line",
        "width (evenly spaced)",
    ),
    Study(
        "outputs",
        "What is generated",
        "A and B themselves, bounded values at a learned scale, or only a diagonal "
        "between an A and a B that all tasks share.",
        ("plain", "bounded", "diagonal"),
    ),
)

MINI_STUDIES: dict[str, Study] = {study.name: study for study in _STUDIES}

# Of recipes for models that exist; shown where their results are.
_OTHER_STUDIES = (
    Study(
        "kinds",
        "Kinds of adapter",
        "What the hypernetwork writes, with the same steps: low-rank updates (LoRA), those with a "
        "magnitude for every row (DoRA), or only factors on what layers give or get (IA3).",
        ("lora", "dora", "ia3"),
        says_best=True,
    ),
    Study(
        "definitions",
        "Definitions in training prompts",
        "Whether training examples have in their prompt the definition that the adapter is made "
        "from: never, or half of them (`definition: {drop: 0.5}`). No question that is measured "
        "has it.",
        ("never", "half"),
    ),
    Study(
        "quantized",
        "Base model in 4 bits",
        "Whether a network that was trained through a base model in 4 bits (`base_quantization: "
        "nf4`) does for the model as published, with which both are measured.",
        ("published", "nf4"),
    ),
)

OTHER_STUDIES: dict[str, Study] = {study.name: study for study in _OTHER_STUDIES}


def study_of(name: str, studies: Mapping[str, Study]) -> Study:
    """A study by name; one that is not known is shown as a plain table.

    :param studies: those that are known.
    """
    return studies.get(name) or Study(name, name, "", kind="table")
