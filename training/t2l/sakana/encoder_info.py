"""How a checkpoint's descriptions become its embedding: the encoder, as a bundle describes it.

The reference puts a full stop after a text that ends with a letter, encodes it, takes the first
token's vector (gte) or the last one's (SFR, or the base model itself), and makes it sqrt(dim) long.
"""

from __future__ import annotations

import math

from t2l.encoders.info import EncoderInfo
from t2l.sakana.checkpoint import ARGS_FILE, Checkpoint, CheckpointError

MAX_TOKENS = 8192  # 2 ** 13, where the reference cuts
SFR_TEMPLATE = "Instruct: Retrieve semantically similar text.\nQuery: {description}"


def encoder_of(checkpoint: Checkpoint, dim: int) -> EncoderInfo:
    """The encoder of an imported bundle; a service over HTTP has to run it.

    :param dim: length of the embedding.
    :raises CheckpointError: for an encoder that the reference itself does not know.
    """
    model = checkpoint.args.emb_model.strip("/")
    common = {"dim": dim, "scale": math.sqrt(dim), "max_tokens": MAX_TOKENS}
    if not model:  # the base model's own last token, which no embedding service gives
        base = checkpoint.args.model_dir.strip("/")
        return EncoderInfo("given", base, pooling="last", ending="full-stop", **common)
    if "SFR" in model:
        return EncoderInfo("http", model, pooling="last", template=SFR_TEMPLATE, **common)
    if "gte" in model:
        return EncoderInfo("http", model, pooling="cls", ending="full-stop", **common)
    raise CheckpointError(
        f"{checkpoint.folder / ARGS_FILE}: emb_model {model} is not known; the reference pools "
        "vectors of gte and SFR models, or of the base model (emb_model empty)"
    )
