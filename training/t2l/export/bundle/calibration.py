"""Finds the numbers of the fit score (`predictor.py`) from descriptions whose success was measured.

The score is for what people write, so it is found on descriptions that people wrote where a world
has any; elsewhere on tasks that training did not have, in the world's own phrasings. What is chosen
is chosen on scores of tasks that were left out: of five parts of the tasks, each is scored by what
the other four say.

`trust` of a task is a coefficient times the log-odds of its success, plus one for every kind of
step that it has and one for its shape: how much less often a description that looks like a task of
that kind means just that task. Many tasks share a kind, so a few hundred descriptions are enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy, normalize

from t2l.export.bundle.entry import Entry
from t2l.export.bundle.manifest import significant
from t2l.export.bundle.measured import Known, Measured, OffTopic, check
from t2l.export.bundle.predictor import (
    TRUST_DIGITS,
    Match,
    Places,
    Predictor,
    Signs,
    Topic,
    half,
    rounded,
    rounded_rows,
    signs,
    stored_success,
)
from t2l.export.bundle.reading import Reader, fit_reader, step_table
from t2l.export.bundle.regression import linear, regress, ridge
from t2l.export.bundle.sketch import chosen
from t2l.export.bundle.verdicts import reasons_of

FOLDS = 5  # parts of the tasks
RANK = 64  # of the sketches' projection: beyond it lies what no two tasks share
LEAST_AXIS = 1e-6  # of the longest one: shorter axes are noise of the sums
TEMPERATURE = 0.01  # of cosines of adapters: nearly the closest task alone
SKILL_RIDGE = 0.004  # a description: enough that the direction does not learn single phrasings
TOPIC_L2 = 1e-3  # on standardised coefficients, beside the mean log-likelihood
MATCH_L2 = 1e-3
KIND_L2 = 1.0  # on the sum of log-likelihoods, so that more descriptions may say more
LEAST_SUCCESS = 0.06  # what is never done right in a few tries is not quite impossible
DIRECTION_DIGITS = 5
MAIN = 6  # features beside the kinds of tasks
ENTRY = slice(1, 2)  # the place of `entry` among them


@dataclass(frozen=True)
class Calibration:
    """A predictor, and how predictors that were fitted without a task score that task.

    :param inside: scores of the descriptions that it was found on, [n].
    :param outside: scores of the texts off topic, [m].
    """

    predictor: Predictor
    inside: Tensor
    outside: Tensor


def calibrate(
    known: Known,
    seen: Measured,
    judged: Measured,
    off_topic: OffTopic,
    success: Tensor,
    written: bool = False,
) -> Calibration:
    """Find the predictor.

    :param seen: training tasks in phrasings that training did not have; needs no sketches.
    :param judged: the descriptions that the score is for; whole tasks are left out together.
    :param success: exact match of each training task, [tasks].
    :param written: whether people wrote `judged`, so that readers may learn from it.
    :raises ValueError: if sizes differ, shares are not in 0 to 1, or there are too few texts.
    """
    check(known, seen, judged, off_topic, success, FOLDS)
    fitting = _Fitting(known, seen, judged, off_topic, success, written)
    every = tuple(range(len(known.modules)))
    options = [every, *((place,) for place in every if len(every) > 1)]
    tried = [fitting.places(modules) for modules in options]
    results = [fitting.left_out(places) for places in tried]
    best = min(range(len(tried)), key=lambda index: results[index][0])
    scores = results[best][1]
    predictor = fitting.predictor(tried[best], scores)
    return Calibration(predictor, scores[: fitting.own], scores[fitting.own :])


class _Fitting:
    """The descriptions of a calibration in one row, the texts off topic after them."""

    def __init__(
        self,
        known: Known,
        seen: Measured,
        judged: Measured,
        off_topic: OffTopic,
        success: Tensor,
        written: bool,
    ) -> None:
        self.known, self.judged, self.own = known, judged, len(judged.texts)
        self.vectors = torch.cat([judged.vectors, off_topic.vectors]).double()
        self.sketches = torch.cat([judged.sketches, off_topic.sketches]).double()
        self.matches = judged.exact_match.double()
        self.folds = _folds(judged.tasks, len(off_topic.vectors))
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
        found = torch.zeros(len(self.vectors), len(self.names), dtype=torch.float64)
        for fold in range(FOLDS):
            reader = self.reader(fold)
            if reader is None:
                return None
            found[self.folds == fold] = reader(self.vectors[self.folds == fold])
        return found

    def places(self, modules: tuple[int, ...]) -> Places:
        """Where the training tasks lie, their adapters in the directions that tell them apart."""
        own = chosen(self.known.sketches.double(), modules)
        mean = own.mean(dim=0)
        found = torch.linalg.svd(own - mean, full_matrices=False)
        told = int((found.S > LEAST_AXIS * found.S[0]).sum())  # what is left is rounding
        axes = found.Vh[: max(1, min(RANK, told))]
        largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))
        projection = half(axes * largest.sign())  # or the sign would be the machine's choice
        offset = rounded(projection @ mean)
        entry, entries = self.known.entry, torch.zeros(len(own), 0, dtype=torch.float64)
        if entry is not None:
            entry = Entry(entry.weight, rounded(entry.bias))
            entries = rounded_rows(entry(self._means()))
        return Places(
            tasks=rounded_rows(self.known.matrix),
            modules=modules,
            projection=projection,
            offset=offset,
            adapters=rounded_rows(own @ projection.T - offset),
            entry=entry,
            entries=entries,
            steps=self.steps,
            temperature=TEMPERATURE,
        )

    def _means(self) -> Tensor:
        """The mean vector of every task's phrasings, [tasks, dim]."""
        known = self.known
        total = torch.zeros(known.matrix.shape, dtype=torch.float64)
        total.index_add_(0, known.phrased, known.phrasings.double())
        return total / known.phrased.bincount(minlength=len(total))[:, None]

    def seen(self, places: Places) -> Signs:
        """What the formula sees of every row."""
        return signs(places, self.vectors, self.sketches, self.read)

    def features(self, found: Signs) -> Tensor:
        """Of every row: the signs, then what kinds of tasks are around, [rows, MAIN + kinds]."""
        skill = normalize(self.vectors, dim=1) @ self.skill
        odds = found.around @ self.odds
        parts = [found.adapter, found.entry, found.similarity, found.missing, skill, odds]
        return torch.cat([torch.stack(parts, dim=1), found.around @ self.kinds], dim=1)

    def regressions(self, features: Tensor, pick: Tensor) -> tuple[Tensor, Tensor]:
        """Coefficients of topic and match from some rows."""
        about = (torch.arange(len(features)) < self.own).double()
        weight = torch.where(about > 0, 0.5 / self.own, 0.5 / (len(about) - self.own))
        topic = regress(features[pick, ENTRY], about[pick], weight[pick], TOPIC_L2)
        own = pick[: self.own]
        rows, matches = features[: self.own][own], self.matches[own]
        penalty = torch.full((features.shape[1],), MATCH_L2, dtype=torch.float64)
        penalty[MAIN:] = KIND_L2 / len(rows)
        plain = torch.arange(features.shape[1]) >= MAIN
        return topic, regress(rows, matches, torch.ones_like(matches), penalty, plain)

    def left_out(self, places: Places) -> tuple[float, Tensor]:
        """How well tasks that were left out are expected: mean log-loss, and every row's score."""
        features = self.features(self.seen(places))
        scores = torch.empty(len(features), dtype=torch.float64)
        for fold in range(FOLDS):
            rows = self.folds == fold
            topic, match = self.regressions(features, ~rows)
            about = linear(features[rows, ENTRY], topic).sigmoid()
            scores[rows] = about * linear(features[rows], match).sigmoid()
        loss = binary_cross_entropy(scores[: self.own].clamp(1e-9, 1 - 1e-9), self.matches)
        return float(loss), scores

    def predictor(self, places: Places, scores: Tensor) -> Predictor:
        """The predictor of all rows.

        :param scores: of every row, from predictors that did not see its task.
        """
        found = self.seen(places)
        features = self.features(found)
        topic, match = self.regressions(features, torch.ones(len(features), dtype=torch.bool))
        topic_bias, topic_entry = significant(topic.tolist())
        bias, adapter, entry, similarity, missing = significant(match[:5].tolist())
        skill, odds, kinds = match[MAIN - 1], match[MAIN], match[MAIN + 1 :]
        direction = rounded(skill * self.skill, DIRECTION_DIGITS)
        reader = self.reader()
        if reader is not None:
            reader = Reader(reader.names, reader.weight, rounded(reader.bias))
        return Predictor(
            places=places,
            module_names=tuple(self.known.modules[index] for index in places.modules),
            trust=rounded(odds * self.odds + self.kinds @ kinds, TRUST_DIGITS),
            success=self.success,
            reader=reader,
            topic=Topic(topic_bias, topic_entry),
            match=Match(bias, adapter, entry, similarity, missing, direction),
            reasons=reasons_of(
                found,
                scores,
                -topic_bias / topic_entry if topic_entry > 0 else 0.0,
                self.matches,
                self.names,
                self.judged.steps,
            ),
        )


def kind_table(kinds: Sequence[Sequence[str]]) -> Tensor:
    """Which kinds of steps every task has, and which shape it is, [tasks, kinds + shapes]."""
    shapes = [" ".join(some) for some in kinds]
    single = list(dict.fromkeys(kind for some in kinds for kind in some))
    whole = list(dict.fromkeys(shapes))
    tables = [step_table(single, kinds), step_table(whole, [(shape,) for shape in shapes])]
    return torch.cat(tables, dim=1)


def _folds(tasks: Sequence[str | None], off_topic: int) -> Tensor:
    """A part for every description and, after them, every text off topic.

    Descriptions of no task are each for themselves.
    """
    named = list(dict.fromkeys(task for task in tasks if task is not None))
    place = {task: index for index, task in enumerate(named)}
    own = [index if task is None else place[task] for index, task in enumerate(tasks)]
    return torch.tensor([number % FOLDS for number in (*own, *range(off_topic))])
