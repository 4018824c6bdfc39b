"""Rows of tokens with the places of their answers, and batches of them.

A row is one conversation or line: the token ids of a question with its answer, and which of them
the model is to answer. A batch pads its rows on the right, so that positions count from zero in
every row and a causal model sees no padding before any answer.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

IGNORED = -100  # label of positions without loss

Row = tuple[list[int], list[bool]]
"""Token ids of a question with its answer, and which of them are the answer."""


def collate(rows: Sequence[Row], pad: int) -> tuple[Tensor, Tensor, Tensor]:
    """Pad rows on the right.

    :param pad: token id of padding, a template's `pad`.
    :return: token ids, labels and attention mask, all [rows, longest]; labels are `IGNORED` off
        the answers, the mask is 1 on tokens and 0 on padding.
    """
    longest = max(len(ids) for ids, _ in rows)
    tokens = torch.full((len(rows), longest), pad)
    labels = torch.full((len(rows), longest), IGNORED)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for index, (ids, is_output) in enumerate(rows):
        row = torch.tensor(ids)
        tokens[index, : len(ids)] = row
        labels[index, : len(ids)] = torch.where(torch.tensor(is_output), row, IGNORED)
        mask[index, : len(ids)] = 1
    return tokens, labels, mask


def before_end(ids: Sequence[int], ends: Sequence[int]) -> list[int]:
    """The ids before the first one that ends an answer; all of them if none does."""
    for index, token in enumerate(ids):
        if token in ends:
            return list(ids[:index])
    return list(ids)
