"""Encoders by name: what turns a description into the vector that the hypernetwork reads.

A new one is a file with a function of the configuration, and a line here. Only kinds with an ONNX
file (`tuned`, `minilm`) can be exported; the others are there to be compared with.
"""

from collections.abc import Callable

from t2l.config import Config
from t2l.corpus import Encoder
from t2l.encoders.bag_of_words import bag_of_words
from t2l.encoders.base_last_token import base_last_token
from t2l.encoders.minilm import minilm, tuned

ENCODERS: dict[str, Callable[[Config], Encoder]] = {
    "tuned": tuned,
    "minilm": minilm,
    "bag_of_words": bag_of_words,
    "base_last_token": base_last_token,
}


def open_encoder(config: Config) -> Encoder:
    """The configured encoder.

    :raises ValueError: if there is none of that name.
    """
    kind = config.encoder.kind
    if kind not in ENCODERS:
        raise ValueError(f"encoder.kind must be one of {', '.join(ENCODERS)}, got {kind!r}")
    return ENCODERS[kind](config)
