"""Low-rank updates: one pair of factors an update, and what is found without forming it."""

import pytest
import torch

from t2l.base.low_rank import (
    canonical,
    mean_adapter,
    relative_errors,
    relative_squares,
    truncate,
)


def factors(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    a = torch.randn(3, 2, 4, 12, generator=generator)
    return a, torch.randn(3, 2, 9, 4, generator=generator)


def test_canonical_factors_have_the_same_product() -> None:
    a, b = factors()
    new_a, new_b = canonical(a, b)
    assert new_a.shape == a.shape and new_b.shape == b.shape
    torch.testing.assert_close(new_b @ new_a, b @ a, atol=1e-5, rtol=1e-5)


def test_canonical_factors_do_not_depend_on_the_gauge() -> None:
    a, b = factors()
    gauge = torch.randn(4, 4, generator=torch.Generator().manual_seed(7)) + 3 * torch.eye(4)
    other_a, other_b = torch.linalg.inv(gauge) @ a, b @ gauge
    for one, other in zip(canonical(a, b), canonical(other_a, other_b), strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_canonical_factors_are_balanced_ordered_and_positive_at_their_largest_entry() -> None:
    a, b = canonical(*factors())
    norms_a, norms_b = a.norm(dim=-1), b.norm(dim=-2)  # [3, 2, r]
    torch.testing.assert_close(norms_a, norms_b)
    assert (norms_b[..., :-1] >= norms_b[..., 1:]).all()
    largest = b.gather(-2, b.abs().argmax(dim=-2, keepdim=True))
    assert (largest > 0).all()


def test_an_adapter_that_does_nothing_stays_one() -> None:
    a, b = factors()
    new_a, new_b = canonical(a, torch.zeros_like(b))
    assert torch.isfinite(new_a).all() and not new_b.any()


def dense(update: torch.Tensor, rank: int) -> torch.Tensor:
    """The best update of a rank by the decomposition of the full matrix, in float64."""
    u, values, vh = torch.linalg.svd(update.double(), full_matrices=False)
    return (u[..., :rank] * values[..., None, :rank]) @ vh[..., :rank, :]


def test_truncation_to_the_rank_that_is_there_gives_the_canonical_factors() -> None:
    a, b = factors()
    for one, other in zip(truncate(a, b, 4), canonical(a, b), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("ranks", [3, 9, 11, 12, 40])
def test_a_truncated_update_is_that_of_the_full_matrix(ranks: int) -> None:
    """Also with more ranks side by side than the smaller width, and than the larger one."""
    generator = torch.Generator().manual_seed(ranks)
    a = torch.randn(2, ranks, 12, generator=generator, dtype=torch.float64)
    b = torch.randn(2, 9, ranks, generator=generator, dtype=torch.float64)
    short_a, short_b = truncate(a, b, 3)
    assert short_a.shape == (2, 3, 12) and short_b.shape == (2, 9, 3)
    torch.testing.assert_close(short_b @ short_a, dense(b @ a, 3), atol=1e-10, rtol=1e-6)
    for one, other in zip(canonical(short_a, short_b), (short_a, short_b), strict=True):
        torch.testing.assert_close(one, other, atol=1e-10, rtol=1e-6)


def test_a_rank_that_an_update_cannot_have_is_refused() -> None:
    a, b = factors()
    with pytest.raises(ValueError, match="rank 4 has no factors of rank 5; ask for 4"):
        truncate(a, b, 5)


@pytest.mark.parametrize("tasks", [1, 2, 7])
def test_the_mean_adapter_is_that_of_the_products_not_of_the_factors(tasks: int) -> None:
    """Two tasks have as many ranks as fit, seven have more than both widths."""
    generator = torch.Generator().manual_seed(tasks)
    a = torch.randn(tasks, 3, 4, 12, generator=generator)
    b = torch.randn(tasks, 3, 9, 4, generator=generator)
    mean_a, mean_b = mean_adapter({"q_proj": (a, b)}, 4)["q_proj"]
    assert mean_a.shape == (1, 3, 4, 12) and mean_b.shape == (1, 3, 9, 4)
    wanted = dense((b.double() @ a.double()).mean(dim=0), 4)
    found = (mean_b.double() @ mean_a.double())[0]
    assert (found - wanted).norm() < 1e-6 * wanted.norm()


def test_nothing_as_large_as_an_update_is_made_of_a_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    decompose = torch.linalg.svd

    def noticed(core: torch.Tensor, full_matrices: bool = True) -> object:
        sizes.append(core.numel())
        return decompose(core, full_matrices=full_matrices)

    monkeypatch.setattr(torch.linalg, "svd", noticed)
    mean_adapter({"q_proj": (torch.ones(3, 2, 2, 50), torch.ones(3, 2, 40, 2))}, 2)
    assert sizes == [36, 36]


def test_relative_errors_are_those_of_the_full_updates() -> None:
    (a, b), (other_a, other_b) = factors(), factors(1)
    found = relative_errors({"q_proj": (a, b)}, {"q_proj": (other_a, other_b)})
    wanted = (b @ a - other_b @ other_a).flatten(1).norm(dim=1)
    wanted = wanted / (other_b @ other_a).flatten(1).norm(dim=1)
    torch.testing.assert_close(found.float(), wanted, atol=1e-5, rtol=1e-5)


def test_squared_relative_errors_have_a_gradient_where_there_is_no_error() -> None:
    a, b = factors()
    ours = a.clone().requires_grad_()
    squares = relative_squares({"q_proj": (ours, b)}, {"q_proj": (a, b)})
    squares.sum().backward()
    assert squares.abs().max() < 1e-12
    assert ours.grad is not None and torch.isfinite(ours.grad).all()
