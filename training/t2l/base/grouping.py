"""Rows shared evenly among adapters, in batches that a model runs at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from t2l.base.lora import LoraWeights

Item = TypeVar("Item")


def batches_by_adapter(
    rows: Sequence[Item], weights: LoraWeights, rows_a_batch: int
) -> Iterator[tuple[LoraWeights, Sequence[Item]]]:
    """Batches of adapters with their rows, or of rows where one adapter has very many.

    :param rows: with n adapters, the first 1/n of them are for adapter 0 and so on.
    :param weights: adapters, [n, ...].
    :raises ValueError: if the rows cannot be shared evenly among the adapters.
    """
    adapters = next(iter(weights.values()))[0].shape[0]
    if len(rows) % adapters:
        raise ValueError(f"{len(rows)} rows cannot be shared evenly among {adapters} adapters")
    each = len(rows) // adapters
    together = max(1, rows_a_batch // each)
    for start in range(0, adapters, together):
        some = {
            name: (a[start:][:together], b[start:][:together]) for name, (a, b) in weights.items()
        }
        own = rows[start * each : (start + together) * each]
        if together > 1:
            yield some, own
        else:
            for first in range(0, len(own), rows_a_batch):
                yield some, own[first : first + rows_a_batch]
