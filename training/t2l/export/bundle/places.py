"""Where the training tasks lie: what the fit score compares descriptions and adapters with."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from t2l.export.bundle.entry import Entry
from t2l.export.bundle.measured import Known
from t2l.export.bundle.predictor import Places, half, rounded, rounded_rows
from t2l.export.bundle.reading import step_table
from t2l.export.bundle.sketch import chosen

RANK = 64  # of the sketches' projection: beyond it lies what no two tasks share
LEAST_AXIS = 1e-6  # of the longest one: shorter axes are noise of the sums
TEMPERATURE = 0.01  # of cosines of adapters: nearly the closest task alone


def places_of(known: Known, modules: tuple[int, ...], steps: Tensor) -> Places:
    """The training tasks, their adapters in the directions that tell them apart.

    :param modules: places of those whose sketches are looked at, from 0.
    :param steps: which task has which step, [tasks, steps].
    """
    own = chosen(known.sketches.double(), modules)
    mean = own.mean(dim=0)
    found = torch.linalg.svd(own - mean, full_matrices=False)
    told = int((found.S > LEAST_AXIS * found.S[0]).sum())  # what is left is rounding
    axes = found.Vh[: max(1, min(RANK, told))]
    largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))
    projection = half(axes * largest.sign())  # or the sign would be the machine's choice
    offset = rounded(projection @ mean)
    entry, entries = known.entry, torch.zeros(len(own), 0, dtype=torch.float64)
    if entry is not None:
        entry = Entry(entry.weight, rounded(entry.bias))
        entries = rounded_rows(entry(_means(known)))
    return Places(
        tasks=rounded_rows(known.matrix),
        modules=modules,
        projection=projection,
        offset=offset,
        adapters=rounded_rows(own @ projection.T - offset),
        entry=entry,
        entries=entries,
        steps=steps,
        temperature=TEMPERATURE,
    )


def kind_table(kinds: Sequence[Sequence[str]]) -> Tensor:
    """Which kinds of steps every task has, and which shape it is, [tasks, kinds + shapes]."""
    shapes = [" ".join(some) for some in kinds]
    single = list(dict.fromkeys(kind for some in kinds for kind in some))
    whole = list(dict.fromkeys(shapes))
    tables = [step_table(single, kinds), step_table(whole, [(shape,) for shape in shapes])]
    return torch.cat(tables, dim=1)


def _means(known: Known) -> Tensor:
    """The mean vector of every task's phrasings, [tasks, dim]."""
    total = torch.zeros(known.matrix.shape, dtype=torch.float64)
    total.index_add_(0, known.phrased, known.phrasings.double())
    return total / known.phrased.bincount(minlength=len(total))[:, None]
