"""Adapters from a bundle on this machine, made as the edge makes them (`src/pipeline/produce.ts`).

The text, the vector, the graph and the guard on norms are the edge's; nothing leaves the machine
but the text of a bundle whose encoder is a service.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnxruntime as ort
import torch
from torch import Tensor

from t2l.api.adapter_id import adapter_id
from t2l.api.fit import judge
from t2l.api.generated import Hypernet, Lora
from t2l.encoders.embedding_service import finish_vector, prepare_text, service_of
from t2l.encoders.onnx_encoder import MODEL_FILE, TOKENIZER_FILE, OnnxEncoder
from t2l.export.bundle.data import update_norms
from t2l.export.bundle.graphs import bundle_target, run_graphs
from t2l.export.bundle.manifest import (
    MANIFEST_FILE,
    BundleError,
    read_manifest,
    resolve,
    verify_bundle,
)
from t2l.export.bundle.stored_fit import StoredFit, read_fit

MAX_DEVIATIONS = 8  # of an update's norm from the training descriptions' mean, as at the edge
MIN_RELATIVE_DEVIATION = 0.05  # a layer that never varied must not refuse a rounding error


class BundleGenerator:
    """A bundle's encoder and graphs, run natively on the CPU, with one thread.

    :param folder: the bundle, `<root>/<name>/<version>`; shared encoders lie below the root. Every
        file is verified against the manifest.
    :param precision: `float32` or `int8`; the manifest's own by default.
    :param encoder_url: the embedding service of a bundle whose encoder is of kind `http`.
    :param encoder_dialect: what the service speaks, one of `embedding_service.DIALECTS`.
    :param encoder_token: sent to the service as a bearer token.
    :raises BundleError: for a bundle that does not verify or cannot be run.
    :raises ValueError: for an encoder that is configured wrongly.
    """

    def __init__(
        self,
        folder: Path,
        precision: str | None = None,
        encoder_url: str | None = None,
        encoder_dialect: str = "openai",
        encoder_token: str | None = None,
    ) -> None:
        self.folder = Path(folder).resolve()
        if not (self.folder / MANIFEST_FILE).is_file():
            raise BundleError(
                f"{folder} is no bundle: it has no {MANIFEST_FILE}; give the folder "
                "<root>/<name>/<version> of a bundle, or the http(s) URL of an endpoint"
            )
        self._root = self.folder.parents[1]
        try:
            name, version = self.folder.parts[-2:]
            found = verify_bundle(self._root, name, version)
            self.manifest, _ = read_manifest(self.folder)
            self.target = bundle_target(self.manifest)
            self.hypernet = Hypernet(name, version, found)
            self.precision: str = precision or self.manifest["precision"]
            graphs, encoder = self.manifest["graphs"], self.manifest["encoder"]
            self.embedding_dim: int = encoder["dim"]
            kind = encoder["kind"]
        except KeyError as error:
            raise BundleError(f"{folder}: the manifest lacks {error}") from error
        except json.JSONDecodeError as error:
            raise BundleError(f"{folder}: the manifest is not JSON: {error}") from error
        if self.precision not in graphs:
            raise BundleError(
                f"{self.hypernet} has no {self.precision} graph; it has {', '.join(sorted(graphs))}"
            )
        if kind != "http" and encoder_url is not None:
            raise ValueError(
                f"{self.hypernet} has an encoder of kind {kind}; leave out encoder_url"
            )
        self._service = service_of(encoder_url, encoder_dialect, encoder_token)
        self._sessions: dict[str, ort.InferenceSession] = {}
        self._encoder: OnnxEncoder | None = None
        self._fit: StoredFit | None = None

    def generate(self, task: str | Tensor) -> Lora:
        """An adapter for a normalised description, or for a float32 vector [embedding_dim].

        :raises ValueError: for a description that this bundle's encoder cannot read here, or an
            update far beyond those of training.
        """
        text = task if isinstance(task, str) else None
        vector = self.encode(task) if isinstance(task, str) else task
        tensors = run_graphs(self.manifest, self._read, self.precision, vector, kept=self._sessions)
        weights = {
            name: tuple(tensors[f"{name}.{side}"] for side in self.target.sides)
            for name in self.target.module_names
        }
        guard_norms(self.manifest, weights)
        fit = judge(self._stored_fit(), self.hypernet.name, vector, weights)
        id = adapter_id(self.hypernet.digest, self.precision, task)
        return Lora.from_weights(self.target, weights, self.hypernet, text, fit, id)

    def encode(self, description: str) -> Tensor:
        """The vector of a normalised description, as the graphs take it: float32 [dim]."""
        spec = self.manifest["encoder"]
        if spec["kind"] == "onnx":
            (raw,) = self._onnx_encoder().encode([prepare_text(spec, description)]).double().numpy()
            return finish_vector(spec, raw)
        if spec["kind"] != "http":
            raise ValueError(
                f"{self.hypernet} takes no description here, its encoder is of kind "
                f"{spec['kind']}: give embedding=, {spec['dim']} numbers from {spec['model']}"
            )
        if self._service is None:
            raise ValueError(
                f"{self.hypernet} needs the vectors of {spec['model']}: give load_t2l the "
                "encoder_url of a service that has it, or generate_lora an embedding"
            )
        return self._service.encode(spec, description)

    def _stored_fit(self) -> StoredFit | None:
        fit = self.manifest.get("fit")
        if self._fit is None and fit is not None:
            self._fit = read_fit(fit, self._read(fit["file"]), self.target.module_names)
        return self._fit

    def _onnx_encoder(self) -> OnnxEncoder:
        if self._encoder is None:
            spec = self.manifest["encoder"]
            model, tokenizer = (self._path(spec["files"][key]) for key in ("model", "tokenizer"))
            wanted = (model.parent / MODEL_FILE, model.parent / TOKENIZER_FILE)
            if (model, tokenizer) != wanted:
                raise BundleError(
                    f"the encoder of {self.hypernet} must be {MODEL_FILE} and {TOKENIZER_FILE} in "
                    f"one folder, got {model.name} and {tokenizer.name}"
                )
            self._encoder = OnnxEncoder(model.parent, max_tokens=spec["max_tokens"])
        return self._encoder

    def _path(self, file: str) -> Path:
        if file not in self.manifest["files"]:
            raise BundleError(f"{self.folder}: {file} is used but not listed in the manifest")
        return resolve(self._root, self.folder, file)

    def _read(self, file: str) -> bytes:
        return self._path(file).read_bytes()


def guard_norms(manifest: Mapping[str, Any], weights: Mapping[str, tuple[Tensor, ...]]) -> None:
    """Refuse an update that is not finite or far larger than any of training.

    The norm is that of the update B A, or of what an IA3's factors are away from 1; a DoRA's
    magnitudes must be finite.

    :param weights: module -> its sides, such as (A [layers, rank, in], B [layers, out, rank]).
    :raises ValueError: naming module, layer and norm.
    """
    for name, sides in weights.items():
        norms = update_norms(sides)  # [layers]
        if len(sides) == 3 and not torch.isfinite(sides[2]).all():
            raise ValueError(f"the generated magnitudes of {name} are not all finite")
        usual = (manifest.get("norms") or {}).get(name)
        for layer, norm in enumerate(norms.tolist()):
            limit, reason = sys.float_info.max, "which no base model can use"
            if usual is not None:
                mean, deviation = usual["mean"][layer], usual["deviation"][layer]
                limit = mean + MAX_DEVIATIONS * max(deviation, MIN_RELATIVE_DEVIATION * mean)
                reason = f"beyond {limit:.4g}, the limit for what this hypernetwork was trained on"
            if not norm <= limit:  # not `norm > limit`: NaN is to be refused too
                raise ValueError(
                    f"the generated update of {name} in layer {layer} has norm {norm:.4g}, {reason}"
                )
