"""What makes adapters in Python: a bundle on this machine, or an endpoint.

    description -> NFC, trim, fold -> encoder -> normalise, scale -> graphs -> guard -> Lora
                                   -> endpoint: POST, two GETs, sha256               -> Lora

Both (`api/bundle_generator.py`, `api/endpoint_generator.py`) are a `Generator`, and mean the same.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from t2l.api.generated import Hypernet, Lora


class Generator(Protocol):
    """What `load_t2l` gives: a hypernetwork that is ready to make adapters.

    :param hypernet: which one it is.
    :param embedding_dim: numbers of the vector it takes.
    """

    hypernet: Hypernet
    embedding_dim: int

    def generate(self, task: str | Tensor) -> Lora:
        """An adapter for a normalised description, or for a float32 vector [embedding_dim]."""
        ...


def embedding_vector(values: Any, generator: Generator) -> Tensor:
    """A tensor, an array or a list as the vector that a hypernetwork takes.

    :return: float32 [embedding_dim] on the CPU.
    :raises ValueError: for a wrong length, or a number that is not finite.
    """
    try:
        vector = torch.as_tensor(values).detach().to("cpu", torch.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"embedding must be an array of numbers: {error}") from error
    if vector.shape == (1, generator.embedding_dim):
        vector = vector[0]
    if vector.shape != (generator.embedding_dim,):
        raise ValueError(
            f"the embedding has shape {list(vector.shape)}; {generator.hypernet} takes "
            f"{generator.embedding_dim} numbers"
        )
    if not torch.isfinite(vector).all():
        raise ValueError("every number of the embedding must be finite as a float32")
    return vector
