"""What is left at a strength lies on the line between those that were measured."""

from __future__ import annotations

import numpy as np
import pytest

from t2l.export.bundle.strengths import check_strengths, factor_at

TABLE = ((-1.0, 0.0), (0.0, 0.02), (0.5, 0.6), (1.0, 1.0), (2.0, 0.3))


def test_factors_are_interpolated_and_stay_at_the_ends() -> None:
    places, values = zip(*TABLE, strict=True)
    for strength in (-7, -1, -0.3, 0, 0.1, 0.5, 0.9, 1, 1.25, 2, 8):
        wanted = float(np.interp(strength, places, values))
        assert factor_at(TABLE, strength) == pytest.approx(wanted)
    assert factor_at(((1.0, 1.0),), -3) == 1
    with pytest.raises(ValueError, match="no strength"):
        factor_at((), 1)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (((1.0, 1.0), (0.5, 0.5)), "ascend"),
        (((0.5, 0.5), (0.5, 0.6), (1.0, 1.0)), "ascend and differ"),
        (((0.5, 0.5),), "strength 1 must be"),
        (((1.0, 0.9),), "with the factor 1"),
        (((0.0, -0.1), (1.0, 1.0)), "not be negative"),
        (((0.0, float("nan")), (1.0, 1.0)), "finite"),
    ],
)
def test_tables_that_the_edge_would_refuse_are_refused(
    table: tuple[tuple[float, float], ...], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        check_strengths(table)


def test_a_table_and_none_are_taken() -> None:
    check_strengths(TABLE)
    check_strengths(())
