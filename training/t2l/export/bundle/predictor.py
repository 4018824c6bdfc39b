"""The fit score: the exact match to expect of a description.

    v          = the description's vector, made unit length
    s_i        = v . training task i
    similarity = max_i s_i                            how close the closest task is
    success    = sum_i softmax(s / temperature)_i success_i    how well tasks around it are done
    topic      = sigmoid(topic_bias + topic_similarity similarity + topic_direction . v)
    match      = sigmoid(match_bias + match_success success + direction . v)
    score      = topic match

That is: whether the text describes a task like those of training at all, times how well such a task
would be done. Two factors and not one regression, because close tasks are not done better than
distant ones; closeness only tells them from texts about other things. The edge computes the same in
`src/adapter/fit.ts`. `direction` comes from the training tasks, in phrasings that training did not
have, and `topic_direction` from them against sentences about other things; the other coefficients
come from tasks that training did not have, and texts off topic.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy, normalize

from t2l.export.bundle.manifest import significant
from t2l.export.bundle.regression import linear, regress, ridge

TEMPERATURES = (0.02, 0.03, 0.05, 0.08, 0.12)
FOLDS = 5  # of the tasks, for what is judged on tasks that the regression did not see
TOPIC_RIDGE = 0.02
RIDGE = 0.004  # a description: enough that the direction does not learn single phrasings
TOPIC_L2 = 1e-3  # on standardised coefficients, beside the mean log-likelihood
MATCH_L2 = 1e-2  # more, because both features say nearly the same
SUCCESS_DIGITS = 3
DIRECTION_DIGITS = 5
UNFIT_QUANTILE = 0.95  # of texts off topic: nineteen in twenty of them are unfit
LEAST_EXPECTED = 0.3  # exact match below which three examples in the prompt do as well
SMALLEST_GROUP = 0.1  # of the texts that are not unfit, on either side of `good`


@dataclass(frozen=True)
class Predictor:
    """The coefficients; see the formula above.

    :param temperature: of the softmax over the cosines.
    :param topic_direction: [dim]
    :param direction: [dim]
    """

    temperature: float
    topic_bias: float
    topic_similarity: float
    topic_direction: tuple[float, ...]
    match_bias: float
    match_success: float
    direction: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """The manifest's `fit.predictor`."""
        return {
            "temperature": self.temperature,
            "topic": {
                "bias": self.topic_bias,
                "similarity": self.topic_similarity,
                "direction": list(self.topic_direction),
            },
            "match": {
                "bias": self.match_bias,
                "success": self.match_success,
                "direction": list(self.direction),
            },
        }


@dataclass(frozen=True)
class Measured:
    """Descriptions with what their adapters get right.

    :param tasks: the task of every description, [n] names; none for texts that describe no task.
    :param texts: the descriptions, [n].
    :param vectors: of the descriptions, [n, dim].
    :param exact_match: share of right answers, [n].
    """

    tasks: tuple[str, ...]
    texts: tuple[str, ...]
    vectors: Tensor
    exact_match: Tensor


@dataclass(frozen=True)
class Calibration:
    """A predictor, and how predictors that were fitted without a task score that task.

    :param inside: scores of the unseen tasks' descriptions, [n].
    :param outside: scores of the texts off topic, [m].
    """

    predictor: Predictor
    inside: Tensor
    outside: Tensor


def stored_rows(matrix: Tensor) -> Tensor:
    """Training tasks as the edge reads them: unit rows rounded to float16, [tasks, dim]."""
    rows = normalize(matrix.double(), dim=1).numpy()
    return torch.from_numpy(rows.astype("<f2").astype("<f8"))  # rounded once, unlike torch's half


def stored_success(success: Tensor) -> tuple[float, ...]:
    """Shares of right answers as the manifest writes them."""
    return tuple(round(value, SUCCESS_DIGITS) for value in success.double().tolist())


def predict(predictor: Predictor, vectors: Tensor, matrix: Tensor, success: Tensor) -> Tensor:
    """Fit scores, [n] in 0 to 1.

    :param vectors: of descriptions, [n, dim], of any length.
    :param matrix: training tasks, [tasks, dim].
    :param success: exact match of each training task, [tasks].
    """
    unit = normalize(vectors.double(), dim=1)
    cosines = unit @ stored_rows(matrix).T
    similarity = cosines.max(dim=1).values
    direction = unit @ torch.tensor(predictor.direction, dtype=torch.float64)
    around = _success_around(cosines, success, predictor.temperature)
    topic = predictor.topic_bias + predictor.topic_similarity * similarity
    topic = topic + unit @ torch.tensor(predictor.topic_direction, dtype=torch.float64)
    match = predictor.match_bias + predictor.match_success * around + direction
    return topic.sigmoid() * match.sigmoid()


