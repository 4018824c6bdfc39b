"""Opens the encoder that a recipe names.

A new one is a file with a function of the configuration, a line here and its name in
`config/recipe.py`, which refuses others before anything is trained. Only kinds with an ONNX file
(`tuned`, `contrast`, `minilm`) can be exported; the others are there to be compared with.
"""

from collections.abc import Callable

from t2l.config.recipe import Config
from t2l.encoders.bag_of_words import bag_of_words
from t2l.encoders.base_last_token import base_last_token
from t2l.encoders.corpus import Encoder
from t2l.encoders.minilm import contrast, minilm, tuned

ENCODERS: dict[str, Callable[[Config], Encoder]] = {
    "tuned": tuned,
    "contrast": contrast,
    "minilm": minilm,
    "bag_of_words": bag_of_words,
    "base_last_token": base_last_token,
}


def open_encoder(config: Config) -> Encoder:
    """The configured encoder."""
    return ENCODERS[config.encoder.kind](config)
