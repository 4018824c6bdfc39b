"""The hypernetwork before its heads, as part of a graph: embedding [1, dim] in, features out.

    embedding -> task encoder [1, Z/2] -> mixer row + table[module, layer] -> mlp1 -> + A/B -> mlp2
      -> positions -> mlp3 -> features, the input of the heads

Whatever does not depend on the embedding is computed here and stored: the depth and module part of
the mixer's first layer, the normalised A/B rows, mlp2(position). The embedding's factor goes into
the first weights. What the task encoder gives has a name of its own in the graph, so that another
encoder's vectors can be brought in there (`bridge.py`).
"""

from __future__ import annotations

import torch
from torch import nn

from t2l.hypernetwork import Hypernetwork, ResidualBlock, rotary_tables
from t2l.onnx_build import GraphBuilder, to_numpy

ENCODED_TASK = "encoded_task"  # name of the task encoder's output, [1, Z/2]


def add_body(graph: GraphBuilder, network: Hypernetwork, embedding: str) -> str:
    """Everything before the heads: L [M, N, H], M [M, N, AB, H], S [M, N, AB, R, H]."""
    config = network.config
    x = _mix(graph, network, graph.named(ENCODED_TASK, _encode_task(graph, network, embedding)))
    x = _residual(graph, x, "mlp1", network.mlp1)  # [M, N, Z]
    if config.variant in ("M", "S"):
        sides = to_numpy(network.ab_norm(network.ab_table))[:, None]  # [M, 1, AB, Z]
        x = graph.op("Unsqueeze", x, graph.const([2]))
        x = graph.op("Add", x, graph.weight("ab", sides))
    x = _residual(graph, x, "mlp2", network.mlp2)
    if config.variant == "S":
        x = graph.op("Unsqueeze", x, graph.const([3]))
        x = _place(graph, network, x)  # [M, N, AB, R, Z]
    x = _norm(graph, x, "mlp3_norm", network.mlp3_norm)
    x = graph.silu(_linear(graph, x, "mlp3_up", network.mlp3_up))
    return graph.silu(_linear(graph, x, "mlp3_down", network.mlp3_down))


def _encode_task(graph: GraphBuilder, network: Hypernetwork, embedding: str) -> str:
    config = network.config
    if config.task_encoder != "linear":
        return network.task.graph(graph, embedding, config.scale)
    first = to_numpy(network.task_linear.weight * config.scale)
    task = graph.linear(embedding, "task", first, to_numpy(network.task_linear.bias))
    return _norm(graph, task, "task_norm", network.task_norm)


def _mix(graph: GraphBuilder, network: Hypernetwork, task: str) -> str:
    """The mixer for every module and layer, [M, N, Z]; its input is task | depth | module."""
    modules, layers = len(network.target.modules), network.target.layers
    depth, module = network.depth(), network.module()
    place = torch.cat(
        [depth[None].expand(modules, layers, -1), module[:, None].expand(modules, layers, -1)],
        dim=-1,
    )
    weight = network.mixer_up.weight
    width = weight.shape[1] - place.shape[-1]  # of the task's part
    table = place @ weight[:, width:].T + network.mixer_up.bias  # [M, N, 4Z]
    x = graph.linear(task, "mixer_task", to_numpy(weight[:, :width]), None)  # [1, 4Z]
    x = graph.silu(graph.op("Add", graph.weight("mixer_place", to_numpy(table)), x))
    return graph.silu(_linear(graph, x, "mixer_down", network.mixer_down))


def _place(graph: GraphBuilder, network: Hypernetwork, x: str) -> str:
    """Tell the ranks apart; x [M, N, AB, 1, Z]."""
    if network.config.position == "learned":
        positions = to_numpy(network.mlp2(network.position()))  # [R, Z]
        return graph.op("Add", x, graph.weight("position", positions))
    width = network.mlp2.up.in_features
    cos, sin = rotary_tables(network.target.rank, width)
    half = width // 2
    left = graph.op("Slice", x, graph.const([0]), graph.const([half]), graph.const([4]))
    right = graph.op("Slice", x, graph.const([half]), graph.const([width]), graph.const([4]))
    turned = graph.op("Concat", graph.op("Neg", right), left, axis=4)
    x = graph.op(
        "Add",
        graph.op("Mul", x, graph.weight("rotary.cos", to_numpy(cos))),
        graph.op("Mul", turned, graph.weight("rotary.sin", to_numpy(sin))),
    )
    return _residual(graph, x, "mlp2", network.mlp2)


def _residual(graph: GraphBuilder, x: str, name: str, block: ResidualBlock) -> str:
    hidden = _norm(graph, x, f"{name}.norm", block.norm)
    hidden = graph.silu(_linear(graph, hidden, f"{name}.up", block.up))
    return graph.op("Add", x, graph.silu(_linear(graph, hidden, f"{name}.down", block.down)))


def _linear(graph: GraphBuilder, x: str, name: str, layer: nn.Linear) -> str:
    return graph.linear(x, name, to_numpy(layer.weight), to_numpy(layer.bias))


def _norm(graph: GraphBuilder, x: str, name: str, layer: nn.LayerNorm) -> str:
    return graph.layer_norm(x, name, to_numpy(layer.weight), to_numpy(layer.bias), layer.eps)
