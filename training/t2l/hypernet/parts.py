"""What a hypernetwork's body is made of: residual blocks, tables of rows, rotary positions."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ResidualBlock(nn.Module):
    """x + MLP(LN(x)), with SiLU after both layers."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, width * 4)
        self.down = nn.Linear(width * 4, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.dropout(F.silu(self.up(self.norm(x))))
        return x + self.dropout(F.silu(self.down(hidden)))


class NormedEmbedding(nn.Module):
    """An embedding table whose rows are layer-normalised; called without indices."""

    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.table = nn.Embedding(rows, width)
        self.norm = nn.LayerNorm(width)

    def forward(self) -> Tensor:
        return self.norm(self.table.weight)  # [rows, width]


class OneHotRows(nn.Module):
    """The rows of the unit matrix; called without indices."""

    rows: Tensor

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.register_buffer("rows", torch.eye(rows), persistent=False)

    def forward(self) -> Tensor:
        return self.rows  # [rows, rows]


class NamedBuffers(nn.Module):
    """Tensors by name that are saved with the weights and never trained.

    :param values: what they are until they are told.
    """

    def __init__(self, values: Mapping[str, Tensor]) -> None:
        super().__init__()
        for name, value in values.items():
            self.register_buffer(name, value)

    def __getitem__(self, name: str) -> Tensor:
        return self.get_buffer(name)


def turn(x: Tensor) -> Tensor:
    """Rotary positions: x [..., R, Z], turned by 0 .. R-1 (base 10000, halves paired)."""
    cos, sin = rotary_tables(*x.shape[-2:])
    left, right = x.chunk(2, dim=-1)
    return x * cos.to(x) + torch.cat([-right, left], dim=-1) * sin.to(x)


def rotary_tables(ranks: int, width: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines [R, Z] in float32, as the checkpoints were trained with."""
    frequencies = 1.0 / 10000.0 ** (torch.arange(0, width, 2).float() / width)
    angles = torch.arange(ranks).float()[:, None] * frequencies
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()
