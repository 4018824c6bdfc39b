"""Finds the numbers of the fit score (`predictor.py`) from descriptions whose success was measured.

The score is for what people write, so it is found on descriptions that people wrote where a world
has any, and a second set of coefficients, with a gate, on tasks that training did not have, in the
world's own phrasings; elsewhere on those alone. What is chosen is chosen on scores of tasks that
were left out: of five parts of the tasks, each is scored by what the other four say.

`trust` of a task is a coefficient times the log-odds of its success, plus one for every kind of
step that it has and one for its shape: how much less often a description that looks like a task of
that kind means just that task. Many tasks share a kind, so a few hundred descriptions are enough.
Steps that are hard to get right, or hard to understand, have a say through what the readers read of
them; that is linear in the vector, so `direction` has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy, normalize

from t2l.export.bundle.gate import Gate, fit_gate
from t2l.export.bundle.manifest import significant
from t2l.export.bundle.measured import Known, Measured, OffTopic, check
from t2l.export.bundle.places import kind_table, places_of
from t2l.export.bundle.predictor import (
    TRUST_DIGITS,
    Match,
    Phrased,
    Places,
    Predictor,
    Reasons,
    Signs,
    Topic,
    rounded,
    signs,
    stored_success,
)
from t2l.export.bundle.reading import Reader, fit_reader, step_table
from t2l.export.bundle.regression import linear, regress, ridge
from t2l.export.bundle.verdicts import reasons_of

FOLDS = 5  # parts of the tasks
SKILL_RIDGE = 0.004  # a description: enough that the direction does not learn single phrasings
TOPIC_L2 = 1e-3  # on standardised coefficients, beside the mean log-likelihood
MATCH_L2 = 1e-3
KIND_L2 = 1.0  # on the sum of log-likelihoods, so that more descriptions may say more
READ_L2 = 2.0  # likewise, on what is read of every step
LEAST_SUCCESS = 0.06  # what is never done right in a few tries is not quite impossible
DIRECTION_DIGITS = 5
MAIN = 6  # features beside the kinds of tasks
ENTRY = slice(1, 2)  # the place of `entry` among them


@dataclass(frozen=True)
class Calibration:
    """A predictor, and how predictors that were fitted without a task score that task.

    :param inside: scores of the descriptions that it was found on, [n].
    :param outside: scores of the texts off topic, [m].
    :param phrased: scores of the grammars' phrasings, [p]; none without them.
    """

    predictor: Predictor
    inside: Tensor
    outside: Tensor
    phrased: Tensor


def calibrate(
    known: Known,
    seen: Measured,
    judged: Measured,
    off_topic: OffTopic,
    success: Tensor,
    written: bool = False,
    phrased: Measured | None = None,
) -> Calibration:
    """Find the predictor.

    :param seen: training tasks in phrasings that training did not have; needs no sketches.
    :param judged: the descriptions that the score is for; whole tasks are left out together.
    :param success: exact match of each training task, [tasks].
    :param written: whether people wrote `judged`, so that readers may learn from it.
    :param phrased: where people wrote `judged`, other tasks in the world's own phrasings, which get
        coefficients of their own.
    :raises ValueError: if sizes differ, shares are not in 0 to 1, or there are too few texts.
    """
    check(known, seen, judged, off_topic, success, FOLDS)
    if phrased is not None:
        check(known, seen, phrased, off_topic, success, FOLDS)
    fitting = _Fitting(known, seen, judged, phrased, off_topic, success, written)
    every = tuple(range(len(known.modules)))
    options = [every, *((place,) for place in every if len(every) > 1)]
    tried = [places_of(known, modules, fitting.steps) for modules in options]
    results = [fitting.left_out(places) for places in tried]
    best = min(range(len(tried)), key=lambda index: results[index][0])
    scores = results[best][1]
    predictor = fitting.predictor(tried[best], scores)
    rows = fitting.rows
    return Calibration(predictor, scores[rows.judged], scores[rows.others], scores[rows.phrased])


@dataclass(frozen=True)
class _Rows:
    """Where each kind of text is among all of them."""

    judged: slice
    phrased: slice
    others: slice


class _Fitting:
    """The descriptions of a calibration in one row: the judged, the phrased, those off topic."""

    def __init__(
        self,
        known: Known,
        seen: Measured,
        judged: Measured,
        phrased: Measured | None,
        off_topic: OffTopic,
        success: Tensor,
        written: bool,
    ) -> None:
        self.known, self.judged, self.phrased = known, judged, phrased
        some = [judged] if phrased is None else [judged, phrased]
        first, last = len(judged.texts), sum(len(one.texts) for one in some)
        self.count = last + len(off_topic.vectors)
        self.rows = _Rows(slice(first), slice(first, last), slice(last, self.count))
        parts: list[Measured | OffTopic] = [*some, off_topic]
        self.vectors = torch.cat([one.vectors.double() for one in parts])
        self.sketches = torch.cat([one.sketches.double() for one in parts])
        nothing = torch.zeros(len(off_topic.vectors), dtype=torch.float64)
        self.matches = torch.cat([*(one.exact_match.double() for one in some), nothing])
        self.folds = _folds([task for one in some for task in one.tasks], len(nothing))
        self.success = torch.tensor(stored_success(success), dtype=torch.float64)
        self.odds = self.success.clamp(LEAST_SUCCESS, 1 - LEAST_SUCCESS).logit()
        self.kinds = kind_table(known.kinds)
        unit = normalize(seen.vectors.double(), dim=1)
        self.skill = ridge(unit, seen.exact_match.double(), SKILL_RIDGE)
        self.names = tuple(dict.fromkeys(step for steps in known.steps for step in steps))
        self.steps = step_table(self.names, known.steps)
        self.written = [
            place for place, steps in enumerate(judged.steps) if written and steps is not None
        ]
        self.asked = step_table(self.names, [judged.steps[place] or () for place in self.written])
        self.read = self._read_left_out()
        self.open = self._open_left_out()

    def reader(self, left_out: int | None = None) -> Reader | None:
        """The readers, without what people wrote of a part of the tasks."""
        if not self.names:
            return None
        used = [row for row, place in enumerate(self.written) if self.folds[place] != left_out]
        return fit_reader(
            self.names,
            self.known.phrasings,
            self.steps[self.known.phrased],
            self.vectors[[self.written[row] for row in used]],
            self.asked[used],
        )

    def _read_left_out(self) -> Tensor | None:
        """What readers that did not see a text's task say of it, [rows, steps]."""
        found = torch.zeros(self.count, len(self.names), dtype=torch.float64)
        for fold in range(FOLDS):
            reader = self.reader(fold)
            if reader is None:
                return None
            found[self.folds == fold] = reader(self.vectors[self.folds == fold])
        return found

    def gate(self, left_out: int | None = None) -> Gate | None:
        """The gate, without the descriptions of a part of the tasks; training's phrasings stay."""
        if self.phrased is None:
            return None
        used = (
            torch.ones(self.count, dtype=torch.bool) if left_out is None else self.folds != left_out
        )
        own = used.clone()
        own[self.rows.phrased] = False
        theirs = self.vectors[self.rows.phrased][used[self.rows.phrased]]
        return fit_gate(self.vectors[own], torch.cat([self.known.phrasings.double(), theirs]))

    def _open_left_out(self) -> Tensor | None:
        """How far gates that did not see a text's task open for it, [rows]."""
        found = torch.zeros(self.count, dtype=torch.float64)
        for fold in range(FOLDS):
            gate = self.gate(fold)
            if gate is None:
                return None
            found[self.folds == fold] = gate(self.vectors[self.folds == fold])
        return found

    def seen(self, places: Places) -> Signs:
        """What the formula sees of every row."""
        return signs(places, self.vectors, self.sketches, self.read)

    def features(self, found: Signs) -> Tensor:
        """Of every row: the signs, what kinds of tasks are around, and what is read of every step,
        [rows, MAIN + kinds + steps]."""
        skill = normalize(self.vectors, dim=1) @ self.skill
        odds = found.around @ self.odds
        parts = [found.adapter, found.entry, found.similarity, found.missing, skill, odds]
        read = [] if self.read is None else [self.read]
        return torch.cat([torch.stack(parts, dim=1), found.around @ self.kinds, *read], dim=1)

    def topic(self, features: Tensor, used: Tensor) -> Tensor:
        """Coefficients of topic from some rows: what people wrote, where they wrote any."""
        rows = self.rows
        own, others = features[rows.judged, ENTRY], features[rows.others, ENTRY]
        about = torch.cat([torch.ones(len(own)), torch.zeros(len(others))]).double()
        weight = torch.where(about > 0, 0.5 / len(own), 0.5 / len(others))
        pick = torch.cat([used[rows.judged], used[rows.others]])
        return regress(torch.cat([own, others])[pick], about[pick], weight[pick], TOPIC_L2)

    def match(self, features: Tensor, used: Tensor, own: slice) -> Tensor:
        """Coefficients of match from some of the rows of one way of writing."""
        rows, matches = features[own][used[own]], self.matches[own][used[own]]
        penalty = torch.full((features.shape[1],), MATCH_L2, dtype=torch.float64)
        read = MAIN + self.kinds.shape[1]
        penalty[MAIN:read] = KIND_L2 / len(rows)
        penalty[read:] = READ_L2 / len(rows)
        plain = torch.arange(features.shape[1]) >= MAIN
        return regress(rows, matches, torch.ones_like(matches), penalty, plain)

    def left_out(self, places: Places) -> tuple[float, Tensor]:
        """How well tasks that were left out are expected: the mean log-loss of the judged, and
        every row's score."""
        features = self.features(self.seen(places))
        scores = torch.empty(len(features), dtype=torch.float64)
        for fold in range(FOLDS):
            rows, used = self.folds == fold, self.folds != fold
            matches = linear(features[rows], self.match(features, used, self.rows.judged)).sigmoid()
            if self.open is not None:
                other = self.match(features, used, self.rows.phrased)
                written = self.open[rows]
                matches = (
                    written * matches + (1 - written) * linear(features[rows], other).sigmoid()
                )
            topic = self.topic(features, used)
            scores[rows] = linear(features[rows, ENTRY], topic).sigmoid() * matches
        own = self.rows.judged
        loss = binary_cross_entropy(scores[own].clamp(1e-9, 1 - 1e-9), self.matches[own])
        return float(loss), scores

    def predictor(self, places: Places, scores: Tensor) -> Predictor:
        """The predictor of all rows.

        :param scores: of every row, from predictors that did not see its task.
        """
        found, reader, gate = self.seen(places), self.reader(), self.gate()
        features, every = self.features(found), torch.ones(self.count, dtype=torch.bool)
        topic = Topic(*significant(self.topic(features, every).tolist()))
        if reader is not None:
            reader = Reader(reader.names, reader.weight, rounded(reader.bias))
        match, trust = self._coefficients(self.match(features, every, self.rows.judged), reader)
        phrased = None
        if gate is not None and self.phrased is not None:
            coefficients = self.match(features, every, self.rows.phrased)
            own_match, own_trust = self._coefficients(coefficients, reader)
            phrased = Phrased(
                gate=Gate(significant([gate.bias])[0], rounded(gate.direction, DIRECTION_DIGITS)),
                trust=own_trust,
                match=own_match,
                reasons=self._reasons(found, scores, topic, self.phrased, self.rows.phrased),
            )
        return Predictor(
            places=places,
            module_names=tuple(self.known.modules[index] for index in places.modules),
            trust=trust,
            success=self.success,
            reader=reader,
            topic=topic,
            match=match,
            reasons=self._reasons(found, scores, topic, self.judged, self.rows.judged),
            phrased=phrased,
        )

    def _coefficients(self, found: Tensor, reader: Reader | None) -> tuple[Match, Tensor]:
        """Match and trust as the formula has them: readers are a part of bias and direction."""
        bias, adapter, entry, similarity, missing = found[:5].tolist()
        skill, odds, kinds = found[MAIN - 1], found[MAIN], found[MAIN + 1 :]
        kinds, read = kinds.split([self.kinds.shape[1], len(kinds) - self.kinds.shape[1]])
        direction = skill * self.skill
        if reader is not None:
            bias += float(read @ reader.bias)
            direction = direction + read @ reader.weight
        bias, adapter, entry, similarity, missing = significant(
            [bias, adapter, entry, similarity, missing]
        )
        direction = rounded(direction, DIRECTION_DIGITS)
        match = Match(bias, adapter, entry, similarity, missing, direction)
        return match, rounded(odds * self.odds + self.kinds @ kinds, TRUST_DIGITS)

    def _reasons(
        self, found: Signs, scores: Tensor, topic: Topic, some: Measured, own: slice
    ) -> Reasons:
        """Where the reasons begin for one way of writing."""
        return reasons_of(
            _some_of(found, own),
            scores[own],
            -topic.bias / topic.entry if topic.entry > 0 else 0.0,
            self.matches[own],
            self.names,
            some.steps,
        )


def _some_of(found: Signs, rows: slice) -> Signs:
    """The signs of some descriptions."""
    return Signs(**{name: value[rows] for name, value in vars(found).items()})


def _folds(tasks: Sequence[str | None], off_topic: int) -> Tensor:
    """A part for every description and, after them, every text off topic.

    Descriptions of no task are each for themselves.
    """
    named = list(dict.fromkeys(task for task in tasks if task is not None))
    place = {task: index for index, task in enumerate(named)}
    own = [index if task is None else place[task] for index, task in enumerate(tasks)]
    return torch.tensor([number % FOLDS for number in (*own, *range(off_topic))])
