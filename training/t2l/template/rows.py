"""Rows of tokens with the places of their answers, and batches of them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from t2l.template.characters import PAD

IGNORED = -100  # label of positions without loss

Row = tuple[list[int], list[bool]]
"""Token ids of a question with its answer, and which of them are the answer."""


def collate(rows: Sequence[tuple[list[int], list[bool]]]) -> tuple[Tensor, Tensor]:
    """Pad rows on the right.

    :return: token ids and labels, both [rows, longest]; labels are `IGNORED` off the outputs.
    """
    longest = max(len(ids) for ids, _ in rows)
    tokens = torch.full((len(rows), longest), PAD)
    labels = torch.full((len(rows), longest), IGNORED)
    for index, (ids, is_output) in enumerate(rows):
        row = torch.tensor(ids)
        tokens[index, : len(ids)] = row
        labels[index, : len(ids)] = torch.where(torch.tensor(is_output), row, IGNORED)
    return tokens, labels
