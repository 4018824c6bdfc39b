"""Several processes at one step (`torchrun`): each takes a share of it, gradients are added up.

Every process draws the same batch and runs a part of its tasks; losses are divided by the token
count of the whole batch, so gradients have only to be added. All processes then take the same
step, and only the first writes files. (accelerate shares out batches of a data loader and takes the
mean of their gradients, so that n processes train something else than one does.)
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

T = TypeVar("T")


@dataclass(frozen=True)
class World:
    """The processes that train together.

    :param rank: which of them this is.
    """

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.rank == 0

    def share(self, rows: Sequence[T], before: int = 0) -> Sequence[T]:
        """The rows that this process runs: every n-th.

        :param before: rows that were shared out already, so that it is whose turn it would be.
        """
        return rows[(self.rank - before) % self.size :: self.size]

    def add(self, numbers: Sequence[float]) -> list[float]:
        """Sums over all processes."""
        if self.size == 1:
            return list(numbers)
        total = torch.tensor(numbers, dtype=torch.float64)
        dist.all_reduce(total)
        return total.tolist()

    def most(self, number: int) -> int:
        """The largest over all processes."""
        if self.size == 1:
            return number
        total = torch.tensor(number)
        dist.all_reduce(total, dist.ReduceOp.MAX)
        return int(total)

    def add_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Put the sum over all processes in the place of every gradient."""
        if self.size == 1:
            return
        trained = [parameter for parameter in parameters if parameter.requires_grad]
        for parameter in trained:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        gradients: list[Tensor] = [p.grad for p in trained if p.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        parts = flat.split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))


ALONE = World()


def join_world() -> World:
    """The processes that `torchrun` started, or this one alone."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return ALONE
    if not dist.is_initialized():
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
            dist.init_process_group("cpu:gloo,cuda:nccl")  # numbers are added on the CPU
        else:
            dist.init_process_group("gloo")
    return World(dist.get_rank(), dist.get_world_size())
