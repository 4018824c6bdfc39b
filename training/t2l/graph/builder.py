"""A small builder for ONNX graphs whose bytes depend on nothing but what is put in.

Graphs are written by hand, not traced: names come from a counter, initializers keep the order of
their first use, and no path, date or version gets in. Opset 17 and IR 8 are what ONNX Runtime's
WebAssembly build runs.

Products with int8 weights use unsigned bytes for both sides. On x86 without VNNI the
unsigned-by-signed kernels add pairs of products in 16 bits and saturate; unsigned by unsigned is
exact everywhere, so a native run and a WebAssembly run agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
CONTRIB = "com.microsoft"  # operators that ONNX Runtime has beyond the standard's
BLOCKS = (16, 128)  # least and most rows of a weight that share a scale in MatMulNBits
WEIGHT_ZERO = 128  # the byte that stands for 0 in symmetric unsigned weights

Attribute = int | float | str | Sequence[int]
"""What a node's attribute may be."""


@dataclass(frozen=True)
class Bytes:
    """Names of a tensor's bytes, their zero point, and the one scale that gives products back."""

    values: str
    zero_point: str
    scale: str


@dataclass(frozen=True)
class SplitBytes:
    """Names of a tensor in 16 bits a value, x = (256 * (high - 128) + low) * scale of its row."""

    high: str
    low: str
    scale: str


