"""What conditions are called in the report, in its order."""

from collections.abc import Iterable

from t2l.evaluate.results import ResultRow
from t2l.report.data import distinct

STRENGTH = "strength_"

CONDITIONS: dict[str, str] = {
    "zero_shot": "base model, no adapter",
    "one_shot": "base model, one example in the prompt",
    "three_shot": "base model, three examples in the prompt",
    "five_shot": "base model, five examples in the prompt",
    "coded": "base model, control codes in the prompt",
    "described": "base model, description in the prompt",
    "described_generously": "the same, asked for nothing else and judged generously",
    "matched": "adapter of the task's description",
    "int8": "the same, made by the int8 graph",
    "paraphrase": "adapter of another phrasing",
    "known_words": "adapter of a new sentence of training phrases",
    "shuffled": "adapter of another task's description",
    "unrelated": "adapter of a description from another family",
    "negated": "adapter of the negated description",
    "junk_words": "adapter of random words",
    "junk_characters": "adapter of random characters",
    "empty": "adapter of an empty description",
    "static": "mean adapter, the same for every task",
    "multi_task": "one adapter trained on all tasks",
    "mean_oracle": "mean of the adapters trained per task",
    "retrieval": "trained adapter of the nearest training task",
    "arrow": "trained adapters routed token by token",
    "hyperdecoder": "adapter made from the input, without a description",
    "oracle": "adapter trained on the task itself",
}


def condition_label(name: str) -> str:
    """A condition's name for readers."""
    return CONDITIONS.get(name, name)


def conditions_of(rows: Iterable[ResultRow], strengths: bool = False) -> list[str]:
    """Conditions that were measured, in the report's order; strengths only if they are wanted."""
    names = [name for row in rows for name in row.exact_match]
    return distinct((n for n in names if strengths or not n.startswith(STRENGTH)), [*CONDITIONS])
