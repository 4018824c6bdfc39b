"""The other ways in which a hypernetwork may read an embedding: three kinds of codes.

The paper's code has four task encoders. `linear`, a linear layer and a norm, is the one that its
results and ours use; it lies in `hypernet/hypernetwork.py`. The others put a small MLP before

    discrete   the largest of 64 values, as a one-hot row
    vq         the nearest of 32 learned codes, normed
    softmax    the average of 32 learned codes, weighted by a softmax, normed

They exist so that released checkpoints can be read: they run, in PyTorch and as a graph, but the
choices of `discrete` and `vq` have no gradient here, so they cannot be trained.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from t2l.graph.builder import GraphBuilder, to_numpy

TaskEncoderKind = Literal["linear", "discrete", "vq", "softmax"]
TASK_ENCODERS: tuple[str, ...] = ("linear", "discrete", "vq", "softmax")
CLASSES = 64  # of the discrete encoder
CODES = 32  # of the others


class CodeEncoder(nn.Module, ABC):
    """What the three kinds share: the MLP before the choice.

    :param dim: length of the embedding.
    :param width: length of what comes out.
    :param choices: values that the MLP gives.
    """

    def __init__(self, dim: int, width: int, choices: int) -> None:
        super().__init__()
        self.width = width
        self.up = nn.Linear(dim, width * 4)
        self.down = nn.Linear(width * 4, choices)

    def mlp(self, x: Tensor) -> Tensor:
        """The values to choose by, [T, choices]; x [T, dim]."""
        return self.down(F.silu(self.up(x)))

    def mlp_graph(self, graph: GraphBuilder, x: str, scale: float) -> str:
        """The same in a graph, for an embedding that is still to be multiplied by `scale`."""
        x = graph.linear(x, "task.up", to_numpy(self.up.weight * scale), to_numpy(self.up.bias))
        down = to_numpy(self.down.weight), to_numpy(self.down.bias)
        return graph.linear(graph.silu(x), "task.down", *down)

    @abstractmethod
    def graph(self, graph: GraphBuilder, x: str, scale: float) -> str:
        """The whole encoder in a graph: [1, dim] -> [1, width]."""


class DiscreteEncoder(CodeEncoder):
    """The largest of `CLASSES` values as a one-hot row."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim, CLASSES, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        chosen = self.mlp(x).argmax(dim=-1)
        return F.one_hot(chosen, CLASSES).to(x.dtype)  # [T, classes]

    def graph(self, graph: GraphBuilder, x: str, scale: float) -> str:
        chosen = graph.op("ArgMax", self.mlp_graph(graph, x, scale), axis=-1, keepdims=0)
        rows = graph.weight("task.one_hot", to_numpy(torch.eye(CLASSES)))
        return graph.op("Gather", rows, chosen)


class NearestCodeEncoder(CodeEncoder):
    """The nearest learned code, normed. The norm of every code is known beforehand."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__(dim, width, width)
        self.codes = nn.Parameter(torch.randn(CODES, width))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        z = self.mlp(x)
        distances = self.codes.pow(2).sum(dim=-1) - 2 * z @ self.codes.T  # [T, codes], less |z|^2
        return self.norm(self.codes[distances.argmin(dim=-1)])  # [T, width]

    def graph(self, graph: GraphBuilder, x: str, scale: float) -> str:
        z = self.mlp_graph(graph, x, scale)
        squares = to_numpy(self.codes.pow(2).sum(dim=-1))
        distances = graph.op(
            "MatMul", z, graph.weight("task.to_codes", to_numpy(-2 * self.codes.T))
        )
        distances = graph.op("Add", distances, graph.weight("task.squares", squares))
        chosen = graph.op("ArgMin", distances, axis=-1, keepdims=0)
        rows = graph.weight("task.codes", to_numpy(self.norm(self.codes)))
        return graph.op("Gather", rows, chosen)


class MixedCodeEncoder(CodeEncoder):
    """The softmax-weighted average of learned codes, normed."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__(dim, width, CODES)
        self.codes = nn.Parameter(torch.randn(CODES, width))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.mlp(x).softmax(dim=-1) @ self.codes)  # [T, width]

    def graph(self, graph: GraphBuilder, x: str, scale: float) -> str:
        shares = graph.op("Softmax", self.mlp_graph(graph, x, scale), axis=-1)
        mixed = graph.op("MatMul", shares, graph.weight("task.codes", to_numpy(self.codes)))
        norm = to_numpy(self.norm.weight), to_numpy(self.norm.bias)
        return graph.layer_norm(mixed, "task_norm", *norm, self.norm.eps)


def code_encoder(kind: str, dim: int, width: int) -> CodeEncoder:
    """The encoder of a kind other than linear; a discrete one has a width of its own."""
    if kind == "discrete":
        return DiscreteEncoder(dim)
    return {"vq": NearestCodeEncoder, "softmax": MixedCodeEncoder}[kind](dim, width)
