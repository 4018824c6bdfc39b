"""The hypernetwork as an ONNX graph for the edge: one embedding in, the whole adapter out.

    embedding [1, dim] -> body (`onnx/body.py`) -> per module and side: a head (`onnx/heads.py`)
      -> A, B in PEFT orientation, or what else the kind of output has

`int8` changes the heads alone, where nearly all weights and work are. A network that is too large
for one graph is exported in chunks (`onnx/chunks.py`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import onnxruntime as ort
import torch
from onnx import TensorProto

from t2l.export.onnx.body import add_body
from t2l.export.onnx.heads import Block, add_piece, whole_pieces
from t2l.graph.builder import GraphBuilder
from t2l.hypernet.head_rounding import rounded_heads
from t2l.hypernet.hypernetwork import Hypernetwork

PRECISIONS = ("float32", "int8")
MIN_INT8_COSINE = 0.9995  # of every module's update in every layer, int8 against float32


def build_hypernet_graph(network: Hypernetwork, precision: str, input_bits: int = 8) -> bytes:
    """The graph's bytes: an output `<module>.<side>` for every side of `TargetSpec.shapes`.

    :param precision: "float32" or "int8".
    :param input_bits: of the heads' input in int8: 8, or 16 with a scale for every row, which costs
        a second integer product and is for heads whose rows differ too much for one scale.
    :raises ValueError: for another precision, or for a network that has no graph.
    """
    kind = head_kind(precision, input_bits)
    network = exportable(network)
    config, target = network.config, network.target
    graph = GraphBuilder(f"t2l-{config.variant}")
    embedding = graph.input("embedding", TensorProto.FLOAT, [1, config.embedding_dim])
    with torch.no_grad():
        features = add_body(graph, network, embedding)
        for index, module in enumerate(target.modules):
            for piece in whole_pieces(network, index):
                for block in add_piece(graph, network, piece, features[module.name], kind):
                    _output(graph, network, block)
    return graph.serialise()


def _output(graph: GraphBuilder, network: Hypernetwork, block: Block) -> None:
    """Make a block that is a whole tensor an output of that name, in its own shape."""
    name, side = block.tensor.split(".")
    module = next(module for module in network.target.modules if module.name == name)
    shape = list(network.target.shapes(module)[side])
    value = graph.op("Reshape", block.value, graph.const(shape))
    graph.output(block.tensor, value, TensorProto.FLOAT, shape)


def head_kind(precision: str, input_bits: int) -> str:
    """Which product the heads are made of.

    :raises ValueError: for a precision there is not.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    return "int16" if precision == "int8" and input_bits == 16 else precision


def exportable(network: Hypernetwork) -> Hypernetwork:
    """A float64 copy to make graphs from: folded sums must not show the number of threads.

    :raises ValueError: for a network that has no graph.
    """
    if network.config.modulation != "none" or network.config.bounded:
        raise ValueError("networks with modulation or bounded outputs cannot be exported")
    network.require_norms()
    return copy.deepcopy(network).cpu().double().eval()


def int8_graph(
    network: Hypernetwork, embeddings: torch.Tensor, typical: torch.Tensor | None = None
) -> bytes:
    """The int8 graph with the fewest bits in the heads' input that keep the updates' directions.

    :param embeddings: what it is tried on, [n, dim].
    :param typical: of descriptions like those to come, [n, dim], for the rounding of the heads.
    """
    exact, trained = hypernet_runner(build_hypernet_graph(network, "float32")), network
    if typical is not None:
        network = rounded_heads(exportable(network), typical)
    data = build_hypernet_graph(network, "int8")
    if enough_bits(trained, exact, hypernet_runner(data), embeddings):
        return data
    return build_hypernet_graph(network, "int8", input_bits=16)


Adapter = dict[str, tuple[torch.Tensor, ...]]
"""Module -> its sides, such as (A [N, R, in], B [N, out, R]), the scale in B."""


def hypernet_runner(data: bytes) -> Callable[[torch.Tensor], Adapter]:
    """A function that runs a graph natively on one embedding [dim]."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(embedding: torch.Tensor) -> Adapter:
        values = session.run(names, {"embedding": embedding.reshape(1, -1).float().numpy()})
        found: Adapter = {}
        for name, value in zip(names, values, strict=True):
            module = name.rsplit(".", 1)[0]
            found[module] = (*found.get(module, ()), torch.from_numpy(value))
        return found

    return run


def enough_bits(
    network: Hypernetwork,
    exact: Callable[[torch.Tensor], Adapter],
    run: Callable[[torch.Tensor], Adapter],
    embeddings: torch.Tensor,
) -> bool:
    """Whether every update of `run` keeps the direction of the exact one, in every layer."""
    for row in embeddings:
        wanted, found = exact(row), run(row)
        for name, sides in wanted.items():
            if change_cosines(network, name, found[name], sides).min() < MIN_INT8_COSINE:
                return False
    return True


def change_cosines(
    network: Hypernetwork,
    name: str,
    first: tuple[torch.Tensor, ...],
    second: tuple[torch.Tensor, ...],
) -> torch.Tensor:
    """Cosines of what two adapters change in a module: of every layer's update, and of its factors.

    What changes nothing has no direction, and its cosine is 1.

    :return: [N], of a DoRA [2 N].
    """
    found = []
    target = network.target
    if target.output != "ia3":
        (a1, b1, *_), (a2, b2, *_) = first, second
        found.append(_told(update_cosines((a1, b1), (a2, b2)), b2))
    if target.output != "lora":
        neutral = network.norms[name] if target.output == "dora" else torch.ones(())
        neutral = neutral.double().cpu()
        x, y = first[-1].double() - neutral, second[-1].double() - neutral  # [N, W]
        found.append(_told((x * y).sum(-1) / (x.norm(dim=-1) * y.norm(dim=-1)), y))
    return torch.cat(found)


def _told(cosines: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
    return cosines if change.any() else torch.ones_like(cosines)


def update_cosines(
    first: tuple[torch.Tensor, ...], second: tuple[torch.Tensor, ...]
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
