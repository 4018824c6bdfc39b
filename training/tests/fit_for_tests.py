"""A calibrated fit small enough to be read, and inputs that meet every reason.

Everything is drawn by Python's own generator and lies on a grid of 64ths, so that float16 and
float32 hold it exactly and every machine has the very same numbers.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import normalize

from t2l.export.bundle.data import Fit
from t2l.export.bundle.entry import Entry
from t2l.export.bundle.gate import Gate
from t2l.export.bundle.predictor import (
    Match,
    Phrased,
    Places,
    Predictor,
    Reasons,
    Topic,
    half,
    rounded,
    rounded_rows,
)
from t2l.export.bundle.reading import Reader
from t2l.export.bundle.sketch import chosen, sketch_modules

DIM, ENTRY_ROWS, LAYERS, LORA_RANK = 6, 4, 2, 2
MODULES = {"k_proj": (3, 4), "q_proj": (5, 6), "v_proj": (4, 3)}  # in, out; in the target's order
SKETCHED = (1, 2)  # places of those that the fit looks at
PROBES, WIDTH, RANK = 2, 16, 5
TASKS = ("sort", "sort+join", "reverse", "upper", "count")
STEPS = ("sort", "join", "reverse", "upper", "count")
STEPS_OF = ((0,), (0, 1), (2,), (3,), (4,))
SUCCESS = (0.95, 0.8, 0.9, 0.14, 1.0)
STRENGTHS = ((-1.0, 0.0), (0.0, 0.02), (0.5, 0.6), (1.0, 1.0), (1.5, 0.85), (2.0, 0.3))

Weights = dict[str, tuple[Tensor, Tensor]]  # A [layers, rank, in], B [layers, out, rank]


@dataclass(frozen=True)
class Input:
    """A description's vector and its adapter.

    :param about: what it is there for.
    """

    about: str
    vector: Tensor
    weights: Weights


def grid(seed: str, *shape: int) -> Tensor:
    """Numbers from -1 to 1 in steps of a 64th."""
    rng = random.Random(f"fit|{seed}")
    count = int(torch.tensor(shape).prod())
    return torch.tensor([rng.randint(-64, 64) / 64 for _ in range(count)]).view(shape).double()


def adapter(seed: str) -> Weights:
    """Some adapter."""
    return {
        name: (
            grid(f"{seed}|{name}.A", LAYERS, LORA_RANK, inputs),
            grid(f"{seed}|{name}.B", LAYERS, outputs, LORA_RANK),
        )
        for name, (inputs, outputs) in MODULES.items()
    }


def near(weights: Weights, seed: str) -> Weights:
    """An adapter that is nearly the same."""
    return {
        name: (a + grid(f"{seed}|{name}", *a.shape) / 16, b) for name, (a, b) in weights.items()
    }


def sketches(*some: Weights) -> Tensor:
    """Sketches of some adapters, [n, modules of the target, width]."""
    stacked = {
        name: (torch.stack([w[name][0] for w in some]), torch.stack([w[name][1] for w in some]))
        for name in MODULES
    }
    return sketch_modules(stacked, PROBES, WIDTH)


def task_vectors() -> Tensor:
    """Where the descriptions of the tasks lie, [tasks, dim]."""
    return grid("tasks", len(TASKS), DIM)


def tiny_fit() -> Fit:
    """The fit, with everything that a manifest can say of one."""
    vectors, entry = task_vectors(), Entry(grid("W", ENTRY_ROWS, DIM), grid("b", ENTRY_ROWS))
    own = chosen(sketches(*(adapter(task) for task in TASKS)), SKETCHED)
    projection = half(grid("P", RANK, WIDTH))
    offset = rounded(projection @ own.mean(dim=0))
    steps = torch.zeros(len(TASKS), len(STEPS), dtype=torch.float64)
    for row, some in zip(steps, STEPS_OF, strict=True):
        row[list(some)] = 1
    places = Places(
        tasks=rounded_rows(vectors),
        modules=SKETCHED,
        projection=projection,
        offset=offset,
        adapters=rounded_rows(own @ projection.T - offset),
        entry=entry,
        entries=rounded_rows(entry(vectors)),
        steps=steps,
        temperature=0.05,
        probes=PROBES,
    )
    reader = torch.linalg.lstsq(normalize(vectors, dim=1), steps - 0.2).solution.T
    predictor = Predictor(
        places=places,
        module_names=tuple(tuple(MODULES)[place] for place in SKETCHED),
        trust=torch.tensor([0.5, -0.25, 0.25, -2.5, 0.75], dtype=torch.float64),
        success=torch.tensor(SUCCESS, dtype=torch.float64),
        reader=Reader(STEPS, (reader * 64).round() / 64, torch.full((len(STEPS),), 0.2).double()),
        topic=Topic(bias=-6.0, entry=12.0),
        match=Match(-5.0, 1.0, 1.5, 0.75, -3.0, grid("direction", DIM) / 2),
        reasons=Reasons(score=0.5, entry=0.6, adapter=0.9, success=0.6, missing=0.7),
    )
    return Fit(
        tasks=TASKS,
        matrix=vectors,
        good=0.6,
        uncertain=0.27,
        success=SUCCESS,
        predictor=predictor,
        strengths=STRENGTHS,
        sizes="Trained on three and four items; it mostly fails on two, five or more.",
    )


def gated_fit() -> Fit:
    """The same with coefficients for both ways of writing: the gate is open for some inputs, shut
    for others, and ajar for the rest."""
    fit = tiny_fit()
    assert fit.predictor is not None
    phrased = Phrased(
        gate=Gate(0.5, 4 * grid("gate", DIM)),
        trust=torch.tensor([-0.5, 1.25, 0.0, 2.0, -1.0], dtype=torch.float64),
        match=Match(1.5, -0.25, -1.0, 0.5, -2.0, grid("phrased", DIM)),
        reasons=Reasons(score=0.55, entry=0.6, adapter=0.25, success=0.97, missing=0.3),
    )
    return replace(fit, predictor=replace(fit.predictor, phrased=phrased))


def plain_fit() -> Fit:
    """The same for a network without a linear entry, whose tasks have no steps, not measured at
    other strengths."""
    fit = tiny_fit()
    assert fit.predictor is not None
    empty = torch.zeros(len(TASKS), 0, dtype=torch.float64)
    places = replace(fit.predictor.places, entry=None, entries=empty, steps=empty)
    reasons = replace(fit.predictor.reasons, missing=None)
    predictor = replace(fit.predictor, places=places, reader=None, reasons=reasons)
    return replace(fit, predictor=predictor, strengths=(), sizes=None)


def inputs() -> tuple[Input, ...]:
    """Descriptions of every kind."""
    v = task_vectors()
    own = [adapter(task) for task in TASKS]

    def beside(place: int, seed: str, share: float = 0.125) -> Tensor:
        return v[place] + share * grid(seed, DIM)

    return (
        Input("close to sort", beside(0, "close"), near(own[0], "close")),
        Input("close to reverse, longer", 4 * beside(2, "long"), near(own[2], "long")),
        Input("reads join, but its adapter is that of sort", beside(1, "join"), own[0]),
        Input("like nothing trained as a text", -v.sum(dim=0), near(own[4], "else")),
        Input("its adapter is like that of nothing trained", beside(3, "odd"), adapter("odd")),
        Input("close to upper, which is not done well", beside(3, "weak"), near(own[3], "weak")),
        Input("between two tasks", v[0] + v[2], near(own[2], "between")),
        Input("nothing at all", torch.zeros(DIM, dtype=torch.float64), near(own[0], "nothing")),
    )
