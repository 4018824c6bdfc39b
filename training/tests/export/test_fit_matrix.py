"""A fit that is made of descriptions alone agrees with a plain loop, and tells near from far."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from t2l.export.bundle.fit_matrix import LEAST, fit_of_descriptions
from t2l.tasks.descriptions import TaskDescriptions

DIM = 6


def tasks_of(*counts: int) -> list[TaskDescriptions]:
    return [
        TaskDescriptions(f"task-{number}", tuple(f"text {i}" for i in range(count)))
        for number, count in enumerate(counts)
    ]


def vectors_of(*counts: int, spread: float = 0.3, seed: int = 0) -> Tensor:
    """Texts of a task lie around its own direction; lengths differ, as without normalisation."""
    generator = torch.Generator().manual_seed(seed)
    groups = []
    for count in counts:
        centre = torch.nn.functional.normalize(torch.randn(DIM, generator=generator), dim=0)
        rows = centre + spread * torch.randn(count, DIM, generator=generator)
        groups.append(rows * (1 + torch.rand(count, 1, generator=generator)))
    return torch.cat(groups)


def unit(row: np.ndarray) -> np.ndarray:
    return row / np.linalg.norm(row)


def test_rows_and_thresholds_are_those_of_a_plain_loop():
    counts = (4, 7, 2, 9)
    vectors = vectors_of(*counts)
    fit = fit_of_descriptions(tasks_of(*counts), vectors)
    rows = [unit(row) for row in vectors.double().numpy()]
    means, cosines, start = [], [], 0
    for count in counts:
        group = rows[start : start + count]
        start += count
        means.append(unit(np.mean(group, axis=0)))
        for i, row in enumerate(group):
            others = [other for j, other in enumerate(group) if j != i]
            cosines.append(row @ unit(np.mean(others, axis=0)))
    assert fit.tasks == ("task-0", "task-1", "task-2", "task-3")
    np.testing.assert_allclose(fit.matrix.numpy(), means, atol=1e-6)
    assert fit.good == pytest.approx(np.quantile(cosines, 0.25), abs=1e-4)
    assert fit.uncertain == pytest.approx(np.quantile(cosines, 0.01), abs=1e-4)


def test_three_of_four_training_descriptions_are_good_and_other_tasks_are_not():
    counts = (20,) * 5
    vectors = vectors_of(*counts, spread=0.05)
    fit = fit_of_descriptions(tasks_of(*counts), vectors)
    scores = (torch.nn.functional.normalize(vectors, dim=-1) @ fit.matrix.T).amax(dim=-1)
    assert (scores >= fit.good).float().mean() >= 0.75
    assert (scores >= fit.uncertain).float().mean() >= 0.99
    alien = -fit.matrix.mean(dim=0)
    assert (torch.nn.functional.normalize(alien, dim=0) @ fit.matrix.T).max() < fit.uncertain


def test_a_task_with_one_description_has_its_row_but_no_say_in_the_thresholds():
    vectors = vectors_of(5, 5)
    known = fit_of_descriptions(tasks_of(5, 5), vectors)
    lone = torch.full((1, DIM), 3.0)
    fit = fit_of_descriptions(tasks_of(5, 5, 1), torch.cat([vectors, lone]))
    assert (fit.good, fit.uncertain) == (known.good, known.uncertain)
    torch.testing.assert_close(fit.matrix[2], torch.full((DIM,), DIM**-0.5))


def test_without_two_descriptions_of_any_task_the_thresholds_are_fixed():
    fit = fit_of_descriptions(tasks_of(1, 1), vectors_of(1, 1))
    assert (fit.good, fit.uncertain) == (0.75, 0.5)


def test_thresholds_stay_above_zero_when_descriptions_have_nothing_in_common():
    vectors = torch.eye(DIM)
    fit = fit_of_descriptions(tasks_of(3, 3), vectors)
    assert (fit.good, fit.uncertain) == (LEAST, LEAST)
    opposite = torch.cat([torch.eye(DIM)[:2], -torch.eye(DIM)[:2]])
    fit = fit_of_descriptions(tasks_of(4), opposite + 0.01)
    assert 0 < fit.uncertain <= fit.good <= 1


def test_thresholds_are_at_most_one_when_descriptions_are_the_same():
    vectors = vectors_of(1).repeat(8, 1)
    fit = fit_of_descriptions(tasks_of(8), vectors)
    assert (fit.good, fit.uncertain) == (1, 1)
