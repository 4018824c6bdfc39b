"""Adapters straight from a released checkpoint, by PyTorch, for the Python API.

It makes what the imported bundle's float32 graph makes, without writing a bundle first. Nothing is
known of the checkpoint's training descriptions, so only an update that is not finite is refused.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from operator import itemgetter
from pathlib import Path

import torch
from torch import Tensor

from t2l.api.bundle_generator import guard_norms
from t2l.api.generated import Hypernet, Lora
from t2l.base.adapter_weights import changed
from t2l.base.outputs import output_of
from t2l.encoders.embedding_service import EmbeddingService
from t2l.sakana.checkpoint import WEIGHTS_FILE, read_checkpoint
from t2l.sakana.convert import convert
from t2l.sakana.encoder_info import encoder_of
from t2l.sakana.known_targets import known_target


class CheckpointGenerator:
    """A checkpoint's network on the CPU.

    :param folder: with `args.yaml`, `adapter_config.json` and `hypermod.pt`.
    :param target: a target spec file, by default the one that ships for the base model.
    :param service: runs the checkpoint's encoder; needed for descriptions.
    :raises CheckpointError: for a checkpoint that cannot be read or imported.
    """

    def __init__(
        self, folder: Path, target: Path | None = None, service: EmbeddingService | None = None
    ) -> None:
        checkpoint = read_checkpoint(folder)
        self._network = convert(checkpoint, known_target(checkpoint, target))
        self._service = service
        self.embedding_dim: int = self._network.config.embedding_dim
        self._encoder = encoder_of(checkpoint, self.embedding_dim)
        data = (folder / WEIGHTS_FILE).read_bytes()
        self.hypernet = Hypernet(folder.resolve().name, "0.0.0", hashlib.sha256(data).hexdigest())
        # the scale goes into B, so what consumers apply is 1
        trained = self._network.target
        self.target = replace(trained, alpha=float(trained.rank), use_rslora=False)

    def generate(self, task: str | Tensor) -> Lora:
        """An adapter for a normalised description, or for a float32 vector [embedding_dim].

        :raises ValueError: for a description without a service, or an update that is not finite.
        """
        text = task if isinstance(task, str) else None
        vector = self._encode(task) if isinstance(task, str) else task
        trained = self._network.target
        with torch.no_grad():
            made = changed(self._network(vector[None]), itemgetter(0))
        weights = {
            name: output_of(trained).folded(sides, trained.scaling) for name, sides in made.items()
        }
        guard_norms({}, weights)
        return Lora.from_weights(self.target, weights, self.hypernet, text)

    def _encode(self, description: str) -> Tensor:
        if self._service is None or self._encoder.kind != "http":
            raise ValueError(
                f"{self.hypernet} reads vectors of {self._encoder.model}: give load_t2l the "
                "encoder_url of a service that has it, or generate_lora an embedding"
            )
        return self._service.encode(self._encoder.to_json(), description)
