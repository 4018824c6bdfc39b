"""Shares out words and texts between training and test: what one part has, the other never sees.

    sha256(text) -> one of 4 -> `test` for one of them, `train` for the rest

A text belongs to its part on every machine and in every version, whatever table it stands in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache

from t2l.tasks.source import Part

TEST_SHARE = 4  # one in so many texts is for test


@cache
def part_of(text: str) -> Part:
    """The part that a text belongs to; about a quarter belong to `test`."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return "test" if int.from_bytes(digest[:8], "big") % TEST_SHARE == 0 else "train"


def rows_of(rows: Sequence[tuple[str, ...]], part: Part) -> tuple[tuple[str, ...], ...]:
    """Those rows of a table whose first column belongs to a part, in their order.

    :raises ValueError: if there is none.
    """
    kept = tuple(row for row in rows if part_of(row[0]) == part)
    if not kept:
        raise ValueError(f"none of {len(rows)} rows is for {part}")
    return kept
