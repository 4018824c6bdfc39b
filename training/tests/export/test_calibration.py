"""A calibration finds what decides success in a world whose truth is known.

Every task has an axis among the vectors and a bucket of its own among the sketches. A description
lies near its task's axis. Its adapter is that of its task, or, of some, that of no task at all,
which then fails; of compositions (`a+b`) some adapters do `a` alone, which the vector gives away.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor
from torch.nn.functional import normalize

from t2l.export.bundle.calibration import Calibration, calibrate
from t2l.export.bundle.measured import Known, Measured, OffTopic
from t2l.export.bundle.places import kind_table
from t2l.export.bundle.predictor import predict, reason_of
from t2l.export.bundle.verdicts import WELL, thresholds

STEPS = ("sort", "join", "upper", "count")
TASKS = [(step,) for step in STEPS] + [("sort", "join"), ("upper", "join"), ("sort", "upper")]
KINDS = {"sort": "order", "join": "join", "upper": "map", "count": "reduce"}
POOR = 3  # the place of a task that is not done well
DIM, WIDTH, MODULES = 24, 64, ("q_proj", "v_proj")
STYLE = 10  # the axis of the grammar's wording
SUCCESS = torch.tensor([1.0 if place != POOR else 0.1 for place in range(len(TASKS))])


class Draws:
    """Random vectors from one generator."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)

    def noise(self, size: int, share: float) -> Tensor:
        drawn = torch.randn(size, generator=self.generator, dtype=torch.float64)
        return share * drawn / size**0.5

    def vector(self, task: int, share: float = 0.3) -> Tensor:
        axes = torch.eye(DIM, dtype=torch.float64)
        found = sum((axes[STEPS.index(step)] for step in TASKS[task]), axes[DIM - 1] * 0)
        return normalize(found, dim=0) + self.noise(DIM, share)

    def sketch(self, task: int | None, share: float = 0.2) -> Tensor:
        """The second module tells tasks apart, the first is noise; [modules, width]."""
        own = torch.zeros(WIDTH, dtype=torch.float64)
        if task is not None:
            own[task] = 1
        else:
            own = normalize(self.noise(WIDTH, 1), dim=0)
        return torch.stack([self.noise(WIDTH, 1), own + self.noise(WIDTH, share)])


def known() -> Known:
    draws, places = Draws(0), range(len(TASKS))
    phrasings = [[draws.vector(place) for _ in range(12)] for place in places]
    return Known(
        modules=MODULES,
        kinds=tuple(tuple(KINDS[step] for step in steps) for steps in TASKS),
        steps=tuple(TASKS),
        matrix=torch.stack([torch.stack(rows).mean(dim=0) for rows in phrasings]),
        sketches=torch.stack([draws.sketch(place, 0) for place in places]),
        phrasings=torch.cat([torch.stack(rows) for rows in phrasings]),
        phrased=torch.arange(len(TASKS)).repeat_interleave(12),
        entry=None,
    )


def seen() -> Measured:
    draws, places = Draws(1), [place for place in range(len(TASKS)) for _ in range(4)]
    empty = torch.zeros(len(places), 0, 0, dtype=torch.float64)
    return Measured(
        tasks=tuple("+".join(TASKS[place]) for place in places),
        texts=tuple(map(str, places)),
        vectors=torch.stack([draws.vector(place) for place in places]),
        sketches=empty,
        exact_match=SUCCESS[places],
        steps=tuple(TASKS[place] for place in places),
    )


def judged(seed: int, rounds: int = 60) -> Measured:
    """Descriptions of every task; of three, one gets an adapter that does something else."""
    draws = Draws(seed)
    rows = [(place, number) for number in range(rounds) for place in range(len(TASKS))]
    sketches, matches = [], []
    for place, number in rows:
        half = 0 if TASKS[place][0] == "sort" else 2  # the first step of a composition alone
        wrong = number % 3 == 0
        other = half if len(TASKS[place]) > 1 and number % 2 == 0 else None
        sketches.append(draws.sketch(other if wrong else place))
        matches.append(0.0 if wrong else float(SUCCESS[place]))
    return Measured(
        tasks=tuple(f"{place}/{number % 10}" for place, number in rows),
        texts=tuple(f"text {place} {number}" for place, number in rows),
        vectors=torch.stack([draws.vector(place) for place, _ in rows]),
        sketches=torch.stack(sketches),
        exact_match=torch.tensor(matches, dtype=torch.float64),
        steps=tuple(TASKS[place] for place, _ in rows),
    )


def others(seed: int, count: int = 60) -> OffTopic:
    draws = Draws(seed)
    vectors = torch.stack([draws.noise(DIM, 1) for _ in range(count)])
    vectors[:, : len(STEPS)] = 0.05  # what no step lies along
    return OffTopic(vectors, torch.stack([draws.sketch(None) for _ in range(count)]))


@pytest.fixture(scope="module")
def found() -> Calibration:
    return calibrate(known(), seen(), judged(2), others(3), SUCCESS, written=True)


