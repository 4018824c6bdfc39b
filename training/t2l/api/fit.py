"""What is to be expected of an adapter: the same verdict, score and reason as at the edge.

A generator answers every description, also one that it knows nothing about; the fit is what says
so. The words are those of `src/adapter/fit/words.ts`, where every other surface has them from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor
from torch.nn.functional import normalize

from t2l.base.adapter_weights import factors_of
from t2l.export.bundle.predictor import predict, reason_of
from t2l.export.bundle.sketch import sketch_modules
from t2l.export.bundle.stored_fit import StoredFit

DIGITS = 4  # of scores, as the edge reports them

Verdict = Literal["good", "uncertain", "unfit", "unknown"]


@dataclass(frozen=True)
class Fit:
    """What is to be expected of an adapter, at strength 1.

    :param score: the expected exact match, 0 to 1; the highest cosine to a training task if the
        bundle was not calibrated; None if nothing was measured.
    :param reason: why no more is to be expected, in words; None: there is nothing to say.
    """

    score: float | None
    verdict: Verdict
    reason: str | None = None

    def __str__(self) -> str:
        score = "" if self.score is None else f" ({self.score:.2f})"
        return f"{self.verdict}{score}" + ("" if self.reason is None else f": {self.reason}")


UNKNOWN = Fit(None, "unknown")


def judge(
    stored: StoredFit | None,
    name: str,
    vector: Tensor,
    weights: Mapping[str, tuple[Tensor, ...]],
) -> Fit:
    """The fit of an adapter at strength 1.

    :param stored: None: the bundle does not say what it was trained on.
    :param name: of the hypernetwork.
    :param vector: of the description, [dim], of any length.
    :param weights: module -> its sides, [layers, ...], the scale in B; those of a predictor's
        bundle are (A [layers, rank, in], B [layers, out, rank]).
    """
    if stored is None:
        return UNKNOWN
    predictor = stored.predictor
    if predictor is None:
        cosines = stored.rows @ normalize(vector.double(), dim=0)
        score = round(float(cosines.max()), DIGITS)
        return Fit(score, _verdict(stored, score))
    width, probes = predictor.places.projection.shape[1], predictor.places.probes
    factors = factors_of(weights, "a sketch")
    one = {module: (a[None], b[None]) for module, (a, b) in factors.items()}
    sketches = sketch_modules(one, probes, width)
    judged = predict(predictor, vector[None], sketches)
    score = round(min(1.0, float(judged.score[0])), DIGITS)
    reason, step = reason_of(predictor, judged, 0)
    place = int(judged.signs.closest[0])
    task, success = stored.tasks[place], float(predictor.success[place])
    text = {
        None: None,
        "far": f"far from everything that {name} was trained on",
        "missing_step": f"close to {task}, but nothing trained near it also does {step}",
        "weak": f"close to {task}, which {name} learned to {int(100 * success + 0.5)}%",
    }[reason]
    return Fit(score, _verdict(stored, score), text)


def _verdict(stored: StoredFit, score: float) -> Verdict:
    if score >= stored.good:
        return "good"
    return "uncertain" if score >= stored.uncertain else "unfit"
