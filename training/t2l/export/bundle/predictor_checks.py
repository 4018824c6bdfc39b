"""Refuses a predictor of fit that the edge would refuse: sizes that differ, and odd numbers."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from t2l.export.bundle.predictor import Predictor
from t2l.export.bundle.sketch import LARGEST_WIDTH


def check_predictor(predictor: Predictor, tasks: int, dim: int, modules: tuple[str, ...]) -> None:
    """Compare every size with the others.

    :param tasks: how many training tasks there are.
    :param dim: of the descriptions' vectors.
    :param modules: the target's, in order.
    :raises ValueError: naming what is wrong and what would be right.
    """
    places = predictor.places
    rank, width = places.projection.shape
    if not 0 < width <= LARGEST_WIDTH or rank < 1:
        raise ValueError(
            f"P must be [rank, width] with a width of 1 to {LARGEST_WIDTH}, is [{rank}, {width}]"
        )
    sketched = tuple(modules[place] for place in places.modules if 0 <= place < len(modules))
    if not sketched or predictor.module_names != sketched or len(sketched) != len(places.modules):
        raise ValueError(
            f"sketches of {', '.join(predictor.module_names) or 'no modules'} must be of "
            f"modules of the target, by their places: {', '.join(modules)}"
        )
    wanted: dict[str, tuple[Tensor, tuple[int, ...]]] = {
        "tasks": (places.tasks, (tasks, dim)),
        "adapters": (places.adapters, (tasks, rank)),
        "the offset": (places.offset, (rank,)),
        "trust": (predictor.trust, (tasks,)),
        "success": (predictor.success, (tasks,)),
        "the direction": (predictor.match.direction, (dim,)),
    }
    if places.entry is not None:
        rows = len(places.entry.bias)
        wanted["the entry's weight"] = (places.entry.weight, (rows, dim))
        wanted["the entry's places"] = (places.entries, (tasks, rows))
    if predictor.reader is not None:
        steps = len(predictor.reader.names)
        wanted["the readers' weight"] = (predictor.reader.weight, (steps, dim))
        wanted["the readers' bias"] = (predictor.reader.bias, (steps,))
        wanted["the steps of tasks"] = (places.steps, (tasks, steps))
    phrased = predictor.phrased
    if phrased is not None:
        wanted["trust of phrasings"] = (phrased.trust, (tasks,))
        wanted["the direction of phrasings"] = (phrased.match.direction, (dim,))
        wanted["the gate's direction"] = (phrased.gate.direction, (dim,))
    for what, (tensor, shape) in wanted.items():
        if tuple(tensor.shape) != shape:
            raise ValueError(f"{what} must be {list(shape)}, got {list(tensor.shape)}")
        if not torch.isfinite(tensor).all():
            raise ValueError(f"{what} must be finite")
    if not torch.isfinite(places.projection).all():
        raise ValueError("P must be finite")
    if not places.temperature > 0:
        raise ValueError(f"the temperature must be positive, got {places.temperature}")
    groups: dict[str, object] = {
        "topic": predictor.topic,
        "match": predictor.match,
        "reasons": predictor.reasons,
    }
    if phrased is not None:
        groups["phrased.gate"] = phrased.gate
        groups["phrased.match"] = phrased.match
        groups["phrased.reasons"] = phrased.reasons
    for group, numbers in groups.items():
        for name, value in vars(numbers).items():
            if isinstance(value, float | int) and not math.isfinite(value):
                raise ValueError(f"{group}.{name} must be finite, got {value}")