def test_scores_of_tasks_that_were_left_out_say_what_was_measured(found: Calibration) -> None:
    matches = judged(2).exact_match
    correlation = spearmanr(found.inside, matches)
    assert float(correlation.statistic) > 0.75  # type: ignore
    gap = found.inside[matches > WELL].mean() - found.inside[matches <= WELL].mean()
    assert float(gap) > 0.5
    assert float(found.outside.quantile(0.95)) < 0.2


def test_what_was_found_holds_for_descriptions_of_another_draw(found: Calibration) -> None:
    new, off = judged(4), others(5)
    scores = predict(found.predictor, new.vectors, new.sketches).score
    good, uncertain = thresholds(found.inside, judged(2).exact_match, found.outside)
    well = new.exact_match > WELL
    assert int((scores >= good).sum()) > 0.3 * len(scores)
    assert float(well[scores >= good].double().mean()) > 0.8
    assert int((scores < uncertain).sum()) > 0.1 * len(scores)
    assert float(well[scores < uncertain].double().mean()) < 0.15
    far = predict(found.predictor, off.vectors, off.sketches)
    assert float((far.score < uncertain).double().mean()) > 0.9
    codes = [reason_of(found.predictor, far, row)[0] for row in range(len(off.vectors))]
    assert codes.count("far") > 0.9 * len(codes)


def test_the_module_that_tells_tasks_apart_is_the_one_that_is_looked_at(
    found: Calibration,
) -> None:
    assert found.predictor.module_names == ("v_proj",)


def test_a_step_that_the_adapter_leaves_out_is_named(found: Calibration) -> None:
    draws = Draws(6)
    vectors = torch.stack([draws.vector(4) for _ in range(20)])  # sort and join
    halves = torch.stack([draws.sketch(0) for _ in range(20)])  # sort alone
    wholes = torch.stack([draws.sketch(4) for _ in range(20)])
    lacking = predict(found.predictor, vectors, halves)
    reasons = [reason_of(found.predictor, lacking, row) for row in range(20)]
    assert reasons.count(("missing_step", "join")) > 15
    whole = predict(found.predictor, vectors, wholes)
    assert float(whole.score.min()) > float(lacking.score.max())
    assert {reason_of(found.predictor, whole, row)[0] for row in range(20)} == {None}


def test_what_looks_like_a_task_that_is_not_done_well_is_weak(found: Calibration) -> None:
    draws = Draws(7)
    vectors = torch.stack([draws.vector(POOR) for _ in range(20)])
    sketches = torch.stack([draws.sketch(POOR) for _ in range(20)])
    judgement = predict(found.predictor, vectors, sketches)
    assert float(judgement.score.max()) < 0.5
    codes = [reason_of(found.predictor, judgement, row)[0] for row in range(20)]
    assert codes.count("weak") > 15


def test_a_calibration_is_the_same_every_time(found: Calibration) -> None:
    again = calibrate(known(), seen(), judged(2), others(3), SUCCESS, written=True)
    assert again.predictor.to_json() == found.predictor.to_json()
    assert again.predictor.matrices() == found.predictor.matrices()
    assert torch.equal(again.inside, found.inside)


def test_a_world_without_steps_has_neither_readers_nor_missing_steps() -> None:
    plain = replace(known(), steps=((),) * len(TASKS), kinds=(("task",),) * len(TASKS))
    texts = replace(judged(2), steps=(None,) * len(judged(2).texts))
    found = calibrate(plain, seen(), texts, others(3), SUCCESS)
    assert found.predictor.reader is None and found.predictor.reasons.missing is None
    assert not {"steps", "entry"} & set(found.predictor.to_json())
    new = judged(4)
    read = predict(found.predictor, new.vectors, new.sketches)
    assert not read.signs.missing.any()
    gap = read.score[new.exact_match > WELL].mean() - read.score[new.exact_match <= WELL].mean()
    assert float(gap) > 0.3


def test_a_network_that_answers_nothing_right_fits_nothing() -> None:
    none = [replace(some, exact_match=torch.zeros(len(some.texts))) for some in (seen(), judged(2))]
    found = calibrate(known(), none[0], none[1], others(3), torch.zeros(len(TASKS)))
    assert (
        float(found.inside.max()) < 0.01
        and float(found.predictor.match.direction.abs().max()) < 1e-5
    )
    good, uncertain = thresholds(found.inside, none[1].exact_match, found.outside)
    assert good == 1 and float(found.inside.max()) < uncertain


def test_tasks_that_all_have_one_adapter_still_make_a_table() -> None:
    """A network that was hardly trained: what is left of its sketches is rounding."""
    same = known().sketches[:1].repeat(len(TASKS), 1, 1)
    found = calibrate(
        replace(known(), sketches=same), seen(), judged(2), others(3), SUCCESS, written=True
    )
    assert len(found.predictor.places.projection) == 1
    assert bool(found.inside.isfinite().all())


