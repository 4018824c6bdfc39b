"""Where verdicts and their reasons begin, from scores of tasks that a calibration left out.

A verdict is a promise about what is done well, that is, right more than six times in ten: `good`
that nearly all such descriptions are, `unfit` that hardly any is. As many descriptions get either
as the promise allows, and what is left is `uncertain`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from t2l.export.bundle.predictor import Reasons, Signs

WELL = 0.6  # exact match above which a description is done well
GOOD_SHARE = 0.87  # of descriptions called good are done well: a little more than is promised
UNFIT_SHARE = 0.08  # of those called unfit at most
FEWEST = 20  # descriptions that make a share
OFF_TOPIC_SHARE = 0.95  # of texts off topic are unfit
FAR_SHARE = 0.1  # of descriptions whose adapters are as unlike every task's are done well
STEP_SHARE = 0.55  # of steps that are called missing were asked for: a hint, not a promise
LEAST_READ = 0.3  # of a step, where 1 is all of it: less is no sign that it was asked for
NO_REASON = 0.5  # score from which on none is given: the adapter will rather work
DIGITS = 4


def thresholds(
    inside: Tensor, exact_match: Tensor, outside: Tensor, named: Tensor | None = None
) -> tuple[float, float]:
    """Scores from which a description is a good fit, and from which an uncertain one.

    :param inside: scores of descriptions, [n], from predictors that did not see the task.
    :param exact_match: measured for each of them, [n].
    :param outside: scores of texts off topic, [m].
    :param named: which descriptions are of a task, [n], by default all: those that are of none are
        to be no good fit, but to call them unfit keeps no promise.
    """
    well = exact_match > WELL
    good = _from(inside, well, GOOD_SHARE) or 1.0
    least = float(outside.quantile(OFF_TOPIC_SHARE))
    own = torch.ones_like(well) if named is None else named
    uncertain = max(_up_to(inside[own], well[own], UNFIT_SHARE), least, 10**-DIGITS)
    good = round(min(1.0, max(good, uncertain)), DIGITS)
    return good, round(min(good, uncertain), DIGITS)


def strictest(ways: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The thresholds that keep the promise in every way of writing: of several, those that call
    fewest descriptions good and fewest unfit."""
    return max(good for good, _ in ways), min(uncertain for _, uncertain in ways)


def reasons_of(
    found: Signs,
    scores: Tensor,
    entry: float,
    exact_match: Tensor,
    names: Sequence[str],
    asked: Sequence[Sequence[str] | None],
) -> Reasons:
    """Where each reason begins.

    :param found: of the descriptions, and of other texts after them.
    :param scores: of the same texts, from predictors that did not see the task.
    :param entry: below which a text is rather none about the tasks.
    :param exact_match: of the descriptions, [n].
    :param names: of the steps.
    :param asked: the steps of every description, None where they are not known.
    """
    count = len(exact_match)
    adapter = max(0.0, _up_to(found.likeness[:count], exact_match > WELL, FAR_SHARE))
    rows = [
        row
        for row in range(count)
        if asked[row] is not None and int(found.step[row]) >= 0 and float(scores[row]) < NO_REASON
    ]
    missing = None
    if rows:
        right = torch.tensor([names[int(found.step[row])] in (asked[row] or ()) for row in rows])
        start = _from(found.missing[rows], right, STEP_SHARE)
        missing = None if start is None else round(max(start, LEAST_READ), DIGITS)
    return Reasons(NO_REASON, round(max(0.0, entry), DIGITS), round(adapter, DIGITS), WELL, missing)


def _from(values: Tensor, holds: Tensor, share: float) -> float | None:
    """The lowest value from which on at least this share holds; None if there is none."""
    order = values.argsort(descending=True, stable=True)
    shares = holds[order].double().cumsum(0) / torch.arange(1, len(order) + 1)
    places = [place for place in _ends(values[order]) if shares[place] >= share]
    return float(values[order][places[-1]]) if places else None


def _up_to(values: Tensor, holds: Tensor, share: float) -> float:
    """The lowest value that is left out when at most this share of those below it holds."""
    order = values.argsort(stable=True)
    ranked = values[order]
    shares = holds[order].double().cumsum(0) / torch.arange(1, len(order) + 1)
    places = [place for place in _ends(ranked) if shares[place] <= share]
    if not places:
        return float(ranked[0])
    last = places[-1] + 1
    return float(ranked[last]) if last < len(ranked) else float(ranked[-1]) + 10**-DIGITS


def _ends(ranked: Tensor) -> list[int]:
    """The last place of every run of equal values, from the `FEWEST`th place on."""
    return [
        place
        for place in range(FEWEST - 1, len(ranked))
        if place + 1 == len(ranked) or ranked[place + 1] != ranked[place]
    ]
