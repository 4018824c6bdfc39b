"""Moments in one pass: those of all adapters at once, also where a mean is large."""

import pytest
import torch
from torch import Tensor

from t2l.base.adapter_weights import AdapterWeights, changed
from t2l.base.library import HeldLibrary
from t2l.base.moments import BLOCK, FLOOR, Moments


def adapters(count: int, mean: float = 0.0) -> AdapterWeights:
    generator = torch.Generator().manual_seed(count)
    sides = [
        mean + torch.randn(count, *shape, generator=generator) * scale
        for shape, scale in (((2, 3, 6), 1), ((2, 4, 3), 0.1), ((2, 3, 6), 2), ((2, 6, 3), 1e-4))
    ]
    return {"q_proj": (sides[0], sides[1]), "v_proj": (sides[2], sides[3])}


def spread(values: Tensor) -> float:
    """As it is found with everything in memory, in float32."""
    return float((values - values.mean(dim=0, keepdim=True)).square().mean().sqrt())


@pytest.mark.parametrize("count", [2, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_moments_of_a_pass_are_those_of_everything_in_memory(count: int) -> None:
    weights = adapters(count)
    moments = Moments.of(HeldLibrary(weights))
    found, values = moments.deviations(), moments.deviations_of_values()
    for name, pair in weights.items():
        for side in (0, 1):
            mean = moments.means[name][side]
            torch.testing.assert_close(
                mean, pair[side].double().mean(dim=0), rtol=1e-12, atol=1e-14
            )
            assert found[name][side] == pytest.approx(spread(pair[side]), rel=1e-5)
            wanted = pair[side].std(dim=0, correction=0).clamp(min=FLOOR * found[name][side])
            torch.testing.assert_close(values[name][side], wanted)


def test_a_large_mean_costs_no_precision() -> None:
    near, far = adapters(40), adapters(40, mean=4096.0)
    exact = changed(far, lambda side: side.double())
    found = Moments.of(HeldLibrary(far)).deviations()["q_proj"]
    for side in (0, 1):
        assert found[side] == pytest.approx(spread(exact["q_proj"][side]), rel=1e-10)
        assert found[side] == pytest.approx(spread(near["q_proj"][side]), rel=1e-2)


def test_a_value_that_never_changes_counts_with_a_share_of_the_deviation_of_its_matrices() -> None:
    weights = adapters(6)
    weights["q_proj"][0][:, 0, 0, 0] = 0.25
    moments = Moments.of(HeldLibrary(weights))
    value = moments.deviations_of_values()["q_proj"][0][0, 0, 0]
    assert value.item() == pytest.approx(FLOOR * moments.deviations()["q_proj"][0])


def test_a_single_adapter_deviates_by_next_to_nothing_and_none_are_refused() -> None:
    weights = adapters(1)
    moments = Moments.of(HeldLibrary(weights))
    assert torch.equal(moments.means["q_proj"][0].float(), weights["q_proj"][0][0])
    assert moments.deviations()["q_proj"] == (1e-8, 1e-8)
    assert moments.deviations_of_values()["q_proj"][1].min() > 0
    with pytest.raises(ValueError, match="at least one adapter"):
        Moments.of(HeldLibrary(changed(weights, lambda side: side[:0])))
