"""The fit score: the exact match to expect of a description, from its vector and its adapter.

    x           the vector, as the network takes it; v is x made unit length
    u           W x + b, the network's first layer (`entry.py`), made unit length
    z           P (the adapter's sketch, `sketch.py`) - offset, made unit length
    similarity  = max_t v . task_t              how close the closest task is as a text,
    entry       = max_t u . entry_t             to the network,
    c_t         = z . adapter_t                 and in what comes out of it
    q           = softmax(c / temperature)
    adapter     = -ln(1.01 - max c)
    trust       = sum_t q_t trust_t             how often what looks like that task is right
    read_k      = reader_k . v + bias_k         whether the text asks for step k: about 0 to 1
    done_k      = sum of q_t over the tasks t that have step k
    missing     = max(0, read_k of the steps with done_k <= 0.5)
    topic       = sigmoid(topic.bias + topic.entry entry)
    match       = sigmoid(match.bias + match.adapter adapter + match.entry entry
                          + match.similarity similarity + match.missing missing
                          + match.direction . v + trust)
    written     = sigmoid(gate.bias + gate.direction . v)     1 without a gate (`gate.py`)
    score       = topic (written match + (1 - written) phrased.match)

An adapter that works does what some trained task's adapter does; one that the network made of a
vector that it cannot read lies between them. The vector does not show that, because most of it is
how something was put and not what. What the adapter shows in turn is which task will be done, not
whether it is the one that was meant: `missing` and `trust` are about that. A text that looks like
joining words with commas often asks for something else too, so `trust` has a part for the kinds of
a task's steps beside its success.

What people write is nearly all about tasks like the trained ones, and what tells success there,
likeness to a trained task, says nothing of a grammar's sentence about a task that is new. So there
are two sets of the coefficients of `match`, `phrased` with its own `trust` for sentences that are
worded like the grammars', and a gate that says how much a description is like either.

The verdict is `good` from `thresholds.good` on, `uncertain` from `thresholds.uncertain`, else
`unfit`. A text that scores below `reasons.score` has a reason, the first of these that holds; NAME
is the task with the largest c, STEP the step that `missing` is about:

    far             entry < reasons.entry: far from everything trained
    missing_step    missing >= reasons.missing: it seems to ask for STEP, which NAME does not do
    far             max c < reasons.adapter: its adapter is like that of nothing trained
    weak            success of NAME < reasons.success: close to what is not done well

Where `written` is below one half, the reasons are those of `phrased`.

**In the manifest**, `fit` has the members `file`, `dim`, `tasks`, `thresholds`, `success` as
always, `sizes` (a sentence on sizes of input) where a recipe has one, and from a calibration these
two (without them the score is the highest cosine):

    strengths     [{"strength": number, "factor": number}, ...] in ascending order, 1 with factor 1
                  among them: the share of exact match that is left at another strength
    calibration   {
        "adapters":    {"modules": [names of target modules, in the target's order], "probes": int,
                        "width": int, "rank": int, "offset": [rank numbers]},
        "entry":       {"bias": [one number a row of W]},
        "steps":       {"names": [steps], "bias": [one number a step],
                        "tasks": [for every task, the places of its steps in `names`]},
        "temperature": number > 0,
        "trust":       [one number a task],
        "topic":       {"bias", "entry"},
        "match":       {"bias", "adapter", "entry", "similarity", "missing",
                        "direction": [dim numbers]},
        "reasons":     {"score", "entry", "adapter", "success", "missing"},
        "phrased":     {"gate": {"bias", "direction": [dim numbers]}, "trust", "match", "reasons"} }

`calibration.entry` is absent for networks that do not begin with a linear layer: then `entry` is
`similarity`. `steps` is absent where tasks have none: then `missing` is 0. `reasons.missing` is
absent where steps are not read well enough to be named. `phrased` is absent where the score was
found on one way of writing; then there is no gate. The fit file has rows of float16, little-endian,
one matrix after the other; those of tasks are unit rows:

    task [tasks, dim]
    adapter [tasks, rank] | P [rank, width]          with a calibration
    entry [tasks, rows] | W [rows, dim]              with `calibration.entry`
    reader [steps, dim]                              with `calibration.steps`

Sketches of the network's float32 and int8 graphs are nearly the same, so scores are. Bundles of
before have `predictor` in place of `calibration`: its formula is in the edge alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from t2l.export.bundle.entry import Entry
from t2l.export.bundle.gate import Gate
from t2l.export.bundle.manifest import significant
from t2l.export.bundle.reading import Reader
from t2l.export.bundle.sketch import PROBES, chosen

Reason = Literal["far", "missing_step", "weak"]

SUCCESS_DIGITS = 3
TRUST_DIGITS = 4
NEARLY = 0.01  # keeps the logarithm of a perfect likeness finite
WRITTEN = 0.5  # from which on a description's reasons are those of what people write
DONE = 0.5  # share of the tasks around that have a step, above which it is not missing


@dataclass(frozen=True)
class Topic:
    """Whether a text is about something like the tasks."""

    bias: float
    entry: float


@dataclass(frozen=True)
class Match:
    """Whether it will be done, if it is."""

    bias: float
    adapter: float
    entry: float
    similarity: float
    missing: float
    direction: Tensor


@dataclass(frozen=True)
class Reasons:
    """Where each reason begins; `missing` None: steps are not read well enough to be named."""

    score: float
    entry: float
    adapter: float
    success: float
    missing: float | None


@dataclass(frozen=True)
class Phrased:
    """The coefficients for descriptions that are worded like the grammars' phrasings.

    :param trust: [tasks]
    """

    gate: Gate
    trust: Tensor
    match: Match
    reasons: Reasons


@dataclass(frozen=True)
class Places:
    """Where the training tasks lie: what descriptions are compared with.

    :param tasks: unit rows of their vectors, [tasks, dim].
    :param modules: places of the sketched modules in the target, from 0.
    :param projection: P, [rank, width].
    :param offset: [rank]
    :param adapters: unit rows of their adapters' sketches, [tasks, rank].
    :param entry: the network's first layer, None if it does not begin with one.
    :param entries: unit rows of what it makes of them, [tasks, rows]; no columns without it.
    :param steps: which task has which step, [tasks, steps] of 0 and 1.
    :param temperature: of the softmax over adapters.
    :param probes: of the sketches, a layer.
    """

    tasks: Tensor
    modules: tuple[int, ...]
    projection: Tensor
    offset: Tensor
    adapters: Tensor
    entry: Entry | None
    entries: Tensor
    steps: Tensor
    temperature: float
    probes: int = PROBES


@dataclass(frozen=True)
class Predictor:
    """Everything the score is made of, as the edge reads it; see above.

    :param module_names: of the sketched modules.
    :param trust: [tasks]
    :param success: exact match of each task, [tasks].
    :param reader: None: tasks have no steps.
    :param phrased: None: the score was found on one way of writing.
    """

    places: Places
    module_names: tuple[str, ...]
    trust: Tensor
    success: Tensor
    reader: Reader | None
    topic: Topic
    match: Match
    reasons: Reasons
    phrased: Phrased | None = None

    def to_json(self) -> dict[str, Any]:
        """The manifest's `fit.calibration`."""
        places, phrased = self.places, self.phrased
        document: dict[str, Any] = {
            "adapters": {
                "modules": list(self.module_names),
                "probes": places.probes,
                "width": places.projection.shape[1],
                "rank": len(places.projection),
                "offset": places.offset.tolist(),
            },
            "temperature": places.temperature,
            "trust": self.trust.tolist(),
            "topic": vars(self.topic),
            "match": _with_direction(self.match),
            "reasons": _known(self.reasons),
        }
        if places.entry is not None:
            document["entry"] = {"bias": places.entry.bias.tolist()}
        if self.reader is not None:
            document["steps"] = {
                "names": list(self.reader.names),
                "bias": self.reader.bias.tolist(),
                "tasks": [row.nonzero().flatten().tolist() for row in places.steps],
            }
        if phrased is not None:
            document["phrased"] = {
                "gate": _with_direction(phrased.gate),
                "trust": phrased.trust.tolist(),
                "match": _with_direction(phrased.match),
                "reasons": _known(phrased.reasons),
            }
        return document

    def matrices(self) -> bytes:
        """What the fit file has after the tasks' vectors."""
        places = self.places
        parts = [places.adapters, places.projection]
        if places.entry is not None:
            parts += [places.entries, places.entry.weight]
        if self.reader is not None:
            parts.append(self.reader.weight)
        return b"".join(part.numpy().astype("<f2").tobytes() for part in parts)


