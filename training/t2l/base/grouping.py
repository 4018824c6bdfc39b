"""Rows shared evenly among adapters, in batches that a model runs at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import TypeVar

from t2l.base.adapter_weights import AdapterWeights, adapter_count, changed

Item = TypeVar("Item")


def batches_by_adapter(
    rows: Sequence[Item], weights: AdapterWeights, rows_a_batch: int
) -> Iterator[tuple[AdapterWeights, Sequence[Item]]]:
    """Batches of adapters with their rows, or of rows where one adapter has very many.

    :param rows: with n adapters, the first 1/n of them are for adapter 0 and so on.
    :param weights: adapters, [n, ...].
    :raises ValueError: if the rows cannot be shared evenly among the adapters.
    """
    adapters = adapter_count(weights)
    if len(rows) % adapters:
        raise ValueError(f"{len(rows)} rows cannot be shared evenly among {adapters} adapters")
    each = len(rows) // adapters
    together = max(1, rows_a_batch // each)
    for start in range(0, adapters, together):
        some = changed(weights, itemgetter(slice(start, start + together)))
        own = rows[start * each : (start + together) * each]
        if together > 1:
            yield some, own
        else:
            for first in range(0, len(own), rows_a_batch):
                yield some, own[first : first + rows_a_batch]
