"""Descriptions as vectors: every task's phrasings, encoded once by the encoder that ships.

Training never sees text. It sees the vectors that the edge will compute for the same text with
the same file, so there is nothing to swap or approximate afterwards.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from t2l.encoder import MODEL_FILE, OnnxEncoder, export_encoder
from t2l.tasks.procedural import Split, Task

logger = logging.getLogger(__name__)
ENCODER_SLUG = "all-minilm-l6-v2"


@dataclass(frozen=True)
class Corpus:
    """Tasks with their descriptions.

    :param tasks: the tasks, in order.
    :param descriptions: descriptions of each task.
    :param embeddings: vectors of each task's descriptions, [descriptions, dim].
    """

    tasks: tuple[Task, ...]
    descriptions: tuple[tuple[str, ...], ...]
    embeddings: tuple[Tensor, ...]

    def centroids(self) -> Tensor:
        """Unit mean of each task's vectors, [tasks, dim]: the task's place for the fit score."""
        means = torch.stack([vectors.mean(dim=0) for vectors in self.embeddings])
        return torch.nn.functional.normalize(means, dim=1)


def open_encoder(assets: Path, cache: Path) -> OnnxEncoder:
    """The encoder that ships, exported first if it is not there; vectors are kept between runs."""
    folder = assets / "hypernets" / "encoders" / ENCODER_SLUG
    if not (folder / MODEL_FILE).exists():
        logger.info("exporting the encoder to %s", folder)
        export_encoder(folder)
    return OnnxEncoder(folder, cache)


def describe(
    tasks: Sequence[Task], split: Split, count: int, seed: int, encoder: OnnxEncoder
) -> Corpus:
    """Draw and encode up to `count` descriptions of every task."""
    texts = tuple(task.descriptions(split, count, seed) for task in tasks)
    flat = [text for row in texts for text in row]
    with tqdm(total=len(flat), desc=f"encode {split}", mininterval=5) as bar:
        vectors = encoder.encode(flat, progress=lambda done, _all: bar.update(done - bar.n))
    embeddings = vectors.split([len(row) for row in texts])
    return Corpus(tuple(tasks), texts, tuple(embeddings))
