"""What splits are called in the report, in its order: those of each world of tasks."""

from collections.abc import Iterable, Mapping

SplitText = tuple[str, str]  # title, and what the tasks are

MINI_SPLITS: dict[str, SplitText] = {
    "report": (
        "Unseen tasks",
        "Tasks that neither the base model nor the hypernetwork was trained on, described in "
        "phrases and sentence frames that no training description has.",
    ),
    "left_out": (
        "Left-out families",
        "The harder split: tasks whose whole shape (the kinds of their steps, in order) is in no "
        "training.",
    ),
    "seen": (
        "Training tasks in unseen phrasings",
        "Tasks of the training set, with fresh inputs and phrasings that were held out.",
    ),
    "selection": (
        "Selection tasks",
        "Unseen tasks that recipes were chosen with; they are not part of the report's claims.",
    ),
}

PLAIN_SPLITS: dict[str, SplitText] = {
    "report": (
        "Unseen tasks",
        "Tasks that the hypernetwork was not trained on, in descriptions that were held out.",
    ),
    "left_out": MINI_SPLITS["left_out"],
    "seen": MINI_SPLITS["seen"],
    "selection": MINI_SPLITS["selection"],
}

LANGUAGE_SPLITS: dict[str, SplitText] = {
    "report": (
        "Unseen tasks",
        "Tasks that the hypernetwork was not trained on, of all groups together, described in "
        "phrases and sentence frames that no training description has.",
    ),
    "composition": (
        "Unseen compositions",
        "Two or three trained skills in a row, in a combination that no training task has.",
    ),
    "labels": (
        "Unseen label schemes",
        "Texts sorted by a trained criterion, into classes called by words that no training label "
        "has: the words have to be read from the description.",
    ),
    "parameter": (
        "Unseen parameters",
        "Trained skills with a parameter that no training task has, such as another number.",
    ),
    "whole": (
        "Whole unseen relations and kinds",
        "Skills and criteria that no training task has, alone and in compositions.",
    ),
    "seen": MINI_SPLITS["seen"],
    "function_vectors": (
        "Public tasks: function vectors",
        "The tasks of Todd et al. (2024) as they are; no training sees them.",
    ),
    "instruction_induction": (
        "Public tasks: instruction induction",
        "The tasks of Honovich et al. (2022) as they are, in descriptions that people wrote; no "
        "training sees them.",
    ),
    "sni": (
        "Public tasks: Super-NaturalInstructions",
        "Tasks of Wang et al. (2022) as they are; no training sees them.",
    ),
    "selection": MINI_SPLITS["selection"],
}


def with_others(splits: Mapping[str, SplitText], names: Iterable[str]) -> dict[str, SplitText]:
    """Titles and texts of these splits and of all others that were measured.

    :param names: of splits, in the order in which the others are to follow.
    """
    others = {
        name: (f"Tasks of `{name}`", "Tasks that others wrote, as they are.")
        for name in names
        if name not in splits
    }
    return {**splits, **others}
