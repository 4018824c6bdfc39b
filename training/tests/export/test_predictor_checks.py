"""A predictor whose parts do not go together is refused before the edge would refuse it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from fit_for_tests import DIM, MODULES, TASKS, gated_fit, plain_fit, tiny_fit

from t2l.export.bundle.data import Fit
from t2l.export.bundle.gate import Gate
from t2l.export.bundle.manifest import BundleError
from t2l.export.bundle.predictor import Match, Predictor, Reasons
from t2l.export.bundle.write import check_fit

NAMES = tuple(MODULES)


def broken(change: Callable[[Predictor], Predictor]) -> Fit:
    fit = tiny_fit()
    assert fit.predictor is not None
    return replace(fit, predictor=change(fit.predictor))


def places(**changes: object) -> Callable[[Predictor], Predictor]:
    return lambda one: replace(one, places=replace(one.places, **changes))


def test_whole_ones_are_taken() -> None:
    check_fit(tiny_fit(), DIM, NAMES)
    check_fit(plain_fit(), DIM, NAMES)
    check_fit(gated_fit(), DIM, NAMES)


P = torch.zeros(5, 16)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (places(projection=P[:, :0]), r"width of 1 to 32768, is \[5, 0\]"),
        (places(projection=P[:4]), r"adapters must be \[5, 4\], got \[5, 5\]"),
        (places(projection=P * torch.nan), "P must be finite"),
        (places(modules=(0, 1)), "modules of the target, by their places: k_proj, q_proj, v_proj"),
        (places(modules=(1, 7)), "by their places"),
        (places(modules=()), "by their places"),
        (places(tasks=torch.zeros(5, 7)), r"tasks must be \[5, 6\], got \[5, 7\]"),
        (places(offset=P[:, 0] / 0), "the offset must be finite"),
        (places(entries=torch.zeros(5, 3)), r"the entry's places must be \[5, 4\]"),
        (places(steps=torch.zeros(5, 4)), r"the steps of tasks must be \[5, 5\]"),
        (places(temperature=0.0), "temperature must be positive"),
        (lambda one: replace(one, trust=one.trust[:-1]), r"trust must be \[5\], got \[4\]"),
        (
            lambda one: replace(one, reader=replace(one.reader, bias=one.reader.bias[:2])),
            r"the readers' bias must be \[5\]",
        ),
        (
            lambda one: replace(one, match=replace(one.match, direction=torch.zeros(5))),
            r"the direction must be \[6\]",
        ),
        (
            lambda one: replace(one, topic=replace(one.topic, bias=float("inf"))),
            "topic.bias must be finite, got inf",
        ),
    ],
)
def test_what_is_wrong_is_named(change: Callable[[Predictor], Predictor], words: str) -> None:
    with pytest.raises(BundleError, match=words):
        check_fit(broken(change), DIM, NAMES)


def phrased(**changes: object) -> Fit:
    fit = gated_fit()
    assert fit.predictor is not None and fit.predictor.phrased is not None
    changed = replace(fit.predictor.phrased, **changes)
    return replace(fit, predictor=replace(fit.predictor, phrased=changed))


@pytest.mark.parametrize(
    ("fit", "words"),
    [
        (phrased(gate=Gate(0.0, torch.zeros(5))), r"the gate's direction must be \[6\]"),
        (phrased(gate=Gate(float("nan"), torch.zeros(6))), "phrased.gate.bias must be finite"),
        (phrased(trust=torch.zeros(4)), r"trust of phrasings must be \[5\], got \[4\]"),
        (
            phrased(match=Match(0, 0, 0, 0, 0, torch.zeros(7))),
            r"the direction of phrasings must be \[6\], got \[7\]",
        ),
        (
            phrased(reasons=Reasons(0.5, float("inf"), 0, 0, None)),
            "phrased.reasons.entry must be finite",
        ),
    ],
)
def test_what_is_wrong_with_phrasings_is_named(fit: Fit, words: str) -> None:
    with pytest.raises(BundleError, match=words):
        check_fit(fit, DIM, NAMES)


def test_the_success_of_as_many_tasks_is_needed() -> None:
    with pytest.raises(BundleError, match="needs the success"):
        check_fit(replace(tiny_fit(), success=None), DIM, NAMES)
    with pytest.raises(BundleError, match=f"4 values of success for {len(TASKS)} tasks"):
        check_fit(replace(tiny_fit(), success=(0.5,) * 4), DIM, NAMES)
