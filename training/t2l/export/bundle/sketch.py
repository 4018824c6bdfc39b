"""A short vector of what an adapter does, so that adapters can be compared at a glance.

    y = B (A p)                what a layer's update makes of a fixed vector p of signs
    z[bucket] += sign y_i      every y of every layer is thrown into one of the buckets

Adapters whose updates are alike have sketches with a high cosine, whatever A and B they are
written in: what counts is the product. Signs and buckets come from one stream of 32-bit numbers, so
that the edge draws the very same ones:

    x ^= x << 13;  x ^= x >>> 17;  x ^= x << 5       xorshift; the next x is the next draw
    sign = -1 if x & 1 else 1;  bucket = (x >>> 1) % width

A module's stream begins at x = `SEED * (its place in the target, from 1)`, modulo 2^32. Layer by
layer and probe by probe, first the signs of p are drawn, in order, then for every output a bucket
with its sign, both from one draw. Sketches of modules are added up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import torch
from torch import Tensor

SEED = 0x9E3779B9
PROBES = 4  # vectors p a layer: with fewer the cosines are noisier, more add little
WIDTH = 512  # buckets
LARGEST_WIDTH = 32_768  # that the edge takes: it keeps a bucket and its sign in 16 bits

_MASK = 0xFFFFFFFF


def sketch_modules(
    weights: Mapping[str, tuple[Tensor, Tensor]], probes: int = PROBES, width: int = WIDTH
) -> Tensor:
    """Sketches of some adapters, module by module, float64 [n, modules, width].

    :param weights: A [n, layers, rank, in] and B [n, layers, out, rank], with its scale, of every
        module of the target, in order.
    """
    found = []
    for place, (a, b) in enumerate(weights.values(), start=1):
        signs, slots, turns = drawn(place, a.shape[1], a.shape[3], b.shape[2], probes, width)
        inner = torch.einsum("nlri,lpi->nlrp", a.double().cpu(), signs)
        outer = torch.einsum("nlor,nlrp->nlpo", b.double().cpu(), inner) * turns
        empty = outer.new_zeros(len(outer), width)
        found.append(empty.index_add(1, slots.flatten(), outer.flatten(1)))
    return torch.stack(found, dim=1)


@cache
def drawn(
    place: int, layers: int, inputs: int, outputs: int, probes: int, width: int
) -> tuple[Tensor, Tensor, Tensor]:
    """What a module's sketch is made with: p, buckets and their signs.

    :param place: of the module in the target, from 1.
    :return: [layers, probes, inputs]; [layers, probes, outputs] twice.
    """
    draws = torch.tensor(stream(place, layers * probes * (inputs + outputs)))
    draws = draws.view(layers, probes, inputs + outputs)
    signs = 1.0 - 2.0 * (draws & 1).double()
    slots = (draws[..., inputs:] >> 1) % width
    return signs[..., :inputs], slots, signs[..., inputs:]


def stream(place: int, count: int) -> list[int]:
    """The first draws of a module's stream."""
    x = SEED * place & _MASK
    found = []
    for _ in range(count):
        x ^= x << 13 & _MASK
        x ^= x >> 17
        x ^= x << 5 & _MASK
        found.append(x)
    return found


def chosen(sketches: Tensor, modules: Sequence[int]) -> Tensor:
    """The sketches of some modules added up, [n, width].

    :param sketches: [n, modules, width]
    :param modules: their places in the target, from 0.
    """
    return sketches[:, list(modules)].sum(dim=1)
