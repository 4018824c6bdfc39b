"""A bundle's hypernetwork in native ONNX Runtime: one embedding in, every LoRA tensor out.

A precision is one whole graph, `{"file"}`, or a body and heads that run one after the other,
`{"body", "chunks"}`, so that never more than one graph is in memory:

    embedding [1, dim] -> body -> (stages, each on what those before it gave) -> features.<module>
    features.<module>  -> chunk -> <module>.<side> [rows, columns], a block of that tensor

A tensor's flat values are seen as [rows, size / rows], and a block is the range of columns that
starts at the chunk's offset for that tensor. The blocks of a tensor come in order and meet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from torch import Tensor

from t2l.base.target import TargetSpec, side_shapes
from t2l.export.bundle.manifest import BundleError
from t2l.graph.session import run_session

ReadFile = Callable[[str], bytes]
"""A bundle's file by its name in the manifest."""

INPUT = "embedding"


def run_graphs(
    manifest: dict[str, Any],
    read_file: ReadFile,
    precision: str,
    embedding: Tensor,
    kept: dict[str, ort.InferenceSession] | None = None,
) -> dict[str, Tensor]:
    """Generate the LoRA tensors for one embedding.

    :param read_file: gives a file's bytes by its name in the manifest.
    :param precision: which of the manifest's graphs to run, `float32` or `int8`.
    :param embedding: what the graph takes, [dim], with the encoder's scale in it.
    :param kept: where the session of a whole graph stays for the next call; without it, it is
        released. Graphs in chunks are always opened one at a time.
    :return: `<module>.<side>` in float32 on the CPU, in manifest order, the scale in B: of a LoRA
        A [layers, rank, in] and B [layers, out, rank].
    :raises BundleError: for a precision the bundle lacks, and for graphs that do not give the
        target's tensors; it names the file and the tensor.
    """
    graphs = manifest["graphs"]
    if precision not in graphs:
        raise BundleError(
            f"{manifest['name']} has no {precision} graph; it has {', '.join(sorted(graphs))}"
        )
    shapes = tensor_shapes(manifest)
    feeds = {INPUT: embedding.detach().to("cpu", torch.float32).reshape(1, -1).numpy()}
    graph = graphs[precision]
    if "file" in graph:
        values = _run_whole(graph["file"], read_file, feeds, kept)
        _require_shapes(graph["file"], values, shapes)
    else:
        values = _run_chunks(graph, read_file, feeds, shapes)
    return {name: torch.from_numpy(values[name]) for name in shapes}


