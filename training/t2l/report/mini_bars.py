"""The bars of t2l-mini."""

from t2l.report.bars import Bar, above
from t2l.report.data import UNSEEN, Results
from t2l.report.statistics import Estimate, estimate, of_values, paired, share_of_gain

VARIANTS = "variant_full"  # the study that compares S with L


def _s_below_l(results: Results) -> Estimate | None:
    """On the selection's tasks, where all studies are measured; both with the recipe that ships."""
    rows = results.study(VARIANTS)
    s, large = (
        [row for row in rows if row.variant == variant]
        for variant in ("S_distilled", "L_distilled")
    )
    found = paired(large, "matched", s, "matched")
    return of_values(found.values()) if found else None


MINI_BARS: tuple[Bar, ...] = (
    Bar(
        "exact match with the description's adapter",
        0.60,
        True,
        lambda results: estimate(results.split(UNSEEN), "matched"),
        difference=False,
    ),
    Bar(
        "share of the trained adapters' gain over no adapter",
        0.65,
        True,
        lambda results: share_of_gain(results.split(UNSEEN), "matched", "oracle", "zero_shot"),
        difference=False,
    ),
    Bar("above one adapter trained on all tasks", 0.40, True, above("multi_task")),
    Bar("above three examples in the prompt", 0.10, True, above("three_shot")),
    Bar("above the adapter of another task's description", 0.45, True, above("shuffled")),
    Bar("above the adapter of random words", 0.45, True, above("junk_words")),
    Bar("above the adapter of random characters", 0.45, True, above("junk_characters")),
    Bar("variant S below variant L", 0.03, False, _s_below_l, f"study {VARIANTS}"),
    Bar("int8 below float32", 0.005, False, above("int8")),
)
MINI_BARS_TEXT = "The variants are compared on the tasks of their study."
