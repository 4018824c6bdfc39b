"""Sketches are drawn as the contract says, and see what an adapter does, not how it is written."""

from __future__ import annotations

import math

import pytest
import torch
from fit_for_tests import LAYERS, MODULES, PROBES, WIDTH, Weights, adapter, near, sketches
from torch.nn.functional import cosine_similarity

from t2l.export.bundle.sketch import chosen, sketch_modules, stream

MASK = 0xFFFFFFFF


def plain_stream(place: int, count: int) -> list[int]:
    """The generator of the contract, a step a line."""
    x = (0x9E3779B9 * place) % 2**32
    found = []
    for _ in range(count):
        x = (x ^ (x << 13)) & MASK
        x = x ^ (x >> 17)
        x = (x ^ (x << 5)) & MASK
        found.append(x)
    return found


def plain_sketch(weights: Weights, name: str, place: int) -> list[float]:
    """One module's sketch in plain loops."""
    inputs, outputs = MODULES[name]
    a, b = (side.tolist() for side in weights[name])
    draws = iter(plain_stream(place, LAYERS * PROBES * (inputs + outputs)))
    buckets = [0.0] * WIDTH
    for layer in range(LAYERS):
        for _ in range(PROBES):
            p = [-1.0 if next(draws) & 1 else 1.0 for _ in range(inputs)]
            inner = [sum(x * y for x, y in zip(row, p, strict=True)) for row in a[layer]]
            for row in b[layer]:
                draw = next(draws)
                y = sum(x * z for x, z in zip(row, inner, strict=True))
                buckets[(draw >> 1) % WIDTH] += -y if draw & 1 else y
    return buckets


def test_the_stream_is_xorshift() -> None:
    for place in (1, 2, 7):
        assert stream(place, 500) == plain_stream(place, 500)
    assert len(set(stream(1, 5000))) == 5000


def test_a_sketch_is_that_of_a_plain_loop() -> None:
    weights = adapter("some")
    found = sketches(weights)[0]
    assert found.dtype == torch.float64 and found.shape == (len(MODULES), WIDTH)
    for place, name in enumerate(MODULES, start=1):
        assert found[place - 1].tolist() == pytest.approx(plain_sketch(weights, name, place))


def test_only_the_product_of_a_and_b_counts() -> None:
    weights = adapter("some")
    turn = torch.tensor([[2.0, 1.0], [-1.0, 3.0]], dtype=torch.float64)
    again = {name: (turn @ a, b @ torch.linalg.inv(turn)) for name, (a, b) in weights.items()}
    torch.testing.assert_close(sketches(again), sketches(weights))


def test_sketches_grow_with_the_adapter_and_add_up() -> None:
    one, other = adapter("one"), adapter("other")
    doubled = {name: (a, 2 * b) for name, (a, b) in one.items()}
    torch.testing.assert_close(sketches(doubled), 2 * sketches(one))
    both = {
        n: (torch.cat([one[n][0], other[n][0]], 1), torch.cat([one[n][1], other[n][1]], 2))
        for n in one
    }
    torch.testing.assert_close(sketches(both), sketches(one) + sketches(other))


def test_the_cosine_of_wide_sketches_is_that_of_the_updates() -> None:
    one = adapter("one")
    for other in (near(one, "near"), adapter("other")):
        stacked = {
            n: (torch.stack([one[n][0], other[n][0]]), torch.stack([one[n][1], other[n][1]]))
            for n in one
        }
        found = sketch_modules(stacked, probes=512, width=4096).sum(dim=1)
        updates = [torch.cat([(b @ a).flatten() for a, b in w.values()]) for w in (one, other)]
        wanted = float(cosine_similarity(updates[0], updates[1], dim=0))
        assert float(cosine_similarity(found[0], found[1], dim=0)) == pytest.approx(wanted, abs=0.1)


def test_modules_are_chosen_by_their_places() -> None:
    found = sketches(adapter("one"), adapter("other"))
    torch.testing.assert_close(chosen(found, (0, 2)), found[:, 0] + found[:, 2])
    assert math.isclose(float(chosen(found, (1,))[0, 0]), float(found[0, 1, 0]))
