"""The controls read what they are named after, and the same texts whenever they are planned."""

from __future__ import annotations

import pytest

from t2l.harness.conditions import CONDITIONS, trials
from t2l.harness.library import HarnessError
from t2l.harness.suite import Suite, open_suite

SUITE = open_suite("local")
NAMES = tuple(SUITE.benchmarks)


def test_every_benchmark_gets_its_own_descriptions_and_each_control_its_texts() -> None:
    planned = trials(SUITE, NAMES, CONDITIONS, draws=3, seed=0)
    assert len(planned) == 10 * (1 + 3 + 3 + 3 + 3 + 1)
    for trial in planned:
        own = SUITE.benchmarks[trial.benchmark]
        if trial.condition == "matched":
            assert trial.text == own.descriptions[trial.draw]
        elif trial.condition == "shuffled":
            (kind,) = {
                one.kind for one in SUITE.benchmarks.values() if trial.text in one.descriptions
            }
            assert kind != own.kind
        elif trial.condition in ("plain", "static"):
            assert (trial.text, trial.draw) == (None, 0)
        else:
            assert trial.text is not None and len(trial.text.split()) == 10
    junk = [trial.text for trial in planned if trial.condition.startswith("junk")]
    assert len(set(junk)) == len(junk)


def test_a_part_of_a_plan_has_the_texts_of_the_whole_and_another_seed_has_others() -> None:
    whole = trials(SUITE, NAMES, CONDITIONS, draws=3, seed=0)
    part = trials(SUITE, ("piqa",), ("shuffled", "junk_words"), draws=2, seed=0)
    assert len(part) == 4 and set(part) <= set(whole)
    other = trials(SUITE, ("piqa",), ("shuffled", "junk_words"), draws=2, seed=1)
    assert not set(part) & set(other)


def test_what_cannot_be_planned_is_refused() -> None:
    with pytest.raises(HarnessError, match="no condition mached; there are plain, matched"):
        trials(SUITE, NAMES, ("mached",), draws=1, seed=0)
    science = {n: one for n, one in SUITE.benchmarks.items() if one.kind == "science"}
    with pytest.raises(HarnessError, match="another kind than science, and suite s has none"):
        trials(Suite("s", None, science), tuple(science), ("shuffled",), draws=1, seed=0)