def calibrate(
    seen: Measured,
    unseen: Measured,
    general: Tensor,
    off_topic: Tensor,
    matrix: Tensor,
    success: Tensor,
) -> Calibration:
    """Fit the predictor.

    :param seen: training tasks in phrasings that training did not have.
    :param unseen: tasks that training did not have; whole tasks are left out together.
    :param general: sentences about other things, [k, dim]; together as heavy as `seen`.
    :param off_topic: texts that describe no task, [m, dim]; together as heavy as `unseen`.
    :param matrix: training tasks, [tasks, dim].
    :param success: exact match of each training task, [tasks].
    :raises ValueError: if sizes differ, shares are not in 0 to 1, or there are too few texts.
    """
    _check(seen, unseen, off_topic, matrix, success)
    count, others = len(unseen.vectors), len(off_topic)
    rows = normalize(torch.cat([unseen.vectors, off_topic]).double(), dim=1)
    cosines = rows @ stored_rows(matrix).T
    similarity = cosines.max(dim=1, keepdim=True).values
    ours = normalize(seen.vectors.double(), dim=1)
    better = ridge(ours, seen.exact_match.double(), RIDGE)
    done_well = rows @ better
    apart = _apart(ours, normalize(general.double(), dim=1))
    closeness = torch.cat([similarity, (rows @ apart)[:, None]], dim=1)
    targets = torch.zeros(count + others, dtype=torch.float64)
    targets[:count] = unseen.exact_match
    about = (torch.arange(count + others) < count).double()
    weight = torch.where(about > 0, 0.5 / count, 0.5 / others)
    folds = _folds(unseen.tasks, others)

    def fitted(pick: Tensor, around: Tensor) -> tuple[Tensor, Tensor]:
        """Both regressions on some rows: three coefficients each."""
        topic = regress(closeness[pick], about[pick], weight[pick], TOPIC_L2)
        own = pick & (about > 0)
        return topic, regress(around[own], targets[own], weight[own], MATCH_L2)

    tried = []
    for temperature in TEMPERATURES:
        success_around = _success_around(cosines, success, temperature)
        around = torch.stack([success_around, done_well], dim=1)
        scores = torch.empty(count + others, dtype=torch.float64)
        for fold in range(FOLDS):
            left_out = folds == fold
            topic, match = fitted(~left_out, around)
            scores[left_out] = (
                linear(closeness[left_out], topic).sigmoid()
                * linear(around[left_out], match).sigmoid()
            )
        loss = float(binary_cross_entropy(scores, targets, weight, reduction="sum"))
        tried.append((loss, temperature, around, scores))
    _, temperature, around, scores = min(tried, key=lambda row: row[:2])
    topic, match = fitted(torch.ones_like(folds, dtype=torch.bool), around)
    topic_bias, topic_similarity = significant(topic[:2].tolist())
    match_bias, match_success = significant(match[:2].tolist())
    predictor = Predictor(
        temperature,
        topic_bias,
        topic_similarity,
        tuple(significant((topic[2] * apart).tolist(), DIRECTION_DIGITS)),
        match_bias,
        match_success,
        tuple(significant((match[2] * better).tolist(), DIRECTION_DIGITS)),
    )
    return Calibration(predictor, scores[:count], scores[count:])


def thresholds(inside: Tensor, exact_match: Tensor, outside: Tensor) -> tuple[float, float]:
    """Scores from which a description is a good fit, and from which an uncertain one.

    Below the second lie nearly all texts off topic. The first is where the descriptions above the
    second fall apart best: with the most variance of exact match between both sides.

    :param inside: scores of descriptions of tasks, [n], from predictors that did not see the task.
    :param exact_match: measured for each of them, [n].
    :param outside: scores of texts off topic, [m].
    """
    uncertain = max(float(outside.quantile(UNFIT_QUANTILE)), LEAST_EXPECTED)
    kept = inside >= uncertain
    scores, order = inside[kept].sort()
    matches = exact_match.double()[kept][order]
    fewest = math.ceil(SMALLEST_GROUP * len(scores))
    best, good = -1.0, uncertain
    for place in range(max(1, fewest), len(scores) - fewest + 1):
        if place == len(scores) or scores[place] == scores[place - 1]:
            continue  # equal scores have one verdict
        gap = float(matches[place:].mean() - matches[:place].mean())
        variance = place * (len(scores) - place) * max(gap, 0.0) ** 2
        if variance > best:
            best, good = variance, float(scores[place])
    return round(good, 4), round(min(good, uncertain), 4)


def _check(
    seen: Measured, unseen: Measured, off_topic: Tensor, matrix: Tensor, success: Tensor
) -> None:
    if len(matrix) != len(success):
        raise ValueError(f"{len(matrix)} training tasks with success of {len(success)}")
    for some in (seen, unseen):
        if not len(some.vectors) == len(some.exact_match) == len(some.tasks):
            raise ValueError(
                f"{len(some.vectors)} vectors, {len(some.exact_match)} shares of right answers "
                f"and {len(some.tasks)} tasks"
            )
    if len(set(unseen.tasks)) < FOLDS or len(off_topic) < FOLDS:
        raise ValueError(f"at least {FOLDS} tasks and {FOLDS} texts off topic are needed")
    for shares in (seen.exact_match, unseen.exact_match, success):
        if not bool(((shares >= 0) & (shares <= 1)).all()):
            raise ValueError("shares of right answers must lie between 0 and 1")


def _success_around(cosines: Tensor, success: Tensor, temperature: float) -> Tensor:
    """How well the tasks around each description are done, [n].

    :param cosines: [n, tasks]
    """
    known = torch.tensor(stored_success(success), dtype=torch.float64)
    return (cosines / temperature).softmax(dim=1) @ known


def _folds(tasks: Sequence[str], off_topic: int) -> Tensor:
    """A fold for every description and, after them, every text off topic."""
    place = {task: index for index, task in enumerate(dict.fromkeys(tasks))}
    own = [place[task] % FOLDS for task in tasks]
    return torch.tensor([*own, *(index % FOLDS for index in range(off_topic))])


def _apart(ours: Tensor, others: Tensor) -> Tensor:
    """The direction from texts about other things to descriptions of tasks, [dim]."""
    targets = torch.cat([torch.ones(len(ours)), torch.zeros(len(others))]).double()
    weight = torch.where(targets > 0, 0.5 / len(ours), 0.5 / len(others)).double()
    return ridge(torch.cat([ours, others]), targets, TOPIC_RIDGE, weight)
