"""The hypernetwork before its heads, as steps of a graph: embedding [1, dim] in, features out.

    front      embedding -> task encoder [1, Z/2] -> mixer row + table[module, layer] -> mixed
    mlp1       mixed -> mlp1 -> + A/B -> hidden, and its norm
    mlp2       hidden -> the rest of mlp2 -> positions -> mlp3's norm -> placed
    mlp3_up    placed -> wide
    mlp3_down  wide -> features.<module>, the input of the heads

Whatever does not depend on the embedding is computed here and stored: the depth and module part of
the mixer's first layer, the normalised A/B rows, mlp2(position). The embedding's factor goes into
the first weights. What the task encoder gives has a name of its own in the graph, so that another
encoder's vectors can be brought in there (`bridge/`). All steps make one graph, or, where even
they are too much for an isolate at once, several that run one after the other (`onnx/chunks.py`);
then the last layer, the widest, is cut into columns. No step ends between a sum and its norm:
ONNX Runtime computes the two as one where it sees both, which rounds differently.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from t2l.graph.builder import GraphBuilder, to_numpy
from t2l.hypernet.hypernetwork import Hypernetwork
from t2l.hypernet.parts import ResidualBlock, rotary_tables

ENCODED_TASK = "encoded_task"  # name of the task encoder's output, [1, Z/2]
EMBEDDING = "embedding"
FEATURES = "features."
MIN_COLUMNS = 128
"""Narrower products are blocked differently along the features, which rounds differently."""

Values = Mapping[str, str]
"""Name of a value between steps -> its name in the graph."""


@dataclass(frozen=True)
class Step:
    """A part of the body that can be a graph of its own.

    :param inputs: the values it takes.
    :param outputs: the values it gives, with their shapes.
    :param weights: bytes of its weights.
    :param add: adds it to a graph.
    """

    inputs: tuple[str, ...]
    outputs: Mapping[str, Sequence[int | str]]
    weights: int
    add: Callable[[GraphBuilder, Values], dict[str, str]]


def add_body(graph: GraphBuilder, network: Hypernetwork, embedding: str) -> dict[str, str]:
    """Everything before the heads: module -> features, L [N, H], M [N, AB, H], S [N, AB, R, H].

    Of S with DoRA [N, 2 R + 1, H], as `Hypernetwork.features` has them.
    """
    values = {EMBEDDING: embedding}
    for step in body_steps(network):
        values |= step.add(graph, values)
    return {name: values[f"{FEATURES}{name}"] for name in network.target.module_names}


def features_shape(network: Hypernetwork) -> list[int | str]:
    """Shape of one module's features."""
    return [*_lead(network)[1:], network.config.head_in]


def body_steps(network: Hypernetwork, part_bytes: int | None = None) -> list[Step]:
    """The steps in order.

    :param part_bytes: about how many bytes of the last layer a step may have; None for all.
    """
    modules, layers = len(network.target.modules), network.target.layers
    width = network.mlp2.up.in_features
    mixed = {"mixed": [modules, layers, width]}
    sides = [] if network.config.variant == "L" else [len(network.target.sides)]
    hidden = {name: [modules, layers, *sides, width] for name in ("hidden", "hidden_normed")}
    placed = {"placed": [*_lead(network), width]}
    wide = {"wide": [*_lead(network), network.mlp3_up.out_features]}
    task = network.task_linear if network.config.task_encoder == "linear" else network.task
    front = (task, network.mixer_up, network.mixer_down)
    return [
        Step((EMBEDDING,), mixed, _bytes(*front), _front(network)),
        Step(("mixed",), hidden, _bytes(network.mlp1), _mlp1(network)),
        Step(("hidden", "hidden_normed"), placed, _bytes(network.mlp2), _mlp2(network)),
        Step(("placed",), wide, _bytes(network.mlp3_up), _mlp3_up(network)),
        *_last_steps(network, part_bytes),
    ]


def _lead(network: Hypernetwork) -> list[int | str]:
    """All but the last dimension of what the heads read."""
    modules, layers = len(network.target.modules), network.target.layers
    target, count = network.target, len(network.target.sides)
    of_ranks = {"lora": [2, target.rank], "dora": [2 * target.rank + 1], "ia3": [1]}
    rows = {"L": [], "M": [count], "S": of_ranks[target.output]}[network.config.variant]
    return [modules, layers, *rows]


def _bytes(*parts: nn.Module) -> int:
    return sum(4 * weight.numel() for part in parts for weight in part.parameters())


def _front(network: Hypernetwork) -> Callable[[GraphBuilder, Values], dict[str, str]]:
    def add(graph: GraphBuilder, values: Values) -> dict[str, str]:
        task = graph.named(ENCODED_TASK, _encode_task(graph, network, values[EMBEDDING]))
        return {"mixed": _mix(graph, network, task)}

    return add


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


