"""Another encoder in front of a hypernetwork's graph: its task encoder is replaced by a linear map.

    embedding [1, old] -> task encoder  -> encoded task [1, Z/2] -> the rest
    embedding [1, new] -> @ weight + bias -^

Graphs name what their task encoder gives (`ENCODED_TASK`); those of older bundles are known by the
norm that ends it, and get the name. Everything after that value stays as it is, so head chunks need
no change at all.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from t2l.export.bundle.manifest import BundleError
from t2l.export.onnx.body import ENCODED_TASK

OLD_NORM = "task_norm.weight"  # scale of the norm after which graphs without the name go on


def with_encoded_task(data: bytes) -> bytes:
    """The front of a graph: `embedding` in, the encoded task [1, Z/2] out.

    :raises BundleError: for a graph that has no such value.
    """
    model = onnx.load_from_string(data)
    graph, value = model.graph, _encoded_task(model)
    nodes = _needed_nodes(graph, [value])
    _keep(graph, nodes)
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(value, TensorProto.FLOAT, None))
    return model.SerializeToString(deterministic=True)


def bridged(data: bytes, weight: np.ndarray, bias: np.ndarray) -> bytes:
    """The graph with its task encoder replaced.

    :param weight: float32 [new dim, Z/2].
    :param bias: float32 [Z/2].
    :raises BundleError: for a graph that has no task encoder to replace.
    """
    model = onnx.load_from_string(data)
    graph, value = model.graph, _encoded_task(model)
    (embedding,) = graph.input
    _cut(graph, value)
    product = f"{ENCODED_TASK}/product"
    front = [
        helper.make_node("MatMul", [embedding.name, "bridge.weight"], [product], name="bridge/0"),
        helper.make_node("Add", [product, "bridge.bias"], [ENCODED_TASK], name="bridge/1"),
    ]
    kept = list(graph.node)
    del graph.node[:]
    graph.node.extend(front + kept)
    for name, array in (("bridge.weight", weight), ("bridge.bias", bias)):
        stored = np.ascontiguousarray(array, dtype=np.float32)
        graph.initializer.append(numpy_helper.from_array(stored, name))
    shape = helper.make_tensor_value_info(embedding.name, TensorProto.FLOAT, [1, len(weight)])
    embedding.CopyFrom(shape)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def _encoded_task(model: onnx.ModelProto) -> str:
    for node in model.graph.node:
        if ENCODED_TASK in node.output:
            return ENCODED_TASK
    for node in model.graph.node:
        if node.op_type == "LayerNormalization" and OLD_NORM in node.input:
            return node.output[0]
    raise BundleError("the graph has no task encoder that could be replaced; export it again")


def _cut(graph: onnx.GraphProto, value: str) -> None:
    """Drop what makes `value` and nothing else; it is an open end then, called `ENCODED_TASK`."""
    rest = [node for node in graph.node if value not in node.output]
    del graph.node[:]
    graph.node.extend(rest)
    _keep(graph, _needed_nodes(graph, [output.name for output in graph.output]))
    for node in graph.node:
        node.input[:] = [ENCODED_TASK if name == value else name for name in node.input]


def _needed_nodes(graph: onnx.GraphProto, values: list[str]) -> list[onnx.NodeProto]:
    """The nodes that `values` come from, in the graph's order."""
    wanted, needed = set(values), []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            needed.append(node)
            wanted.update(node.input)
    return needed[::-1]


def _keep(graph: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> None:
    """Drop all other nodes, and the weights that nobody uses then."""
    used = {name for node in nodes for name in node.input}
    weights = [weight for weight in graph.initializer if weight.name in used]
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.extend(weights)
