"""The hypernetwork as an ONNX graph for the edge: one embedding in, the whole adapter out.

    embedding [1, dim] -> task [1, Z/2] -> mixer row + table[module, layer] -> mlp1 -> + A/B -> mlp2
      -> + position -> mlp3 -> per module and side: an exact-width head -> A, B in PEFT orientation

Whatever does not depend on the embedding is computed here and stored: the depth and module part of
the mixer's first layer, the normalised A/B rows, mlp2(position). The embedding's factor goes into
the first weights; alpha / r (or alpha / sqrt r) and the static gate go into B, so a consumer
applies exactly 1. Where M or S make A and B of a square module with the same weights, both come out
of one product: two products would store, and ONNX Runtime pack, those weights twice. `int8` changes
the heads alone, where nearly all weights and work are: bytes with a scale per column, their input
quantised at run time with one scale per product.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import onnxruntime as ort
import torch
from onnx import TensorProto
from torch import nn

from t2l.hypernetwork import Hypernetwork, ResidualBlock
from t2l.onnx_build import GraphBuilder
from t2l.target import TargetModule

PRECISIONS = ("float32", "int8")
MIN_INT8_COSINE = 0.9995  # of every module's update in every layer, int8 against float32


def build_hypernet_graph(network: Hypernetwork, precision: str, input_bits: int = 8) -> bytes:
    """The graph's bytes: outputs `<module>.A` [N, R, in] and `<module>.B` [N, out, R].

    :param precision: "float32" or "int8".
    :param input_bits: of the heads' input in int8: 8, or 16 with a scale for every row, which costs
        a second integer product and is for heads whose rows differ too much for one scale.
    :raises ValueError: for another precision, or for a network that has no graph.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    if network.config.modulation != "none" or network.config.bounded:
        raise ValueError("networks with modulation or bounded outputs cannot be exported")
    network = copy.deepcopy(network).cpu().double().eval()  # folded sums must not show threads
    config, target = network.config, network.target
    graph = GraphBuilder(f"t2l-{config.variant}")
    kind = "int16" if precision == "int8" and input_bits == 16 else precision
    embedding = graph.input("embedding", TensorProto.FLOAT, [1, config.embedding_dim])
    with torch.no_grad():
        features = _body(graph, network, embedding)  # [M, N, ...]
        for index, module in enumerate(target.modules):
            mine = graph.op("Gather", features, graph.const(index), axis=0)
            emit = _emit_together if _shares_head(network, module) else _emit_apart
            sides = emit(graph, network, index, mine, kind)
            rank, layers = target.rank, target.layers
            shapes = ([layers, rank, module.in_features], [layers, module.out_features, rank])
            for side, value, shape in zip("AB", sides, shapes, strict=True):
                if config.has_offsets:
                    table = network.offset_a if side == "A" else network.offset_b
                    offset = table[module.name] * (1 if side == "A" else target.scaling)
                    name = graph.weight(f"offset.{module.name}.{side}", _numpy(offset))
                    value = graph.op("Add", value, name)
                graph.output(f"{module.name}.{side}", value, TensorProto.FLOAT, shape)
    return graph.serialise()


def int8_graph(network: Hypernetwork, embeddings: torch.Tensor) -> bytes:
    """The int8 graph with the fewest bits in the heads' input that keep the updates' directions.

    :param embeddings: what it is tried on, [n, dim].
    """
    data = build_hypernet_graph(network, "int8")
    exact = hypernet_runner(build_hypernet_graph(network, "float32"))
    run = hypernet_runner(data)
    for row in embeddings:
        wanted, found = exact(row), run(row)
        for name, pair in wanted.items():
            if pair[1].any() and update_cosines(found[name], pair).min() < MIN_INT8_COSINE:
                return build_hypernet_graph(network, "int8", input_bits=16)
    return data


