"""Embeddings from a service over HTTP, and what a manifest's `encoder` asks of any encoder.

Text goes in as the encoder was trained on it (ending, template), and the vector that comes back is
normalised and scaled, as `src/encoder/` does it at the edge.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pydantic
import torch
from torch import Tensor

from t2l.encoders.service import ask

DIALECTS = ("openai", "tei", "workers-ai")


@dataclass(frozen=True)
class EmbeddingService:
    """A service that runs an encoder.

    :param url: its base; the dialect's path is appended.
    :param dialect: `openai` (`/v1/embeddings`), `tei` (text-embeddings-inference, `/embed`), or
        `workers-ai` (`/ai/run/<model>` below `https://api.cloudflare.com/client/v4/accounts/ID`).
    :param token: sent as a bearer token.
    :raises ValueError: for another dialect.
    """

    url: str
    dialect: str = "openai"
    token: str | None = None

    def __post_init__(self) -> None:
        if self.dialect not in DIALECTS:
            raise ValueError(
                f"encoder_dialect must be one of {', '.join(DIALECTS)}, got {self.dialect!r}"
            )

    def encode(self, spec: Mapping[str, Any], description: str) -> Tensor:
        """The vector of a description as a hypernetwork takes it, float32 [dim].

        :param spec: the manifest's `encoder`.
        :raises ServiceError: if the service does not answer with one vector.
        :raises ValueError: for a vector of another length.
        """
        raw = self._vector(spec, prepare_text(spec, description))
        return finish_vector(spec, np.asarray(raw, dtype=np.float64))

    def dim(self, model: str) -> int:
        """Length of a model's vectors, found by asking for one."""
        return len(self._vector({"model": model, "pooling": "none"}, "How long is this vector?"))

    def _vector(self, spec: Mapping[str, Any], text: str) -> list[float]:
        """The raw vector of a text."""
        url, model = self.url.rstrip("/"), spec["model"]
        if self.dialect == "openai":
            body = {"model": model, "input": [text], "encoding_format": "float"}
            return ask(_OPENAI, f"{url}/v1/embeddings", body, self.token).data[0].embedding
        if self.dialect == "workers-ai":
            body = {"text": [text], **pooling_parameter(spec)}
            return ask(_WORKERS_AI, f"{url}/ai/run/{model}", body, self.token).result.data[0]
        # normalisation is the manifest's business, and too long a text is cut as at the edge
        body = {"inputs": [text], "normalize": False, "truncate": True}
        return ask(_TEI, f"{url}/embed", body, self.token)[0]


def service_of(url: str | None, dialect: str, token: str | None) -> EmbeddingService | None:
    """The service that options ask for, if they ask for one.

    :raises ValueError: for a token without a URL.
    """
    if url is None and token is not None:
        raise ValueError("encoder_token is for the service at encoder_url; give both or none")
    return None if url is None else EmbeddingService(url, dialect, token)


def pooling_parameter(spec: Mapping[str, Any]) -> dict[str, str]:
    """What Workers AI is told of pooling: only its bge models of these sizes know the parameter."""
    return {"pooling": spec["pooling"]} if _POOLING_MODELS.match(spec["model"]) else {}


def prepare_text(spec: Mapping[str, Any], description: str) -> str:
    """A normalised description as the encoder is to read it."""
    if spec.get("ending") == "full-stop" and description[-1].isalpha():
        description = f"{description}."
    return spec["template"].replace("{description}", description)


def finish_vector(spec: Mapping[str, Any], raw: np.ndarray) -> Tensor:
    """Normalise and scale an encoder's vector as the manifest says, in double precision.

    :raises ValueError: for a wrong length, or a vector that is zero or not finite.
    """
    if raw.shape != (spec["dim"],):
        raise ValueError(
            f"the encoder {spec['model']} gave {raw.size} numbers where {spec['dim']} are expected"
        )
    length = math.sqrt(float(np.square(raw).sum()))
    if not math.isfinite(length) or length == 0:
        raise ValueError(f"the encoder {spec['model']} gave a vector that is zero or not finite")
    factor = spec["scale"] / (length if spec["normalize"] else 1)
    return torch.from_numpy((raw * factor).astype(np.float32))


class _Row(pydantic.BaseModel):
    embedding: list[float]


class _Embeddings(pydantic.BaseModel):
    data: tuple[_Row]


class _Vectors(pydantic.BaseModel):
    data: tuple[list[float]]


class _Answer(pydantic.BaseModel):
    result: _Vectors


_POOLING_MODELS = re.compile(r"^@cf/baai/bge-(small|base|large)-")
_WORKERS_AI = pydantic.TypeAdapter(_Answer)
_OPENAI = pydantic.TypeAdapter(_Embeddings)
_TEI = pydantic.TypeAdapter(tuple[list[float]])
