"""The bars of the world of language, as they were set before anything was trained."""

from t2l.report.bars import Bar, above
from t2l.report.data import UNSEEN
from t2l.report.guessing import above_guessing
from t2l.report.statistics import estimate, share_of_gain

LANGUAGE_BARS: tuple[Bar, ...] = (
    Bar(
        "exact match with the description's adapter",
        0.45,
        True,
        lambda results: estimate(results.split(UNSEEN), "matched"),
        difference=False,
    ),
    Bar("above the adapter of another task's description", 0.40, True, above("shuffled")),
    Bar("above the adapter of random words", 0.40, True, above("junk_words")),
    Bar("above the adapter of random characters", 0.40, True, above("junk_characters")),
    Bar("above five examples in the prompt", 0.0, True, above("five_shot")),
    Bar("above one adapter trained on all tasks", 0.15, True, above("multi_task")),
    Bar(
        "share of the trained adapters' gain over no adapter",
        0.60,
        True,
        lambda results: share_of_gain(results.split(UNSEEN), "matched", "oracle", "zero_shot"),
        difference=False,
    ),
    Bar("below training-style phrasings", 0.05, False, above("matched", of="known_words")),
    Bar(
        "new label schemes: above guessing",
        0.15,
        True,
        lambda results: above_guessing(results.split("labels"), "matched"),
    ),
    Bar(
        "whole unseen relations and kinds",
        0.25,
        True,
        lambda results: estimate(results.split("whole"), "matched"),
        difference=False,
    ),
    Bar(
        "above the description in the prompt, judged generously",
        0.15,
        True,
        above("described_generously"),
    ),
)
LANGUAGE_BARS_TEXT = (
    "New label schemes and whole unseen relations and kinds are groups of these tasks. The "
    "description in the prompt is judged generously, its adapter by exact match."
)
