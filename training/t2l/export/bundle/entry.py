"""The linear layer with which a hypernetwork takes a description's vector in.

Vectors that it makes alike become adapters that are alike, so two descriptions are compared better
behind it than before it: what varies between phrasings and means nothing to the network is gone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from t2l.hypernet.hypernetwork import Hypernetwork

WEIGHT, BIAS = "task.weight", "task.bias"  # their names in a graph


@dataclass(frozen=True)
class Entry:
    """The layer.

    :param weight: [entry, dim], rounded to float16; takes vectors as the network does.
    :param bias: [entry]
    """

    weight: Tensor
    bias: Tensor

    def __call__(self, vectors: Tensor) -> Tensor:
        """What the layer makes of vectors [n, dim]: [n, entry]."""
        return vectors.double() @ self.weight.T + self.bias


def entry_of(network: Hypernetwork) -> Entry | None:
    """A network's first layer; None for task encoders that do not begin with one."""
    if network.config.task_encoder != "linear":
        return None
    layer = network.task_linear
    return _entry(layer.weight.double() * network.config.scale, layer.bias.double())


def entry_of_graph(data: bytes) -> Entry | None:
    """The first layer of a graph or of a body in chunks; None for one that does not name it."""
    tensors = {row.name: row for row in onnx.load_from_string(data).graph.initializer}
    if not {WEIGHT, BIAS} <= set(tensors):
        return None
    weight, bias = (numpy_helper.to_array(tensors[name]) for name in (WEIGHT, BIAS))
    return _entry(torch.tensor(weight.T.astype(np.float64)), torch.tensor(bias.astype(np.float64)))


def _entry(weight: Tensor, bias: Tensor) -> Entry:
    stored = weight.detach().cpu().numpy().astype("<f2").astype(np.float64)
    return Entry(torch.from_numpy(stored), bias.detach().cpu())
