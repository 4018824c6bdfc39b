"""A tiny bundle whose encoder is a service, and services with other encoders of the same texts.

old          a random direction for every text; the tiny network is the bundle's
related      what the network's task encoder normalises the old vector to, turned: there is a
             linear map to the encoded task
unrelated    another random direction
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from services_for_tests import Answer, Service, serving
from test_hypernetwork import network
from torch import Tensor
from torch.nn import functional as F

from t2l.api.bundle_generator import BundleGenerator
from t2l.bridge.source import EncoderSource, open_source
from t2l.encoders.embedding_service import EmbeddingService
from t2l.encoders.info import EncoderInfo
from t2l.export.bundle.data import Fit, Golden
from t2l.export.bundle.write import export_bundle
from t2l.export.graphs import GraphOptions
from t2l.tasks.descriptions import TaskDescriptions

OLD_DIM, NEW_DIM = 10, 12
NETWORK = network("S")
TASKS = tuple(
    TaskDescriptions(f"task-{i}", tuple(f"Do task {i} as in way {j}." for j in range(5)))
    for i in range(12)
)
TEXTS = tuple(text for task in TASKS for text in task.texts)


def random_vector(text: str, dim: int, model: str) -> Tensor:
    seed = hashlib.sha256(f"{model}:{text}".encode()).digest()
    return torch.from_numpy(np.random.default_rng(list(seed)).standard_normal(dim)).float()


def old_vector(text: str) -> Tensor:
    return F.normalize(random_vector(text, OLD_DIM, "old"), dim=0)


def related_vector(text: str) -> Tensor:
    with torch.no_grad():
        task = NETWORK.task_linear(old_vector(text) * NETWORK.config.scale)
    even = F.layer_norm(task, task.shape)  # of the same length for every text
    generator = torch.Generator().manual_seed(3)
    turn, _ = torch.linalg.qr(torch.randn(NEW_DIM, len(even), generator=generator))
    return turn @ even


VECTORS = {
    "old": old_vector,
    "related": related_vector,
    "unrelated": lambda text: random_vector(text, NEW_DIM, "unrelated"),
}


def embed(body: dict[str, Any]) -> Answer:
    """An answer as OpenAI's API gives it, for a model of `VECTORS`."""
    if body["model"] not in VECTORS:
        return 404, {"detail": f"There is no model {body['model']}."}
    (text,) = body["input"]
    return 200, {"data": [{"embedding": (VECTORS[body["model"]](text) * 3).tolist()}]}


@contextmanager
def encoders() -> Iterator[Service]:
    """The service that runs all of `VECTORS`."""
    with serving({"/v1/embeddings": embed}) as service:
        yield service


def export_tiny(root: Path, graphs: GraphOptions | None = None) -> Path:
    """The tiny bundle below `root`; gives its folder."""
    rows = torch.stack([old_vector(text) for text in TEXTS])
    export_bundle(
        NETWORK,
        encoder=EncoderInfo("http", "old", OLD_DIM, pooling="none"),
        golden=Golden(TEXTS[:2], rows[:2]),
        fit=Fit(TEXTS, rows, good=0.75, uncertain=0.5),
        norm_embeddings=rows,
        evaluation={"adapted": 0.5},
        training={"seed": 0},
        out_dir=root,
        name="tiny",
        version="1.0.0",
        graphs=graphs or GraphOptions(),
    )
    return root / "tiny" / "1.0.0"


def opened(folder: Path, url: str, precision: str | None = None) -> BundleGenerator:
    """A bundle that asks the service at `url`."""
    return BundleGenerator(folder, precision, encoder_url=url)


def other(model: str, url: str, root: Path) -> EncoderSource:
    """Another encoder of the service at `url`."""
    return open_source(f"http:{model}", EmbeddingService(url), root)