class GraphBuilder:
    """Collects nodes and initializers; every method returns the name of what it made."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._counters: dict[str, int] = {}

    def input(self, name: str, dtype: int, shape: Sequence[int | str]) -> str:
        """Declare a graph input."""
        self._inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def output(self, name: str, value: str, dtype: int, shape: Sequence[int | str]) -> None:
        """Give `value` the name of a graph output."""
        self._nodes.append(helper.make_node("Identity", [value], [name], name=f"output/{name}"))
        self._outputs.append(helper.make_tensor_value_info(name, dtype, shape))

    def named(self, name: str, value: str) -> str:
        """Give `value` a name of its own inside the graph, by which it can be found again."""
        self._nodes.append(helper.make_node("Identity", [value], [name], name=f"named/{name}"))
        return name

    def weight(self, name: str, array: np.ndarray) -> str:
        """Store an array under `name`; layers used twice may store theirs again.

        :raises ValueError: if another array has that name.
        """
        stored = numpy_helper.from_array(np.ascontiguousarray(array), name)
        known = self._initializers.setdefault(name, stored)
        if known is not stored and known != stored:
            raise ValueError(f"initializer {name} exists already, with other values")
        return name

    def const(self, value: int | float | list[int], dtype: type = np.int64) -> str:
        """A small constant, stored once however often it is asked for."""
        array = np.asarray(value, dtype=dtype)
        name = f"const/{array.dtype.name}/{'x'.join(str(v) for v in array.reshape(-1).tolist())}"
        name += "" if array.ndim else "/scalar"
        if name not in self._initializers:
            self._initializers[name] = numpy_helper.from_array(array, name)
        return name

    def scalar(self, value: float) -> str:
        """A float32 scalar constant."""
        return self.const(value, np.float32)

    def op(
        self, kind: str, *inputs: str, domain: str | None = None, **attributes: Attribute
    ) -> str:
        """Add a node with one output."""
        return self.ops(kind, *inputs, outputs=1, domain=domain, **attributes)[0]

    def ops(
        self,
        kind: str,
        *inputs: str,
        outputs: int,
        domain: str | None = None,
        **attributes: Attribute,
    ) -> list[str]:
        """Add a node with several outputs."""
        number = self._counters.get(kind, 0)
        self._counters[kind] = number + 1
        base = f"{kind}_{number}"
        names = [base if outputs == 1 else f"{base}/{i}" for i in range(outputs)]
        node = helper.make_node(
            kind,
            list(inputs),
            names,
            name=base,
            doc_string=None,
            domain=domain,
            overload=None,
            **attributes,
        )
        self._nodes.append(node)
        return names

    def matrix(self, name: str, array: np.ndarray) -> str:
        """Store a float32 matrix, in 16 bits a value if that loses nothing.

        The runtime widens it once when it loads the graph, so only the file is smaller.
        """
        narrow = array.astype(np.float16)
        if not np.array_equal(narrow.astype(np.float32), array):
            return self.weight(name, array)
        return self.op("Cast", self.weight(name, narrow), to=TensorProto.FLOAT)

    def linear(self, x: str, name: str, weight: np.ndarray, bias: np.ndarray | None) -> str:
        """x @ weight^T + bias in float32, weight as PyTorch keeps it: [out, in]."""
        y = self.op("MatMul", x, self.matrix(f"{name}.weight", weight.T))
        return y if bias is None else self.op("Add", y, self.weight(f"{name}.bias", bias))

    def layer_norm(
        self, x: str, name: str, weight: np.ndarray, bias: np.ndarray, eps: float
    ) -> str:
        """LayerNorm over the last axis."""
        scale = self.weight(f"{name}.weight", weight)
        shift = self.weight(f"{name}.bias", bias)
        return self.op("LayerNormalization", x, scale, shift, axis=-1, epsilon=eps)

    def silu(self, x: str) -> str:
        """x * sigmoid(x)."""
        return self.op("Mul", x, self.op("Sigmoid", x))

    def quantise(self, x: str) -> Bytes:
        """8 bits a value with one scale for the whole tensor, chosen at run time."""
        values, scale, zero = self.ops("DynamicQuantizeLinear", x, outputs=3)
        return Bytes(values, zero, scale)

    def linear_int8(self, x: Bytes, name: str, weight: np.ndarray, bias: np.ndarray | None) -> str:
        """x @ weight^T + bias with byte weights and a scale per output column."""
        product, scales = self._byte_product([x.values], [x.zero_point], name, weight)
        y = self.op("Mul", product[0], self.op("Mul", x.scale, scales))
        return y if bias is None else self.op("Add", y, self.weight(f"{name}.bias", bias))

    def linear_stored_int8(
        self, x: str, name: str, weight: np.ndarray, bias: np.ndarray | None
    ) -> str:
        """x @ weight^T + bias in float32, with weights that are kept as bytes and never rounded x.

        The runtime widens a layer's weights when it multiplies by them, so that only one layer's
        lie in memory as floats. Nothing but float32 sums is left that two builds of it could do
        differently: the native and the WebAssembly one agree to 1e-6. The bytes and scales are
        those of `linear_int8`; the operator's scales stand for blocks of rows, so they repeat.

        :raises ValueError: if the input is not a multiple of 16 wide.
        """
        data, scales = quantise_columns(weight.T)  # [in, out], [out]
        rows, columns = data.shape
        least, most = BLOCKS
        block = math.gcd(rows, most)
        if block < least:
            raise ValueError(f"{name} takes {rows} values, which is no multiple of {least}")
        blocks = data.T.reshape(columns, rows // block, block)
        y = self.op(
            "MatMulNBits",
            x,
            self.weight(f"{name}.weight.u8", blocks),
            self.weight(f"{name}.weight.scale", np.repeat(scales[:, None], rows // block, axis=1)),
            domain=CONTRIB,
            K=rows,
            N=columns,
            bits=8,
            block_size=block,
        )
        return y if bias is None else self.op("Add", y, self.weight(f"{name}.bias", bias))

    def split(self, x: str) -> SplitBytes:
        """16 bits a value with a scale for every row, as two unsigned bytes.

        With 8 bits, a difference in the last bit of a float moves some values to the next step,
        which moves more in the layer after it: after a few layers two correct builds of the
        runtime differ by as much as the quantisation itself (cosine 0.998). With 16 bits they
        agree to 5e-5, and rows (tokens, texts) do not touch each other.
        """
        largest = self.op("ReduceMax", self.op("Abs", x), axes=[-1], keepdims=1)
        scale = self.op("Div", self.op("Max", largest, self.scalar(1e-30)), self.scalar(32512.0))
        steps = self.op("Round", self.op("Div", x, scale))  # -32512 .. 32512 = 127 * 256
        high = self.op("Floor", self.op("Mul", steps, self.scalar(1 / 256)))  # -127 .. 127
        low = self.op("Sub", steps, self.op("Mul", high, self.scalar(256.0)))  # 0 .. 255
        high = self.op("Add", high, self.scalar(float(WEIGHT_ZERO)))
        return SplitBytes(
            self.op("Cast", high, to=TensorProto.UINT8),
            self.op("Cast", low, to=TensorProto.UINT8),
            scale,
        )

    def linear_split(
        self, x: SplitBytes, name: str, weight: np.ndarray, bias: np.ndarray | None
    ) -> str:
        """x @ weight^T + bias with byte weights and 16-bit x: two integer products.

        The two scales are applied one after the other: ONNX Runtime turns a product of the two
        into MatMulIntegerToFloat, which reads the scale of the first row only.
        """
        zeros = [self.const(WEIGHT_ZERO, np.uint8), self.const(0, np.uint8)]
        (high, low), scales = self._byte_product([x.high, x.low], zeros, name, weight)
        y = self.op("Add", self.op("Mul", high, self.scalar(256.0)), low)
        y = self.op("Mul", self.op("Mul", y, scales), x.scale)
        return y if bias is None else self.op("Add", y, self.weight(f"{name}.bias", bias))

    def _byte_product(
        self, values: list[str], zeros: list[str], name: str, weight: np.ndarray
    ) -> tuple[list[str], str]:
        """Every x by the byte form of `weight`, as floats, and the name of the columns' scales."""
        data, scales = quantise_columns(weight.T)
        stored = self.weight(f"{name}.weight.u8", data)
        products = []
        for value, zero in zip(values, zeros, strict=True):
            weight_zero = self.const(WEIGHT_ZERO, np.uint8)
            product = self.op("MatMulInteger", value, stored, zero, weight_zero)
            products.append(self.op("Cast", product, to=TensorProto.FLOAT))
        return products, self.weight(f"{name}.weight.scale", scales)

    def build(self) -> onnx.ModelProto:
        """The checked model."""
        graph = helper.make_graph(
            self._nodes,
            self._name,
            self._inputs,
            self._outputs,
            initializer=list(self._initializers.values()),
        )
        versions = [helper.make_opsetid("", OPSET)]
        if any(node.domain == CONTRIB for node in self._nodes):
            versions.append(helper.make_opsetid(CONTRIB, 1))
        model = helper.make_model(graph, opset_imports=versions, ir_version=IR_VERSION)
        model.producer_name = "t2l"
        onnx.checker.check_model(model, full_check=True)
        return model

    def serialise(self) -> bytes:
        """The model's one byte form."""
        return self.build().SerializeToString(deterministic=True)


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    """A tensor's values as a float32 array."""
    return tensor.detach().float().cpu().contiguous().numpy()


def quantise_columns(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric bytes around 128 and a float32 scale for every column of [in, out].

    :return: uint8 [in, out] and float32 [out], with matrix close to (bytes - 128) * scale.
    """
    matrix = np.asarray(matrix, dtype=np.float32)
    scale = np.maximum(np.abs(matrix).max(axis=0), np.float32(1e-30)) / np.float32(127)
    values = np.rint(matrix / scale) + WEIGHT_ZERO
    return values.astype(np.uint8), scale.astype(np.float32)
