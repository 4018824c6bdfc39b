"""Tuning on phrasings: partners find each other, siblings come together, nothing is drawn twice."""

import random
from typing import cast

import pytest
import torch

from t2l.tasks.source import Task
from t2l.train.objectives.encoder_contrast import draw_siblings, families_of, info_nce

FAMILIES = ((0, 1, 2, 3), (4, 5), (6,), tuple(range(7, 40)))


def unit(rows: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(rows, dim=1)


def test_the_loss_is_small_only_where_partners_are_nearest() -> None:
    vectors = unit(torch.randn(6, 8, generator=torch.Generator().manual_seed(0)))
    right = info_nce(vectors, vectors, 0.05)
    wrong = info_nce(vectors, vectors.roll(1, 0), 0.05)
    assert right < 0.1 < wrong


def test_the_loss_is_that_of_the_paper_both_ways() -> None:
    generator = torch.Generator().manual_seed(1)
    one, other = (unit(torch.randn(4, 5, generator=generator)) for _ in range(2))
    scores = (one @ other.T / 0.1).exp()
    forward = -(scores.diag() / scores.sum(1)).log().mean()
    backward = -(scores.diag() / scores.sum(0)).log().mean()
    torch.testing.assert_close(info_nce(one, other, 0.1), (forward + backward) / 2)


@pytest.mark.parametrize("count", [4, 12, 40, 400])
def test_a_step_has_distinct_tasks_and_no_more_than_there_are(count: int) -> None:
    for seed in range(10):
        picks = draw_siblings(FAMILIES, count, random.Random(seed))
        assert len(picks) == len(set(picks)) == min(count, 40)


def test_siblings_are_together_far_more_often_than_by_chance() -> None:
    together = sum(
        {0, 1} <= set(draw_siblings(FAMILIES, 8, random.Random(seed))) for seed in range(300)
    )
    assert together > 3 * 300 * (8 / 40) ** 2


class Named:
    """What the drawing uses of a task."""

    def __init__(self, family: str) -> None:
        self.family = family


def test_families_keep_the_order_of_the_tasks() -> None:
    tasks = [cast(Task, Named(name)) for name in ("b", "a", "b", "c")]
    assert families_of(tasks) == ((0, 2), (1,), (3,))
