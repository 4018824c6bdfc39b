"""What a condition may use to answer: the model, the hypernetwork, and whatever the run trained."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import LlamaForCausalLM

from t2l.base.device import Device
from t2l.base.lora import LoraWeights
from t2l.base.scoring import exact_matches
from t2l.config.recipe import Config
from t2l.encoders.corpus import Corpus, Encoder
from t2l.evaluate.questions import Block
from t2l.export.bundle.run import BundleNetwork
from t2l.hypernet.hypernetwork import Hypernetwork
from t2l.template.rows import Row


@dataclass(frozen=True)
class Setting:
    """One run that is measured.

    :param model: the frozen base model.
    :param hypernetwork: takes the encoder's vectors as they are; a trained one or a bundle's graph.
    :param encoder: what makes vectors of descriptions.
    :param train: the training tasks with their training descriptions.
    :param config: of the run.
    :param store: folder of adapters trained per task (`oracles.py`) and of the trained baselines.
    """

    model: LlamaForCausalLM
    hypernetwork: Hypernetwork | BundleNetwork
    encoder: Encoder
    train: Corpus
    config: Config
    device: Device
    store: Path

    @torch.no_grad()
    def generate(self, descriptions: Sequence[str]) -> LoraWeights:
        """The adapters of some descriptions, [descriptions, ...]."""
        return self.generate_from(self.encoder.encode(list(descriptions)))

    @torch.no_grad()
    def generate_from(self, vectors: Tensor) -> LoraWeights:
        """The adapters of some vectors, [n, ...]."""
        parts = [self.hypernetwork(part.to(self.device.name)) for part in vectors.split(64)]
        return {
            name: tuple(torch.cat([part[name][side] for part in parts]) for side in (0, 1))
            for name in parts[0]
        }

    def score(self, rows: Sequence[Row], weights: LoraWeights | None = None) -> list[bool]:
        """Exact match of every row under no adapter, or under adapters that share the rows."""
        target = self.hypernetwork.target
        return exact_matches(self.model, rows, self.device, target, weights)

    def described(self, block: Block, descriptions: Sequence[Sequence[str]]) -> list[bool]:
        """Exact match of a block under the adapters of other descriptions, as many a task."""
        flat = [text for row in descriptions for text in row]
        return self.score(block.rows(), self.generate(flat))