def _with_direction(coefficients: Match | Gate) -> dict[str, Any]:
    return {**vars(coefficients), "direction": coefficients.direction.tolist()}


def _known(reasons: Reasons) -> dict[str, float]:
    return {name: value for name, value in vars(reasons).items() if value is not None}


@dataclass(frozen=True)
class Signs:
    """What is seen of some descriptions before it is weighed, [n] each.

    :param adapter: as in the formula, like `similarity`, `entry` and `missing`.
    :param likeness: max c.
    :param around: q, [n, tasks].
    :param closest: the place of the task with the largest c.
    :param step: the place of the step that `missing` is about, -1 if there is none.
    """

    similarity: Tensor
    entry: Tensor
    adapter: Tensor
    likeness: Tensor
    around: Tensor
    closest: Tensor
    missing: Tensor
    step: Tensor


@dataclass(frozen=True)
class Judged:
    """Scores, [n], and what they were made from.

    :param written: how much each is worded like what people write, [n]; 1 without a gate.
    """

    score: Tensor
    signs: Signs
    written: Tensor


def half(rows: Tensor) -> Tensor:
    """Numbers rounded to float16, as the edge reads them."""
    return torch.from_numpy(rows.double().numpy().astype("<f2").astype("<f8"))  # rounded once


def rounded_rows(rows: Tensor) -> Tensor:
    """Unit rows rounded to float16."""
    return half(normalize(rows.double(), dim=1))