def _mlp1(network: Hypernetwork) -> Callable[[GraphBuilder, Values], dict[str, str]]:
    def add(graph: GraphBuilder, values: Values) -> dict[str, str]:
        x = _residual(graph, values["mixed"], "mlp1", network.mlp1)
        if network.config.variant in ("M", "S"):
            sides = to_numpy(network.ab_norm(network.ab_table))[:, None]  # [M, 1, AB, Z]
            x = graph.op("Unsqueeze", x, graph.const([2]))
            x = graph.op("Add", x, graph.weight("ab", sides))
        return {"hidden": x, "hidden_normed": _norm(graph, x, "mlp2.norm", network.mlp2.norm)}

    return add


def _mlp2(network: Hypernetwork) -> Callable[[GraphBuilder, Values], dict[str, str]]:
    def add(graph: GraphBuilder, values: Values) -> dict[str, str]:
        x = _after_norm(graph, values["hidden"], values["hidden_normed"], "mlp2", network.mlp2)
        if network.config.variant == "S" and network.target.output == "lora":
            x = graph.op("Unsqueeze", x, graph.const([3]))
            x = _place(graph, network, x)  # [M, N, AB, R, Z]
        elif network.config.variant == "S" and network.target.output == "dora":
            x = _place_factors(graph, network, x)  # [M, N, 2 R + 1, Z]
        return {"placed": _norm(graph, x, "mlp3_norm", network.mlp3_norm)}

    return add


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


def _place_factors(graph: GraphBuilder, network: Hypernetwork, x: str) -> str:
    """Tell the ranks of A and B apart, and leave M, which has none; x [M, N, AB, Z]."""
    modules, layers, rows = _lead(network)
    ends = (graph.const([0]), graph.const([2]), graph.const([3]), graph.const([2]))
    factors = graph.op("Slice", x, ends[0], ends[1], ends[3])
    factors = _place(graph, network, graph.op("Unsqueeze", factors, graph.const([3])))
    shape = [int(modules), int(layers), int(rows) - 1, network.mlp2.up.in_features]
    factors = graph.op("Reshape", factors, graph.const(shape))
    return graph.op("Concat", factors, graph.op("Slice", x, *ends[1:]), axis=2)


def _mlp3_up(network: Hypernetwork) -> Callable[[GraphBuilder, Values], dict[str, str]]:
    def add(graph: GraphBuilder, values: Values) -> dict[str, str]:
        return {"wide": graph.silu(_linear(graph, values["placed"], "mlp3_up", network.mlp3_up))}

    return add


def _last_steps(network: Hypernetwork, part_bytes: int | None) -> list[Step]:
    """The last layer, in columns if it is large, and the features of every module."""
    layer, lead = network.mlp3_down, _lead(network)
    columns, size = layer.out_features, _bytes(layer)
    count = 1 if part_bytes is None else max(1, math.ceil(size / part_bytes))
    count = max(1, min(count, columns // MIN_COLUMNS))
    edges = [columns * number // count for number in range(count + 1)]
    names = [f"part.{number}" for number in range(count)]
    steps = [
        Step(
            ("wide",),
            {name: [*lead, stop - start]},
            size // count,
            _last_columns(network, name, start, stop),
        )
        for name, start, stop in zip(names, edges, edges[1:], strict=False)
    ]
    shape = features_shape(network)
    given = {f"{FEATURES}{name}": shape for name in network.target.module_names}
    return [*steps, Step(tuple(names), given, 0, _features(network, names))]


def _last_columns(
    network: Hypernetwork, name: str, start: int, stop: int
) -> Callable[[GraphBuilder, Values], dict[str, str]]:
    def add(graph: GraphBuilder, values: Values) -> dict[str, str]:
        layer = network.mlp3_down
        weight, bias = to_numpy(layer.weight[start:stop]), to_numpy(layer.bias[start:stop])
        return {name: graph.linear(values["wide"], "mlp3_down", weight, bias)}

    return add


def _features(
    network: Hypernetwork, parts: list[str]
) -> Callable[[GraphBuilder, Values], dict[str, str]]:
    def add(graph: GraphBuilder, values: Values) -> dict[str, str]:
        x = values[parts[0]]
        if len(parts) > 1:
            x = graph.op("Concat", *(values[name] for name in parts), axis=-1)
        # here, not in the parts: its kernel rounds the last elements of a tensor differently
        x = graph.silu(x)
        return {
            f"{FEATURES}{name}": graph.op("Gather", x, graph.const(index), axis=0)
            for index, name in enumerate(network.target.module_names)
        }

    return add


def _residual(graph: GraphBuilder, x: str, name: str, block: ResidualBlock) -> str:
    return _after_norm(graph, x, _norm(graph, x, f"{name}.norm", block.norm), name, block)


def _after_norm(graph: GraphBuilder, x: str, normed: str, name: str, block: ResidualBlock) -> str:
    hidden = graph.silu(_linear(graph, normed, f"{name}.up", block.up))
    return graph.op("Add", x, graph.silu(_linear(graph, hidden, f"{name}.down", block.down)))


def _linear(graph: GraphBuilder, x: str, name: str, layer: nn.Linear) -> str:
    return graph.linear(x, name, to_numpy(layer.weight), to_numpy(layer.bias))


def _norm(graph: GraphBuilder, x: str, name: str, layer: nn.LayerNorm) -> str:
    return graph.layer_norm(x, name, to_numpy(layer.weight), to_numpy(layer.bias), layer.eps)
