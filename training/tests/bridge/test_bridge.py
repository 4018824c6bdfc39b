"""The map is found on some tasks, measured on others, and its penalty fits the noise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from t2l.base.adapter_weights import LoraWeights
from t2l.bridge.regression import (
    UPDATES,
    BridgeReport,
    LinearMap,
    Split,
    evenly,
    fit_map,
    measure_map,
    split_tasks,
)
from t2l.tasks.descriptions import DescriptionsError, TaskDescriptions

DIM, WIDTH = 9, 4


def tasks_of(*counts: int) -> list[TaskDescriptions]:
    return [TaskDescriptions(f"task-{i}", ("text",) * count) for i, count in enumerate(counts)]


def held_out_names(tasks: list[TaskDescriptions]) -> set[str]:
    split = split_tasks(tasks)
    return {tasks[i].task for i in np.unique(split.groups[split.held_out])}


def related(rows: int, noise: float = 0.0) -> tuple[Tensor, Tensor, LinearMap]:
    """Vectors, what a known map makes of them, and the map."""
    generator = torch.Generator().manual_seed(rows)
    vectors = torch.randn(rows, DIM, generator=generator)
    weight = torch.randn(DIM, WIDTH, generator=generator)
    bias = torch.randn(WIDTH, generator=generator)
    encoded = vectors @ weight + bias + noise * torch.randn(rows, WIDTH, generator=generator)
    return vectors, encoded, LinearMap(weight.numpy(), bias.numpy(), 0.0)


def adapter(row: Tensor) -> LoraWeights:
    """Two layers of rank 1 whose update's direction is the row's."""
    return {"q_proj": (torch.ones(2, 1, 3), row.double().reshape(1, -1, 1).expand(2, -1, -1))}


def measured(found: LinearMap, vectors: Tensor, encoded: Tensor, split: Split) -> BridgeReport:
    return measure_map(
        found,
        vectors,
        encoded,
        split,
        own=lambda i: adapter(encoded[i]),
        bridged=lambda i: adapter(found(vectors[i : i + 1])[0]),
    )


def test_whole_tasks_are_held_out_whatever_their_order():
    tasks = tasks_of(*range(1, 21))
    split = split_tasks(tasks)
    assert len(split.groups) == sum(range(1, 21))
    for number, task in enumerate(tasks):
        mine = split.held_out[split.groups == number]
        assert len(mine) == len(task.texts) and len(set(mine.tolist())) == 1
    assert len(held_out_names(tasks)) == 4
    assert held_out_names(tasks[::-1]) == held_out_names(tasks)


def test_two_of_ten_tasks_are_held_out_and_nine_tasks_are_too_few():
    assert len(held_out_names(tasks_of(*[1] * 10))) == 2
    with pytest.raises(DescriptionsError, match="at least 10 tasks, got 9"):
        split_tasks(tasks_of(*[1] * 9))


def test_a_map_that_exists_is_found_and_explains_the_held_out_tasks():
    vectors, encoded, known = related(60)
    split = split_tasks(tasks_of(*[5] * 12))
    found = fit_map(vectors, encoded, split)
    np.testing.assert_allclose(found.weight, known.weight, atol=1e-4)
    np.testing.assert_allclose(found.bias, known.bias, atol=1e-4)
    assert (found.weight.dtype, found.bias.dtype) == (np.float32, np.float32)
    report = measured(found, vectors, encoded, split)
    assert report.unexplained < 1e-8
    assert report.cosine_low == pytest.approx(1, abs=1e-6)
    assert abs(report.other_task) < 0.5
    assert (report.tasks, report.texts) == (2, 10)


def test_held_out_texts_have_no_say_in_the_map():
    vectors, encoded, _ = related(60)
    split = split_tasks(tasks_of(*[5] * 12))
    found = fit_map(vectors, encoded, split)
    held_out = torch.from_numpy(split.held_out)
    other = torch.where(held_out[:, None], encoded + 100, encoded)
    np.testing.assert_array_equal(fit_map(vectors, other, split).weight, found.weight)


def test_the_penalty_grows_with_the_noise():
    split = split_tasks(tasks_of(*[2] * 12))
    penalties = [
        fit_map(vectors, encoded, split).penalty
        for vectors, encoded, _ in (related(24, noise) for noise in (0.0, 3.0, 100.0))
    ]
    assert penalties == sorted(penalties) and penalties[0] < 1e-3 < 1 <= penalties[2]


def test_what_the_map_misses_is_a_share_of_the_variance():
    vectors, encoded, known = related(60, noise=1.0)
    split = split_tasks(tasks_of(*[5] * 12))
    report = measured(known, vectors, encoded, split)
    rows = encoded[torch.from_numpy(split.held_out)].numpy()
    missed = rows - known(vectors).numpy()[split.held_out]
    assert report.unexplained == pytest.approx((missed**2).sum() / (rows.var(axis=0).sum() * 10))
    nothing = LinearMap(np.zeros((DIM, WIDTH), np.float32), rows.mean(axis=0), 1.0)
    assert measured(nothing, vectors, encoded, split).unexplained == pytest.approx(1, abs=1e-6)


def test_tasks_of_very_different_sizes_are_compared_with_one_another():
    tasks = tasks_of(*[1] * 10)
    names = sorted(held_out_names(tasks))
    large = int(names[0].removeprefix("task-"))
    tasks = tasks_of(*[UPDATES + 50 if i == large else 1 for i in range(10)])
    split = split_tasks(tasks)
    assert held_out_names(tasks) == set(names)
    vectors, encoded, known = related(len(split.groups))
    report = measured(known, vectors, encoded, split)
    assert report.texts == UPDATES + 51 and np.isfinite(report.other_task)


def test_rows_are_picked_evenly_with_both_ends():
    rows = np.arange(100, 131)
    assert evenly(rows, 4).tolist() == [100, 110, 120, 130]
    assert evenly(rows, 500).tolist() == rows.tolist()
    assert evenly(rows[:1], 4).tolist() == [100]


def test_a_report_is_plain_numbers_with_four_digits():
    report = BridgeReport(2, 10, 1e-6, 0.123456, 0.98765432, 0.9, 0.5)
    assert report.to_json() == {
        "tasks": 2,
        "texts": 10,
        "penalty": 1e-6,
        "unexplained": 0.1235,
        "cosine": 0.9877,
        "cosine_low": 0.9,
        "other_task": 0.5,
    }