def rounded(values: Tensor, digits: int = 6) -> Tensor:
    """Numbers as the manifest writes them."""
    return torch.tensor(significant(values.tolist(), digits), dtype=torch.float64)


def stored_success(success: Tensor) -> tuple[float, ...]:
    """Shares of right answers as the manifest writes them."""
    return tuple(round(value, SUCCESS_DIGITS) for value in success.double().tolist())


def predict(predictor: Predictor, vectors: Tensor, sketches: Tensor) -> Judged:
    """Fit scores of some descriptions, 0 to 1.

    :param vectors: [n, dim], as the network takes them.
    :param sketches: of their adapters, [n, modules of the target, width].
    """
    read = None if predictor.reader is None else predictor.reader(vectors)
    seen = signs(predictor.places, vectors, sketches, read)
    unit = normalize(vectors.double(), dim=1)
    about = predictor.topic.bias + predictor.topic.entry * seen.entry
    matches, written = _matches(predictor, seen, unit), torch.ones_like(about)
    phrased = predictor.phrased
    if phrased is not None:
        written = phrased.gate(vectors)
        matches = written * matches + (1 - written) * _matches(phrased, seen, unit)
    return Judged(about.sigmoid() * matches, seen, written)


def _matches(coefficients: Predictor | Phrased, seen: Signs, unit: Tensor) -> Tensor:
    """How likely each is done by one set of coefficients, [n]."""
    match = coefficients.match
    logit = (
        match.bias
        + match.adapter * seen.adapter
        + match.entry * seen.entry
        + match.similarity * seen.similarity
        + match.missing * seen.missing
        + unit @ match.direction
        + seen.around @ coefficients.trust
    )
    return logit.sigmoid()


def signs(places: Places, vectors: Tensor, sketches: Tensor, read: Tensor | None) -> Signs:
    """What the formula sees of some descriptions.

    :param vectors: [n, dim]
    :param sketches: [n, modules of the target, width]
    :param read: what readers say, [n, steps]; None without readers.
    """
    similarity = (normalize(vectors.double(), dim=1) @ places.tasks.T).max(dim=1).values
    entry = similarity
    if places.entry is not None:
        inside = normalize(places.entry(vectors), dim=1)
        entry = (inside @ places.entries.T).max(dim=1).values
    projected = chosen(sketches.double(), places.modules) @ places.projection.T - places.offset
    cosines = normalize(projected, dim=1) @ places.adapters.T
    likeness, closest = cosines.max(dim=1)
    around = (cosines / places.temperature).softmax(dim=1)
    missing, step = torch.zeros_like(likeness), torch.full_like(closest, -1)
    if read is not None:
        most, place = read.masked_fill(around @ places.steps > DONE, -np.inf).max(dim=1)
        missing, step = most.clamp(min=0), torch.where(most > 0, place, step)
    adapter = -(1 + NEARLY - likeness).log()
    return Signs(similarity, entry, adapter, likeness, around, closest, missing, step)


def reason_of(predictor: Predictor, judged: Judged, row: int) -> tuple[Reason | None, str | None]:
    """Why a description that is no good fit is none, and the step if one is missing."""
    seen, limits, phrased = judged.signs, predictor.reasons, predictor.phrased
    if phrased is not None and float(judged.written[row]) < WRITTEN:
        limits = phrased.reasons
    if float(judged.score[row]) >= limits.score:
        return None, None
    if float(seen.entry[row]) < limits.entry:
        return "far", None
    reader, missing = predictor.reader, limits.missing
    if reader is not None and missing is not None and float(seen.missing[row]) >= missing:
        return "missing_step", reader.names[int(seen.step[row])]
    if float(seen.likeness[row]) < limits.adapter:
        return "far", None
    if float(predictor.success[int(seen.closest[row])]) < limits.success:
        return "weak", None
    return None, None
