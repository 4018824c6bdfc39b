"""Muon: orthogonal updates, batched by shape, state that survives a checkpoint."""

import pytest
import torch

from t2l.train.muon import Muon, orthogonalise


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 4, 12), (2, 12, 4)])
def test_singular_values_come_close_to_one(shape: tuple[int, int, int]) -> None:
    stack = torch.randn(*shape, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalise(stack))
    assert values.min() > 0.3
    assert values.max() < 1.4


def test_stacking_matrices_equals_one_at_a_time() -> None:
    stack = torch.randn(4, 6, 9, generator=torch.Generator().manual_seed(1))
    single = torch.stack([orthogonalise(matrix[None])[0] for matrix in stack])
    assert torch.allclose(orthogonalise(stack), single, atol=1e-5)


@pytest.mark.parametrize("bfloat16", [False, True])
def test_it_minimises_a_quadratic_and_keeps_everything_in_float32(bfloat16: bool) -> None:
    goal = torch.randn(5, 7, generator=torch.Generator().manual_seed(2))
    weight = torch.nn.Parameter(torch.zeros(5, 7))
    optimizer = Muon([weight], lr=0.05, bfloat16=bfloat16)
    for _ in range(200):
        optimizer.zero_grad()
        (weight - goal).square().sum().backward()
        optimizer.step()
    assert (weight - goal).norm() < 0.2 * goal.norm()
    assert weight.dtype == optimizer.state[weight]["momentum"].dtype == torch.float32


def test_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="matrices"):
        Muon([torch.nn.Parameter(torch.zeros(3))], lr=0.1)
