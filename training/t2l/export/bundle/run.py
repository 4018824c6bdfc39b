"""A bundle in place of a trained network: what ships is measured through its own graph."""

import json
from pathlib import Path

import onnxruntime as ort
import torch
from torch import Tensor, nn

from t2l.base.adapter_weights import AdapterWeights
from t2l.export.bundle.graphs import bundle_target, run_graphs
from t2l.export.bundle.manifest import MANIFEST_FILE


class BundleNetwork(nn.Module):
    """Runs one graph of a bundle natively; its adapters have the scale in B already.

    :param folder: the bundle, with its manifest.
    :param precision: `float32` or `int8`.
    :raises FileNotFoundError: if there is no such bundle.
    :raises ValueError: if the bundle has no graph of that precision.
    """

    def __init__(self, folder: Path, precision: str) -> None:
        super().__init__()
        path = Path(folder) / MANIFEST_FILE
        if not path.exists():
            raise FileNotFoundError(f"{path}: no bundle there; give the folder of its manifest")
        self.manifest = json.loads(path.read_text(encoding="utf-8"))
        graphs = self.manifest["graphs"]
        if precision not in graphs:
            raise ValueError(f"{folder} has no {precision} graph; it has {', '.join(graphs)}")
        self._folder, self._precision = Path(folder), precision
        self._sessions: dict[str, ort.InferenceSession] = {}
        self.target = bundle_target(self.manifest)

    def forward(self, embedding: Tensor) -> AdapterWeights:
        """Adapters, such as A [T, N, R, in] and B [T, N, out, R], for vectors [T, dim]."""
        rows = [self._run(row) for row in embedding]

        def stacked(tensor: str) -> Tensor:
            return torch.stack([row[tensor] for row in rows]).to(embedding.device)

        sides = self.target.sides
        return {
            name: tuple(stacked(f"{name}.{side}") for side in sides)
            for name in self.target.module_names
        }

    def first_graph(self) -> bytes:
        """The graph that takes vectors: the whole one, or the body of one in chunks."""
        graph = self.manifest["graphs"][self._precision]
        return (self._folder / graph.get("file", graph.get("body"))).read_bytes()

    def _run(self, row: Tensor) -> dict[str, Tensor]:
        def read(file: str) -> bytes:
            return (self._folder / file).read_bytes()

        return run_graphs(self.manifest, read, self._precision, row, kept=self._sessions)
