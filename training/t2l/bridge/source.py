"""The other encoder of a bridge: embedded, on Workers AI, or any service over HTTP.

DIR                      an embedded encoder: model.int8.onnx and tokenizer.json
workers-ai:MODEL         a model of Workers AI, which the edge asks through its binding
http:MODEL               a model behind an embedding service
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from t2l.encoders.embedding_service import EmbeddingService, finish_vector, prepare_text
from t2l.encoders.info import MINILM, MINILM_FOLDER, SHARED_PREFIX, EncoderInfo
from t2l.encoders.onnx_encoder import (
    MAX_TOKENS,
    MODEL_FILE,
    TOKENIZER_FILE,
    OnnxEncoder,
    export_encoder,
)

WORKERS_AI = {  # dim, pooling, most tokens, of the models that the edge can ask
    "@cf/baai/bge-small-en-v1.5": (384, "cls", 512),
    "@cf/baai/bge-base-en-v1.5": (768, "cls", 512),
    "@cf/baai/bge-large-en-v1.5": (1024, "cls", 512),
    "@cf/baai/bge-m3": (1024, "none", 8192),
    "@cf/qwen/qwen3-embedding-0.6b": (1024, "none", 8192),
}
FORMS = "minilm, a folder with model.int8.onnx and tokenizer.json, workers-ai:MODEL or http:MODEL"


@dataclass(frozen=True)
class EncoderSource:
    """An encoder that can be asked now, and that the edge will ask later.

    :param info: what the manifest says of it.
    :param runner: the embedded encoder, or the service that runs it.
    :param folder: where an embedded encoder lies.
    """

    info: EncoderInfo
    runner: OnnxEncoder | EmbeddingService
    folder: Path | None = None

    def encode(self, description: str) -> Tensor:
        """The vector of a normalised description as a hypernetwork takes it, float32 [dim]."""
        spec = self.info.to_json()
        if isinstance(self.runner, EmbeddingService):
            return self.runner.encode(spec, description)
        raw = self.runner.encode([prepare_text(spec, description)])[0].numpy()
        return finish_vector(spec, raw.astype(np.float64))

    def tokens(self, descriptions: Sequence[str]) -> tuple[tuple[int, ...], ...] | None:
        """Token ids, if the encoder is embedded."""
        if isinstance(self.runner, EmbeddingService):
            return None
        return tuple(tuple(self.runner.tokens(text)) for text in descriptions)

    def install(self, root: Path) -> None:
        """Put an embedded encoder's files below the root of the bundle that will name them."""
        for _, file in self.info.files:
            assert self.folder is not None, "an encoder with files has a folder"
            place = root / file
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.folder / place.name, place)


def open_source(text: str, service: EmbeddingService | None, root: Path) -> EncoderSource:
    """The encoder that a command line names.

    :param text: one of the forms in this file's header.
    :param service: where a model that is not embedded can be asked now.
    :param root: of the bundles; the published encoder is made below it if it is not there.
    :raises ValueError: for another form, an unknown model, a missing service, or an encoder whose
        place below `root` another one has.
    """
    kind, _, model = text.partition(":")
    if kind in ("workers-ai", "http") and model:
        if service is None:
            raise ValueError(f"{text} has to be asked somewhere now: give --from-url")
        return EncoderSource(_service_info(kind, model, service), service)
    if text == "minilm":
        folder = root / MINILM_FOLDER
        if not (folder / MODEL_FILE).is_file():
            export_encoder(folder)
        return EncoderSource(MINILM, OnnxEncoder(folder), folder)
    folder = Path(text)
    if not all((folder / file).is_file() for file in (MODEL_FILE, TOKENIZER_FILE)):
        raise ValueError(f"the encoder {text} must be {FORMS}")
    _require_place(folder, root)
    encoder = OnnxEncoder(folder)
    place = f"{SHARED_PREFIX}{folder.resolve().name}"
    info = EncoderInfo(
        "onnx",
        folder.resolve().name,
        encoder.dim,
        max_tokens=MAX_TOKENS,
        files=(("model", f"{place}/{MODEL_FILE}"), ("tokenizer", f"{place}/{TOKENIZER_FILE}")),
    )
    return EncoderSource(info, encoder, folder)


def _require_place(folder: Path, root: Path) -> None:
    for file in (MODEL_FILE, TOKENIZER_FILE):
        place = root / SHARED_PREFIX / folder.resolve().name / file
        if place.exists() and place.read_bytes() != (folder / file).read_bytes():
            raise ValueError(
                f"{place} is of another encoder than {folder / file}; give the folder another name"
            )


def _service_info(kind: str, model: str, service: EmbeddingService) -> EncoderInfo:
    if kind == "workers-ai":
        if model not in WORKERS_AI:
            raise ValueError(f"{model} is not known; Workers AI has {', '.join(WORKERS_AI)}")
        dim, pooling, tokens = WORKERS_AI[model]
        return EncoderInfo("workers-ai", model, dim, pooling=pooling, max_tokens=tokens)
    length = service.dim(model)
    return EncoderInfo("http", model, length, pooling="none", max_tokens=512)
