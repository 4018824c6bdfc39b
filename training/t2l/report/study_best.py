"""Which run of a study descriptions tell most, and which others are not clearly behind it."""

import math
from collections.abc import Callable, Mapping

from t2l.report.markdown import listed
from t2l.report.statistics import Estimate, of_values

Gaps = Mapping[str, float]  # task -> how much more its own description brings than another's


def best_sentence(
    told: Mapping[str, Gaps], lead: str, shown: Callable[[Estimate], str], unit: str
) -> str | None:
    """A sentence on the best run; none for fewer than two, whose gaps could not be compared.

    :param told: gaps of every run.
    :param lead: how the sentence begins, up to the verb.
    :param shown: a mean gap with its interval as text.
    :param unit: what it is measured in.
    """
    known = {name: gaps for name, gaps in told.items() if gaps and _finite(gaps)}
    means = {name: of_values(gaps.values()) for name, gaps in known.items()}
    found = {name: mean for name, mean in means.items() if mean is not None}
    if len(found) < 2:
        return None
    best = max(found, key=lambda name: found[name].mean)
    if found[best].low <= 0:
        return f"{lead} none of them more than chance would."
    near = [name for name in known if name != best and not _is_behind(known[name], known[best])]
    rest = len(known) - 1 - len(near)
    head = f"{lead} `{best}` most: {shown(found[best])} {unit}"
    if not near:
        return f"{head}, and every other run clearly less."
    names = listed([f"`{name}`" for name in near])
    also = "; the others are" if rest > 1 else "; the other one is" if rest else ""
    return f"{head}. Not clearly less: {names}{also}."


def _finite(gaps: Gaps) -> bool:
    return all(math.isfinite(value) for value in gaps.values())


def _is_behind(gaps: Gaps, best: Gaps) -> bool:
    """Whether the 95% interval of the paired difference says so."""
    difference = of_values([best[task] - gaps[task] for task in gaps if task in best])
    return difference is not None and difference.low > 0
