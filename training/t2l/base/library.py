"""Many adapters for one target, read a few at a time: all of them together fill no memory.

    library.read([4, 0, 7])  ->  module -> (A [3, N, r, in], B [3, N, out, r])

At full size 479 oracles are 1.6 billion values. Whoever goes through all of them does it in blocks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from t2l.base.adapter_weights import AdapterWeights, adapter_count, changed, named_sides


class Library(Protocol):
    """Adapters by number."""

    @property
    def digest(self) -> str:
        """Hex digits that change with any of the adapters, and with their order."""
        ...

    def __len__(self) -> int:
        """How many adapters there are."""
        ...

    def read(self, rows: Sequence[int]) -> AdapterWeights:
        """Some adapters in this order, [rows, ...], on the CPU; a number may come twice."""
        ...


@dataclass(frozen=True, eq=False)
class HeldLibrary:
    """Adapters that are in memory.

    :param weights: all of them, [T, ...].
    """

    weights: AdapterWeights

    @property
    def digest(self) -> str:
        """See `Library.digest`."""
        return joined_digest([content_hash(self.read([row])) for row in range(len(self))])

    def __len__(self) -> int:
        return adapter_count(self.weights)

    def read(self, rows: Sequence[int]) -> AdapterWeights:
        """See `Library.read`."""
        return changed(self.weights, lambda side: side[list(rows)])


def blocks(count: int, size: int) -> Iterator[range]:
    """The numbers below `count` in order, `size` at a time."""
    for start in range(0, count, size):
        yield range(start, min(start + size, count))


def content_hash(weights: AdapterWeights) -> str:
    """The sha256 of adapters' values, with their names, types and shapes."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        for side, values in named_sides(weights[name]):
            head = [name, side, str(values.dtype), list(values.shape)]
            digest.update(json.dumps(head).encode())
            digest.update(_bytes_of(values))
    return digest.hexdigest()


def _bytes_of(values: Tensor) -> memoryview:
    return values.detach().cpu().contiguous().view(torch.uint8).numpy().data


def joined_digest(hashes: Sequence[str]) -> str:
    """One digest of many, in order."""
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()
