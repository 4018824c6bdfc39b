"""How many bytes a step keeps for its backward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn


def saved_bytes(run: Callable[[], object], beside: Iterable[nn.Module] = ()) -> int:
    """Bytes of all storages that hold a tensor which autograd saves while `run` runs.

    A storage counts once, however many tensors share it, and whole. What a step saves it holds
    together if it is run in one part, so this is the most that it holds at once.

    :param beside: modules whose parameters and buffers do not count: they are there anyway.
    """
    known = {
        _key(tensor) for module in beside for tensor in (*module.parameters(), *module.buffers())
    }
    found: dict[int, torch.UntypedStorage] = {}  # kept, so that no key comes twice

    def pack(tensor: Tensor) -> Tensor:
        if _key(tensor) not in known:
            found[_key(tensor)] = tensor.untyped_storage()
        return tensor.detach()

    def unpack(tensor: Tensor) -> Tensor:
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        run()
    return sum(storage.nbytes() for storage in found.values())


def _key(tensor: Tensor) -> int:
    """Which storage it is, also where storages have no address, as on the device `meta`."""
    return tensor.untyped_storage()._cdata
