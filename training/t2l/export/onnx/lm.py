"""A Llama with a LoRA as graph inputs and a key/value cache, as an ONNX graph for the demo.

    input_ids -> embedding -> layers x (RMSNorm, attention, RMSNorm, SwiGLU) -> RMSNorm -> logits
    every target module: y = x W^T + (x A^T) B^T, with A and B of that layer taken from the inputs

The graph is written by hand, because a traced one would have the adapter baked in. Symbols: B
batch, S new tokens, P cached tokens, T = P + S, K key/value heads, G query heads per key/value
head, D head size. Padding may be on the left: the mask says which of the T positions are real,
`position_ids` where a token stands. Weights are stored as float16, which must hold them exactly,
and cast to float32 when the model is loaded: half the file, the same logits. Where the graph lies
beside the model's own checkpoint, the weights are those of that file (`onnx/external.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import torch
from onnx import TensorProto
from transformers.models.llama.configuration_llama import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from t2l.base.target import TargetSpec
from t2l.export.onnx.external import lean_on
from t2l.graph.builder import GraphBuilder

LM_FILE = "lm.onnx"
WEIGHTS_FILE = "model.safetensors"


def export_lm(model: LlamaForCausalLM, target: TargetSpec, folder: Path) -> None:
    """Write the graph of `model` into the folder of its checkpoint, where its weights stay.

    :param target: what it has LoRA inputs for.
    :param folder: holds the model's float16 checkpoint in one file.
    :raises ValueError: as `build_lm_graph`, and for a checkpoint with other weights.
    """
    whole = onnx.load_from_string(build_lm_graph(model, target))
    graph = lean_on(whole, Path(folder) / WEIGHTS_FILE)
    (Path(folder) / LM_FILE).write_bytes(graph.SerializeToString(deterministic=True))


def build_lm_graph(model: LlamaForCausalLM, target: TargetSpec) -> bytes:
    """The bytes of the graph with its weights inside.

    :raises ValueError: for a model this graph cannot express, or weights float16 cannot hold.
    """
    _check(model, target)
    return _LmGraph(model, target).build()


def _rope(config: LlamaConfig) -> dict[str, Any]:
    """The rotary positions, which transformers fills in where a config leaves them out."""
    return cast(dict[str, Any], config.rope_parameters)


def _check(model: LlamaForCausalLM, target: TargetSpec) -> None:
    config = model.config
    rope = _rope(config)
    wanted = {
        "model_type": (config.model_type, "llama"),
        "hidden_act": (config.hidden_act, "silu"),
        "rope_type": (rope.get("rope_type", "default"), "default"),
        "layers": (target.layers, config.num_hidden_layers),
        "output": (target.output, "lora"),
    }
    for name, (value, right) in wanted.items():
        if value != right:
            raise ValueError(f"{name} must be {right!r}, got {value!r}")
    layer = model.model.layers[0]
    for module in target.modules:
        try:
            linear = layer.get_submodule(module.path)
        except AttributeError:
            raise ValueError(f"the model has no module {module.path}") from None
        if (linear.in_features, linear.out_features) != (module.in_features, module.out_features):
            raise ValueError(
                f"{module.name} is {linear.in_features} to {linear.out_features} in the model"
            )
    for name, parameter in model.named_parameters():
        value = parameter.detach().float()
        if not torch.equal(value.half().float(), value):
            # Not model.half().float(): that would round the rotary frequencies too.
            raise ValueError(
                f"{name} is not exact in float16; round every parameter, p.data.half().float()"
            )


@dataclass(frozen=True)
class _Shared:
    """Names of what every layer uses."""

    cos: str  # [B, 1, S, D]
    sin: str
    visible: str  # [B, 1, 1, S, T] bool


class _LmGraph:
    def __init__(self, model: LlamaForCausalLM, target: TargetSpec) -> None:
        self.graph = GraphBuilder("t2l-lm")
        self.model = model
        self.target = target
        config = model.config
        self.kv_heads = config.num_key_value_heads or config.num_attention_heads
        self.group = config.num_attention_heads // self.kv_heads
        self.size = config.head_dim or config.hidden_size // config.num_attention_heads
        self.weights = dict(model.named_parameters())
        self.module_names = {m.path: m.name for m in target.modules}
        self.lora: dict[str, str] = {}

    def build(self) -> bytes:
        graph, config = self.graph, self.model.config
        ids = graph.input("input_ids", TensorProto.INT64, ["batch", "new"])
        mask = graph.input("attention_mask", TensorProto.INT64, ["batch", "total"])
        positions = graph.input("position_ids", TensorProto.INT64, ["batch", "new"])
        cache = [config.num_hidden_layers, "batch", self.kv_heads, "past", self.size]
        past_key = graph.input("past_key", TensorProto.FLOAT, cache)
        past_value = graph.input("past_value", TensorProto.FLOAT, cache)
        self._lora_inputs()

        embedding = self._weight("model.embed_tokens.weight")
        x = graph.op("Gather", embedding, ids)  # [B, S, hidden]
        shared = self._shared(ids, mask, positions)
        keys, values = [], []
        for index in range(config.num_hidden_layers):
            x, key, value = self._layer(x, index, shared, past_key, past_value)
            keys.append(key)
            values.append(value)
        x = self._rms_norm(x, "model.norm.weight")
        tied = "lm_head.weight" not in self.weights
        head = embedding if tied else self._weight("lm_head.weight")
        logits = graph.op("MatMul", x, graph.op("Transpose", head, perm=[1, 0]))
        graph.output("logits", logits, TensorProto.FLOAT, ["batch", "new", config.vocab_size])
        cache = [*cache[:3], "total", self.size]
        for name, parts in (("present_key", keys), ("present_value", values)):
            parts = [graph.op("Unsqueeze", part, graph.const([0])) for part in parts]
            graph.output(name, graph.op("Concat", *parts, axis=0), TensorProto.FLOAT, cache)
        return graph.serialise()

    def _lora_inputs(self) -> None:
        """Declare A and B of every module and turn them once, for `x @ A^T` and `@ B^T`."""
        graph, layers = self.graph, self.target.layers
        for module in self.target.modules:
            shapes = {
                "A": [layers, "rank", module.in_features],
                "B": [layers, module.out_features, "rank"],
            }
            for side, shape in shapes.items():
                name = graph.input(f"{module.name}.{side}", TensorProto.FLOAT, shape)
                self.lora[name] = graph.op("Transpose", name, perm=[0, 2, 1])

    def _shared(self, ids: str, mask: str, positions: str) -> _Shared:
        graph, config = self.graph, self.model.config
        theta = _rope(config)["rope_theta"]
        exponents = np.arange(0, self.size, 2, dtype=np.float32) / np.float32(self.size)
        # powers in float64: numpy's of float32 have other last bits on other processors
        powers = (float(theta) ** exponents.astype(np.float64)).astype(np.float32)
        frequencies = np.float32(1) / powers  # [D / 2]
        place = graph.op("Cast", positions, to=TensorProto.FLOAT)
        place = graph.op("Unsqueeze", place, graph.const([1, 3]))  # [B, 1, S, 1]
        angles = graph.op("Mul", place, graph.weight("rotary.frequencies", frequencies))
        angles = graph.op("Concat", angles, angles, axis=-1)  # [B, 1, S, D]

        total = graph.op("Gather", graph.op("Shape", mask), graph.const(1), axis=0)
        new = graph.op("Gather", graph.op("Shape", ids), graph.const(1), axis=0)
        keys = graph.op("Range", graph.const(0), total, graph.const(1))  # [T]
        past = graph.op("Sub", total, new)
        queries = graph.op("Range", past, total, graph.const(1))  # [S], counted with the cache
        queries = graph.op("Unsqueeze", queries, graph.const([1]))
        causal = graph.op("LessOrEqual", keys, queries)  # [S, T]
        real = graph.op("Cast", mask, to=TensorProto.BOOL)
        real = graph.op("Unsqueeze", real, graph.const([1, 2, 3]))  # [B, 1, 1, 1, T]
        visible = graph.op("And", real, causal)
        return _Shared(graph.op("Cos", angles), graph.op("Sin", angles), visible)

    def _layer(
        self, x: str, index: int, shared: _Shared, past_key: str, past_value: str
    ) -> tuple[str, str, str]:
        """One layer: its output and the keys and values [B, K, T, D] to remember."""
        graph, name = self.graph, f"model.layers.{index}"
        normed = self._rms_norm(x, f"{name}.input_layernorm.weight")
        heads = self.kv_heads * self.group
        query = self._heads(self._linear(normed, index, "self_attn.q_proj"), heads)
        key = self._heads(self._linear(normed, index, "self_attn.k_proj"), self.kv_heads)
        value = self._heads(self._linear(normed, index, "self_attn.v_proj"), self.kv_heads)
        query, key = self._rotate(query, shared), self._rotate(key, shared)
        number = graph.const(index)
        key = graph.op("Concat", graph.op("Gather", past_key, number, axis=0), key, axis=2)
        value = graph.op("Concat", graph.op("Gather", past_value, number, axis=0), value, axis=2)

        split = graph.const([0, self.kv_heads, self.group, -1, self.size])
        query = graph.op("Reshape", query, split)  # [B, K, G, S, D]
        query = graph.op("Mul", query, graph.scalar(self.size**-0.5))
        turned = graph.op("Transpose", key, perm=[0, 1, 3, 2])
        turned = graph.op("Unsqueeze", turned, graph.const([2]))  # [B, K, 1, D, T]
        scores = graph.op("MatMul", query, turned)  # [B, K, G, S, T]
        scores = graph.op("Where", shared.visible, scores, graph.scalar(-1e30))
        mixed = graph.op("Softmax", scores, axis=-1)
        mixed = graph.op("MatMul", mixed, graph.op("Unsqueeze", value, graph.const([2])))
        mixed = graph.op("Transpose", mixed, perm=[0, 3, 1, 2, 4])  # [B, S, K, G, D]
        mixed = graph.op("Reshape", mixed, graph.const([0, 0, heads * self.size]))
        x = graph.op("Add", x, self._linear(mixed, index, "self_attn.o_proj"))

        normed = self._rms_norm(x, f"{name}.post_attention_layernorm.weight")
        gate = graph.silu(self._linear(normed, index, "mlp.gate_proj"))
        hidden = graph.op("Mul", gate, self._linear(normed, index, "mlp.up_proj"))
        return graph.op("Add", x, self._linear(hidden, index, "mlp.down_proj")), key, value

    def _heads(self, x: str, count: int) -> str:
        """[B, S, count * D] to [B, count, S, D]."""
        split = self.graph.op("Reshape", x, self.graph.const([0, 0, count, self.size]))
        return self.graph.op("Transpose", split, perm=[0, 2, 1, 3])

    def _rotate(self, x: str, shared: _Shared) -> str:
        graph = self.graph
        first, second = graph.ops("Split", x, outputs=2, axis=-1)
        turned = graph.op("Concat", graph.op("Neg", second), first, axis=-1)
        return graph.op("Add", graph.op("Mul", x, shared.cos), graph.op("Mul", turned, shared.sin))

    def _linear(self, x: str, index: int, path: str) -> str:
        """A linear layer, plus its LoRA if it is a target module."""
        graph, name = self.graph, f"model.layers.{index}.{path}"
        weight = graph.op("Transpose", self._weight(f"{name}.weight"), perm=[1, 0])
        y = graph.op("MatMul", x, weight)
        if f"{name}.bias" in self.weights:
            y = graph.op("Add", y, self._weight(f"{name}.bias"))
        if path in self.module_names:
            module = self.module_names[path]
            a, b = (
                graph.op("Gather", self.lora[f"{module}.{side}"], graph.const(index), axis=0)
                for side in "AB"
            )  # [in, rank], [rank, out]
            y = graph.op("Add", y, graph.op("MatMul", graph.op("MatMul", x, a), b))
        return y

    def _rms_norm(self, x: str, name: str) -> str:
        graph = self.graph
        square = graph.op("ReduceMean", graph.op("Mul", x, x), axes=[-1], keepdims=1)
        epsilon = graph.scalar(self.model.config.rms_norm_eps)
        root = graph.op("Sqrt", graph.op("Add", square, epsilon))
        return graph.op("Mul", graph.op("Div", x, root), self._weight(name))

    def _weight(self, name: str) -> str:
        """A float16 initializer and the cast that loading folds away."""
        array = self.weights[name].detach().half().cpu().numpy()
        return self.graph.op("Cast", self.graph.weight(name, array), to=TensorProto.FLOAT)