def _body(graph: GraphBuilder, network: Hypernetwork, embedding: str) -> str:
    """Everything before the heads: L [M, N, H], M [M, N, AB, H], S [M, N, AB, R, H]."""
    config, target = network.config, network.target
    modules, layers, latent = len(target.modules), target.layers, config.latent
    first = _numpy(network.task_linear.weight * config.scale)
    task = graph.linear(embedding, "task", first, _numpy(network.task_linear.bias))
    task = _norm(graph, task, "task_norm", network.task_norm)

    mixer = network.mixer_up.weight  # its columns: task | depth | module
    place = torch.cat(
        [
            network.depth()[None].expand(modules, layers, -1),
            network.module()[:, None].expand(modules, layers, -1),
        ],
        dim=-1,
    )
    table = place @ mixer[:, latent // 2 :].T + network.mixer_up.bias  # [M, N, 4Z]
    x = graph.linear(task, "mixer_task", _numpy(mixer[:, : latent // 2]), None)  # [1, 4Z]
    x = graph.silu(graph.op("Add", graph.weight("mixer_place", _numpy(table)), x))
    x = graph.silu(_linear(graph, x, "mixer_down", network.mixer_down))
    x = _residual(graph, x, "mlp1", network.mlp1)  # [M, N, Z]
    if config.variant in ("M", "S"):
        sides = _numpy(network.ab_norm(network.ab_table))[:, None]  # [M, 1, AB, Z]
        x = graph.op("Unsqueeze", x, graph.const([2]))
        x = graph.op("Add", x, graph.weight("ab", sides))
    x = _residual(graph, x, "mlp2", network.mlp2)
    if config.variant == "S":
        positions = _numpy(network.mlp2(network.position()))  # [R, Z]
        x = graph.op("Unsqueeze", x, graph.const([3]))
        x = graph.op("Add", x, graph.weight("position", positions))
    x = _norm(graph, x, "mlp3_norm", network.mlp3_norm)
    x = graph.silu(_linear(graph, x, "mlp3_up", network.mlp3_up))
    return graph.silu(_linear(graph, x, "mlp3_down", network.mlp3_down))


def _shares_head(network: Hypernetwork, module: TargetModule) -> bool:
    """Whether A and B come from the very same weights, so that one copy is to be stored."""
    return network.config.variant != "L" and module.in_features == module.out_features


def _factor(network: Hypernetwork, index: int) -> float:
    """What the generated part of B is multiplied by: the LoRA scale, and the gate if any."""
    gate = float(network.gate[index]) if network.config.static_bias else 1.0
    return network.target.scaling * gate


def _emit_together(
    graph: GraphBuilder, network: Hypernetwork, index: int, x: str, precision: str
) -> tuple[str, str]:
    """A and B of a square module in one product over [N, AB, ...] rows."""
    target, module = network.target, network.target.modules[index]
    head = network.heads[module.name]
    bias = None if head.bias is None else _numpy(head.bias)
    y = _product(graph, x, f"head.{module.name}", _numpy(head.weight), bias, precision)
    if network.config.variant == "M":
        width = module.in_features
        y = graph.op("Reshape", y, graph.const([target.layers, 2, target.rank, width]))
    a, b = (graph.op("Gather", y, graph.const(side), axis=1) for side in (0, 1))
    b = graph.op("Mul", b, graph.scalar(_factor(network, index)))
    return a, graph.op("Transpose", b, perm=[0, 2, 1])


def _emit_apart(
    graph: GraphBuilder, network: Hypernetwork, index: int, x: str, precision: str
) -> tuple[str, str]:
    """A and B from two products of exactly their width, the factor folded into B's weights."""
    config, target = network.config, network.target
    module, rank = target.modules[index], target.rank
    values = []
    for number, (side, width) in enumerate((("A", module.in_features), ("B", module.out_features))):
        rows = x
        if config.variant != "L":  # [N, AB, ...]
            rows = graph.op("Gather", x, graph.const(number), axis=1)
        weight, bias = _exact_head(network, index, side, width)
        y = _product(graph, rows, f"head.{module.name}.{side}", weight, bias, precision)
        if config.variant != "S":
            order = [rank, width] if side == "A" else [width, rank]
            y = graph.op("Reshape", y, graph.const([target.layers, *order]))
        elif side == "B":
            y = graph.op("Transpose", y, perm=[0, 2, 1])
        values.append(y)
    return values[0], values[1]


def _exact_head(
    network: Hypernetwork, index: int, side: str, width: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Weight [outputs, H] and bias of one side; for L and M rows lie in the output's order."""
    module, rank = network.target.modules[index], network.target.rank
    variant = network.config.variant
    head = network.heads[module.name]
    rows = torch.arange(head.weight.shape[0])
    if variant == "L":
        start = 0 if side == "A" else rank * module.in_features
        rows = rows[start : start + rank * width].unflatten(0, (rank, width))
    elif variant == "M":
        rows = rows.unflatten(0, (rank, -1))[:, :width]
    else:
        rows = rows[:width]
    if side == "B" and variant != "S":  # [R, out] -> [out, R], as PEFT keeps B
        rows = rows.T
    factor = _factor(network, index) if side == "B" else 1
    rows = rows.flatten()
    bias = None if head.bias is None else _numpy(head.bias[rows] * factor)
    return _numpy(head.weight[rows] * factor), bias


def _product(
    graph: GraphBuilder,
    x: str,
    name: str,
    weight: np.ndarray,
    bias: np.ndarray | None,
    precision: str,
) -> str:
    if precision == "int16":
        return graph.linear_split(graph.split(x), name, weight, bias)
    if precision == "int8":
        return graph.linear_int8(graph.quantise(x), name, weight, bias)
    return graph.linear(x, name, weight, bias)


def _residual(graph: GraphBuilder, x: str, name: str, block: ResidualBlock) -> str:
    hidden = _norm(graph, x, f"{name}.norm", block.norm)
    hidden = graph.silu(_linear(graph, hidden, f"{name}.up", block.up))
    return graph.op("Add", x, graph.silu(_linear(graph, hidden, f"{name}.down", block.down)))


def _linear(graph: GraphBuilder, x: str, name: str, layer: nn.Linear) -> str:
    return graph.linear(x, name, _numpy(layer.weight), _numpy(layer.bias))


def _norm(graph: GraphBuilder, x: str, name: str, layer: nn.LayerNorm) -> str:
    return graph.layer_norm(x, name, _numpy(layer.weight), _numpy(layer.bias), layer.eps)


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().float().cpu().contiguous().numpy()


Lora = dict[str, tuple[torch.Tensor, torch.Tensor]]
"""Module -> (A [N, R, in], B [N, out, R]), the scale in B."""


def hypernet_runner(data: bytes) -> Callable[[torch.Tensor], Lora]:
    """A function that runs a graph natively on one embedding [dim]."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    modules = [name.removesuffix(".A") for name in names if name.endswith(".A")]

    def run(embedding: torch.Tensor) -> Lora:
        values = session.run(names, {"embedding": embedding.reshape(1, -1).float().numpy()})
        found = dict(zip(names, (torch.from_numpy(value) for value in values), strict=True))
        return {module: (found[f"{module}.A"], found[f"{module}.B"]) for module in modules}

    return run


def update_cosines(
    first: tuple[torch.Tensor, torch.Tensor], second: tuple[torch.Tensor, torch.Tensor]
) -> torch.Tensor:
    """Cosine of two updates B @ A in every layer [N], without forming the products.

    <B1 A1, B2 A2> = sum over pairs of ranks of (B1^T B2) * (A1 A2^T).
    """

    def inner(x, y) -> torch.Tensor:
        (a1, b1), (a2, b2) = x, y
        left = b1.double().mT @ b2.double()
        right = a1.double() @ a2.double().mT
        return (left * right).sum(dim=(-1, -2))

    return inner(first, second) / (inner(first, first) * inner(second, second)).sqrt()