def in_style(vectors: Tensor) -> Tensor:
    """The same said in the grammar's words."""
    return vectors + torch.eye(DIM, dtype=torch.float64)[STYLE]


def grammar(seed: int, rounds: int = 30) -> Measured:
    """Phrasings of tasks that are new: no adapter is like a trained one, and sorting goes well."""
    draws = Draws(seed)
    places = [place for _ in range(rounds) for place in range(len(TASKS))]
    return Measured(
        tasks=tuple(f"new {number % 70}" for number in range(len(places))),
        texts=tuple(f"phrasing {number}" for number in range(len(places))),
        vectors=in_style(torch.stack([draws.vector(place) for place in places])),
        sketches=torch.stack([draws.sketch(None) for _ in places]),
        exact_match=torch.tensor(["sort" in TASKS[place] for place in places]).double(),
        steps=tuple(TASKS[place] for place in places),
    )


@pytest.fixture(scope="module")
def both() -> Calibration:
    phrased = replace(known(), phrasings=in_style(known().phrasings))
    return calibrate(phrased, seen(), judged(2), others(3), SUCCESS, True, grammar(8))


def test_each_way_of_writing_is_judged_by_what_decides_there(
    found: Calibration, both: Calibration
) -> None:
    matches, theirs = judged(2).exact_match, grammar(8).exact_match
    for scores, measured in ((both.inside, matches), (both.phrased, theirs)):
        assert float(spearmanr(scores, measured).statistic) > 0.75  # type: ignore
        gap = scores[measured > WELL].mean() - scores[measured <= WELL].mean()
        assert float(gap) > 0.4
    assert float(both.outside.quantile(0.95)) < 0.2
    # those who know what people write alone take all that is new for a failure
    assert found.predictor.phrased is None and not len(found.phrased)
    new = grammar(9)
    alone = predict(found.predictor, new.vectors, new.sketches).score
    assert float(alone[new.exact_match > WELL].mean()) < 0.3


def test_the_gate_tells_the_ways_of_writing_apart_and_each_has_its_reasons(
    both: Calibration,
) -> None:
    new, old = grammar(9), judged(4)
    theirs = predict(both.predictor, new.vectors, new.sketches)
    assert float(theirs.written.max()) < 0.5
    assert float(predict(both.predictor, old.vectors, old.sketches).written.min()) > 0.5
    well = [row for row in range(len(new.texts)) if new.exact_match[row] > WELL]
    assert float(theirs.score[well].mean()) > 0.55
    assert "far" not in {reason_of(both.predictor, theirs, row)[0] for row in well}
    # said by people, an adapter like that of no task has its reason nearly always
    by_hand = predict(both.predictor, old.vectors, new.sketches.repeat(2, 1, 1))
    codes = [reason_of(both.predictor, by_hand, row)[0] for row in range(len(old.texts))]
    assert codes.count(None) < 0.05 * len(codes) and codes.count("far") > 0.2 * len(codes)


SEEN, JUDGED, OTHERS = seen(), judged(2), others(3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"judged": replace(JUDGED, exact_match=JUDGED.exact_match[:-1])}, "419 shares"),
        ({"judged": replace(JUDGED, tasks=JUDGED.tasks[:-1])}, "and 419 tasks"),
        ({"judged": replace(JUDGED, sketches=JUDGED.sketches[:-1])}, "419 adapters"),
        ({"seen": replace(SEEN, vectors=SEEN.vectors[:-1])}, "27 vectors"),
        ({"success": SUCCESS[:-1]}, "7 training tasks with success of 6"),
        ({"success": SUCCESS + 0.2}, "between 0 and 1"),
        ({"judged": replace(JUDGED, exact_match=JUDGED.exact_match - 0.2)}, "between 0 and 1"),
        ({"judged": replace(JUDGED, tasks=("same",) * len(JUDGED.tasks))}, "at least 5 tasks"),
        ({"judged": replace(JUDGED, tasks=(None,) * len(JUDGED.tasks))}, "at least 5 tasks"),
        ({"off_topic": OffTopic(OTHERS.vectors[:4], OTHERS.sketches[:4])}, "5 texts off topic"),
        ({"phrased": replace(JUDGED, tasks=("same",) * len(JUDGED.tasks))}, "at least 5 tasks"),
        ({"known": replace(known(), sketches=known().sketches[:-1])}, "adapters of 6"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(changes: dict[str, object], words: str) -> None:
    arguments: dict[str, object] = {
        "known": known(),
        "seen": SEEN,
        "judged": JUDGED,
        "off_topic": OTHERS,
        "success": SUCCESS,
    }
    with pytest.raises(ValueError, match=words):
        calibrate(**{**arguments, **changes})  # type: ignore


def test_kinds_have_a_column_each_and_shapes_another() -> None:
    table = kind_table([("order",), ("order", "join"), ("map",), ("order",)])
    assert table[:, :3].tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 1], [1, 0, 0]]
    assert table[:, 3:].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]
