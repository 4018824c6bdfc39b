"""What is left of an adapter's exact match at another strength: factors between measured ones.

A score of fit is measured at strength 1. At strength s the edge serves `score * factor(s)`: the
table has some strengths, between two of them the factor lies on the line, and beyond the first and
the last it stays theirs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

Strengths = Sequence[tuple[float, float]]
"""(strength, factor), ascending by strength."""


def factor_at(strengths: Strengths, strength: float) -> float:
    """The share of exact match that is left at a strength.

    :raises ValueError: for an empty table.
    """
    if not strengths:
        raise ValueError("there is no strength to measure from")
    first, last = strengths[0], strengths[-1]
    if strength <= first[0]:
        return first[1]
    if strength >= last[0]:
        return last[1]
    below, above = next(pair for pair in pairwise(strengths) if strength <= pair[1][0])
    share = (strength - below[0]) / (above[0] - below[0])
    return below[1] + share * (above[1] - below[1])


def check_strengths(strengths: Strengths) -> None:
    """Refuse a table that the edge would refuse; an empty one is none.

    :raises ValueError: with what would be right.
    """
    if not strengths:
        return
    if not all(math.isfinite(value) for row in strengths for value in row):
        raise ValueError(f"strengths and factors must be finite, got {list(strengths)}")
    places = [strength for strength, _ in strengths]
    if any(one >= other for one, other in pairwise(places)):
        raise ValueError(f"strengths must ascend and differ, got {places}")
    if (1.0, 1.0) not in [tuple(row) for row in strengths]:
        raise ValueError("strength 1 must be among the strengths, with the factor 1")
    if any(factor < 0 for _, factor in strengths):
        raise ValueError("the factor of a strength must not be negative")
