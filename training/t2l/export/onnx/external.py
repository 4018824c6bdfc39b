"""Graphs whose weights lie in the checkpoint beside them, so that they are not stored twice.

    initializer NAME -> external data {location: FILE.safetensors, offset, length}

ONNX lets an initializer's bytes be a range of another file of the graph's folder. A safetensors
file is such a file: eight bytes with the length of its header, the header, and then every tensor's
bytes, whole and row by row as ONNX keeps them. So a graph of a checkpoint's own float16 weights can
point into that checkpoint, and whatever loads the graph by its path finds them there.
"""

from __future__ import annotations

import json
from pathlib import Path

import onnx
from onnx.external_data_helper import set_external_data

LEAST_BYTES = 1024
"""Smaller tensors stay in the graph: to say where they lie would take as much."""

LENGTH_BYTES = 8  # of the header, little-endian


def lean_on(model: onnx.ModelProto, weights: Path) -> onnx.ModelProto:
    """Let the large initializers of a graph lie in a safetensors file, which will be beside it.

    :param model: has its weights inside; it is changed.
    :param weights: has a tensor of the same bytes for every initializer of the same name. Other
        initializers stay inside.
    :return: the model.
    :raises ValueError: if a tensor has other bytes, or the file is no safetensors file.
    """
    data = weights.read_bytes()
    places = _places(weights, data)
    for tensor in model.graph.initializer:
        if tensor.name not in places or len(tensor.raw_data) < LEAST_BYTES:
            continue
        start, end = places[tensor.name]
        if data[start:end] != tensor.raw_data:
            raise ValueError(f"{weights}: {tensor.name} is not the graph's; save the model there")
        set_external_data(tensor, weights.name, offset=start, length=end - start)
        tensor.ClearField("raw_data")
    return model


def _places(path: Path, data: bytes) -> dict[str, tuple[int, int]]:
    """Where in the file every tensor begins and ends."""
    begin = LENGTH_BYTES + int.from_bytes(data[:LENGTH_BYTES], "little")
    try:
        header = json.loads(data[LENGTH_BYTES:begin])
        spans = {
            name: entry["data_offsets"] for name, entry in header.items() if name != "__metadata__"
        }
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        raise ValueError(f"{path} must be a safetensors file: {error!r}") from error
    return {name: (begin + start, begin + end) for name, (start, end) in spans.items()}