def tensor_shapes(manifest: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Tensor name -> shape, in the order of the manifest's modules and of their sides."""
    target = manifest["target"]
    output, layers, rank = target.get("output", "lora"), target["layers"], target["rank"]
    shapes: dict[str, tuple[int, ...]] = {}
    for module in target["modules"]:
        widths = (module["in"], module["out"])
        feedforward = module.get("feedforward", False)
        for side, shape in side_shapes(output, layers, rank, widths, feedforward).items():
            shapes[f"{module['name']}.{side}"] = shape
    return shapes


def bundle_target(manifest: dict[str, Any]) -> TargetSpec:
    """What a bundle's adapters are for; their scale lies in B."""
    target = manifest["target"]
    return TargetSpec.from_json({**target, "alpha": float(target["rank"]), "use_rslora": False})


def _run_whole(
    file: str,
    read_file: ReadFile,
    feeds: dict[str, np.ndarray],
    kept: dict[str, ort.InferenceSession] | None,
) -> dict[str, np.ndarray]:
    session = None if kept is None else kept.get(file)
    if session is None:
        session = _open(file, read_file)
    values = _outputs(file, session, feeds)
    if kept is not None:
        kept[file] = session
    return values


def _run_chunks(
    graph: dict[str, Any],
    read_file: ReadFile,
    feeds: dict[str, np.ndarray],
    shapes: dict[str, tuple[int, ...]],
) -> dict[str, np.ndarray]:
    features = _outputs(graph["body"], _open(graph["body"], read_file), feeds)
    for file in graph.get("stages", ()):
        session = _open(file, read_file)
        needed = [entry.name for entry in session.get_inputs()]
        lacking = [name for name in needed if name not in features]
        if lacking:
            raise BundleError(f"{file} takes {', '.join(lacking)}, which no graph before it gives")
        features |= _outputs(file, session, {name: features[name] for name in needed})
    tensors: dict[str, np.ndarray] = {}  # name -> [rows, size / rows]
    filled = dict.fromkeys(shapes, 0)  # name -> columns so far
    for chunk in graph["chunks"]:
        file, offsets = chunk["file"], chunk["offsets"]
        blocks = _run_chunk(file, read_file, features)
        if sorted(blocks) != sorted(offsets):
            raise BundleError(
                f"{file} gives {', '.join(sorted(blocks))}, but its offsets are for "
                f"{', '.join(sorted(offsets))}"
            )
        for name, block in blocks.items():
            if name not in shapes:
                raise BundleError(f"{file} gives {name}, which is no tensor of the target")
            if name not in tensors:
                tensors[name] = _empty_rows(file, name, block, shapes[name])
            _place(file, name, block, tensors[name], offsets[name], filled)
    for name, shape in shapes.items():
        columns = tensors[name].shape[1] if name in tensors else None
        if filled[name] != columns:
            raise BundleError(
                f"the chunks after {graph['body']} leave {name} incomplete: {filled[name]} of "
                f"{'its' if columns is None else columns} columns"
            )
        tensors[name] = tensors[name].reshape(shape)
    return tensors


def _run_chunk(
    file: str, read_file: ReadFile, features: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The blocks of one chunk; its session ends with the call, before the next one begins."""
    session = _open(file, read_file)
    needed = [entry.name for entry in session.get_inputs()]
    if len(needed) != 1 or needed[0] not in features:
        raise BundleError(
            f"{file} takes {', '.join(needed)}; a chunk takes one output of the body, which gives "
            f"{', '.join(features)}"
        )
    return _outputs(file, session, {needed[0]: features[needed[0]]})


def _empty_rows(file: str, name: str, block: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Room for a whole tensor, with as many rows as its first block has."""
    size = int(np.prod(shape))
    if block.ndim != 2 or block.size == 0 or size % block.shape[0]:
        raise BundleError(
            f"{file} gives {name} as {list(block.shape)}; it must be [rows, columns], where rows "
            f"divides the {size} values of {list(shape)}"
        )
    return np.empty((block.shape[0], size // block.shape[0]), dtype=np.float32)


def _place(
    file: str,
    name: str,
    block: np.ndarray,
    whole: np.ndarray,
    offset: int,
    filled: dict[str, int],
) -> None:
    rows, columns = whole.shape
    if block.ndim != 2 or block.shape[0] != rows:
        raise BundleError(f"{file} gives {name} as {list(block.shape)}, not with {rows} rows")
    end = offset + block.shape[1]
    if offset != filled[name] or end > columns:
        raise BundleError(
            f"{file} puts {name} into columns {offset} to {end}; the next free column is "
            f"{filled[name]} of {columns}"
        )
    whole[:, offset:end] = block
    filled[name] = end


def _require_shapes(
    file: str, values: dict[str, np.ndarray], shapes: dict[str, tuple[int, ...]]
) -> None:
    for name, shape in shapes.items():
        if name not in values:
            raise BundleError(f"{file} does not give {name}; it gives {', '.join(values)}")
        if values[name].shape != shape:
            raise BundleError(
                f"{file} gives {name} as {list(values[name].shape)}, not {list(shape)}"
            )


def _open(file: str, read_file: ReadFile) -> ort.InferenceSession:
    options = ort.SessionOptions()
    # one thread: the same bits on every machine, as at the edge
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    data = read_file(file)
    try:
        return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's errors have no class in common
        raise BundleError(f"{file} is no graph that ONNX Runtime can load: {error}") from error


def _outputs(
    file: str, session: ort.InferenceSession, feeds: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    inputs = {entry.name: entry.shape for entry in session.get_inputs()}
    if list(inputs) != list(feeds):
        raise BundleError(f"{file} takes {', '.join(inputs)}, not {', '.join(feeds)}")
    names = [entry.name for entry in session.get_outputs()]
    try:
        values = dict(zip(names, run_session(session, names, feeds), strict=True))
    except Exception as error:  # as above
        raise BundleError(f"{file} cannot be run: {error}") from error
    for name, value in values.items():
        if value.dtype != np.float32:
            raise BundleError(f"{file} gives {name} as {value.dtype}, not float32")
    return values
