"""Verdicts begin where the promise holds, reasons where their hint is mostly right."""

from __future__ import annotations

import torch
from torch import Tensor

from t2l.export.bundle.predictor import Signs
from t2l.export.bundle.verdicts import (
    FAR_SHARE,
    GOOD_SHARE,
    OFF_TOPIC_SHARE,
    STEP_SHARE,
    UNFIT_SHARE,
    WELL,
    reasons_of,
    strictest,
    thresholds,
)

COUNT = 400
SCORES = torch.arange(COUNT).double() / COUNT


def noisy(seed: int = 0) -> Tensor:
    """Exact matches of which the score says how likely each is to be high."""
    generator = torch.Generator().manual_seed(seed)
    return torch.where(torch.rand(COUNT, generator=generator) < SCORES, 1.0, 0.0).double()


def test_of_several_ways_of_writing_the_strictest_promise_counts() -> None:
    assert strictest([(0.8, 0.1)]) == (0.8, 0.1)
    assert strictest([(0.8, 0.3), (0.6, 0.2)]) == (0.8, 0.2)


def test_as_many_as_the_promise_allows_are_good_and_unfit() -> None:
    matches, outside = noisy(), torch.full((20,), 0.001).double()
    good, uncertain = thresholds(SCORES, matches, outside)
    assert 0 < uncertain < good < 1
    above, below = matches[SCORES >= good], matches[SCORES < uncertain]
    assert float((above > WELL).double().mean()) >= GOOD_SHARE
    assert float((below > WELL).double().mean()) <= UNFIT_SHARE
    lower = [s for s in SCORES.tolist() if s < good - 1e-6][-3:]  # no longer run keeps the promise
    assert all(float((matches[SCORES >= s] > WELL).double().mean()) < GOOD_SHARE for s in lower)
    assert len(below) >= 20 and len(above) >= 20


def test_texts_off_topic_are_unfit_even_where_descriptions_would_be_too() -> None:
    outside = torch.linspace(0, 0.5, 101).double()
    good, uncertain = thresholds(SCORES, noisy(), outside)
    assert float((outside < uncertain).double().mean()) >= OFF_TOPIC_SHARE - 0.01
    assert good >= uncertain


def test_texts_of_no_task_lower_no_promise_of_unfit_but_count_against_good() -> None:
    outside = torch.full((20,), 0.001).double()
    named = torch.arange(COUNT) % 4 > 0
    matches = torch.where(named, noisy(), torch.zeros(COUNT).double())
    alone = thresholds(SCORES[named], matches[named], outside)
    good, uncertain = thresholds(SCORES, matches, outside, named)
    assert uncertain == alone[1] and good > alone[0]


def test_nothing_is_good_where_nothing_is_done_well() -> None:
    good, uncertain = thresholds(SCORES, torch.zeros(COUNT).double(), SCORES[:20])
    assert good == 1 and uncertain > float(SCORES.max())
    few = thresholds(SCORES[:5], torch.ones(5).double(), SCORES[:5])
    assert few[0] == 1  # too few to promise anything


def signs(likeness: Tensor, missing: Tensor, step: Tensor) -> Signs:
    zero = torch.zeros_like(likeness)
    return Signs(zero, zero, zero, likeness, zero[:, None], step, missing, step)


def test_reasons_begin_where_they_are_right() -> None:
    likeness, matches = SCORES, noisy()
    asked = [("join",) if index > COUNT // 2 else ("sort",) for index in range(COUNT)]
    step = torch.ones(COUNT, dtype=torch.long)  # that is, `join`
    low = torch.full((COUNT,), 0.2).double()
    found = reasons_of(signs(likeness, SCORES, step), low, 0.3, matches, ("sort", "join"), asked)
    assert (found.score, found.entry, found.success) == (0.5, 0.3, WELL)
    assert float((matches[likeness < found.adapter] > WELL).double().mean()) <= FAR_SHARE
    assert found.missing is not None
    called = [index for index in range(COUNT) if float(SCORES[index]) >= found.missing]
    assert sum(asked[index] == ("join",) for index in called) / len(called) >= STEP_SHARE - 0.01
    assert len(called) > COUNT // 2  # and not only where it is surely right


def test_a_step_is_not_named_where_steps_are_read_wrongly_or_nobody_knows_them() -> None:
    step = torch.ones(COUNT, dtype=torch.long)
    some, low = signs(SCORES, SCORES, step), torch.full((COUNT,), 0.2).double()
    wrong: list[tuple[str, ...] | None] = [("sort",)] * COUNT
    assert reasons_of(some, low, 0.3, noisy(), ("sort", "join"), wrong).missing is None
    unknown: list[tuple[str, ...] | None] = [None] * COUNT
    assert reasons_of(some, low, -0.3, noisy(), (), unknown).missing is None
    assert reasons_of(some, low, -0.3, noisy(), (), unknown).entry == 0
