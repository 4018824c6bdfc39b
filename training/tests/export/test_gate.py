"""The gate opens for what people write, also for wordings that it has not seen."""

from __future__ import annotations

import torch
from torch import Tensor

from t2l.export.bundle.gate import fit_gate

DIM = 16


def texts(seed: int, count: int, style: float) -> Tensor:
    """Vectors of any length that differ in one of many axes by their wording."""
    generator = torch.Generator().manual_seed(seed)
    vectors = torch.randn(count, DIM, generator=generator, dtype=torch.float64)
    vectors[:, 3] = vectors[:, 3] / 4 + style
    return vectors * (1 + torch.arange(count)[:, None] % 3)


def test_ways_of_writing_are_told_apart() -> None:
    gate = fit_gate(texts(0, 60, 3.0), texts(1, 300, -3.0))
    assert float(gate(texts(2, 50, 3.0)).quantile(0.05)) > 0.9
    assert float(gate(texts(3, 50, -3.0)).quantile(0.95)) < 0.2
    assert int(gate.direction.abs().argmax()) == 3


def test_where_they_overlap_the_gate_errs_on_the_side_of_people() -> None:
    people, grammar = texts(0, 60, 0.5), texts(1, 300, -0.5)
    gate = fit_gate(people, grammar)
    assert float((gate(people) > 0.5).double().mean()) > 0.97
    assert 0.03 < float((gate(grammar) > 0.5).double().mean()) < 0.3
    swapped = fit_gate(grammar, people)
    assert float((swapped(grammar) > 0.5).double().mean()) > 0.97


def test_lengths_do_not_count() -> None:
    gate = fit_gate(texts(0, 60, 3.0), texts(1, 300, -3.0))
    some = texts(4, 10, 0.0)
    assert torch.allclose(gate(some), gate(7 * some))
