"""What a manifest says of an encoder, and the two that lie beside bundles as files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from t2l.encoders.onnx_encoder import MAX_TOKENS, MODEL_FILE, MODEL_ID, TOKENIZER_FILE

SHARED_PREFIX = "encoders/"  # of files below the hypernets root that several bundles share


@dataclass(frozen=True)
class EncoderInfo:
    """How a description becomes the embedding; see the manifest's `encoder`.

    :param files: role ("model", "tokenizer") -> path below the hypernets root.
    :param ending: "full-stop" if one is put after a description that ends with a letter.
    """

    kind: Literal["onnx", "workers-ai", "http", "given"]
    model: str
    dim: int
    pooling: str = "mean"
    normalize: bool = True
    scale: float = 1.0
    template: str = "{description}"
    max_tokens: int = MAX_TOKENS
    files: tuple[tuple[str, str], ...] = ()
    ending: Literal["full-stop"] | None = None

    def to_json(self) -> dict[str, Any]:
        """The manifest's `encoder`."""
        document: dict[str, Any] = {
            "kind": self.kind,
            "model": self.model,
            "dim": self.dim,
            "pooling": self.pooling,
            "normalize": self.normalize,
            "scale": self.scale,
            "template": self.template,
            "max_tokens": self.max_tokens,
        }
        if self.files:
            document["files"] = dict(self.files)
        if self.ending is not None:
            document["ending"] = self.ending
        return document


def _embedded(name: str, model: str) -> EncoderInfo:
    """An encoder whose files lie beside the bundles, in a folder of its name."""
    folder = f"{SHARED_PREFIX}{name}"
    return EncoderInfo(
        kind="onnx",
        model=model,
        dim=384,
        files=(("model", f"{folder}/{MODEL_FILE}"), ("tokenizer", f"{folder}/{TOKENIZER_FILE}")),
    )


MINILM_FOLDER = f"{SHARED_PREFIX}all-minilm-l6-v2"
MINILM = _embedded("all-minilm-l6-v2", MODEL_ID)
# tuned to read the steps of t2l-mini's tasks
TUNED_FOLDER = f"{SHARED_PREFIX}minilm-l6-t2l-2"
TUNED = _embedded("minilm-l6-t2l-2", "t2l-edge/minilm-l6-t2l-2")
# tuned on phrasings of the world of language
CONTRAST_FOLDER = f"{SHARED_PREFIX}minilm-l6-t2l-3"
CONTRAST = _embedded("minilm-l6-t2l-3", "t2l-edge/minilm-l6-t2l-3")
