"""What a bundle carries besides its graphs: encoder, golden vectors, fit matrix and norms.

Golden vectors are what every runtime must reproduce; the fit matrix says what the hypernetwork was
trained on; the norms say how large its updates are, so that a broken output can be told. All are
computed from a float64 copy of the network: rounded to float32 afterwards, they are the same bytes
whatever the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from safetensors.torch import save as save_tensors
from torch import Tensor

from t2l.base.outputs import output_of
from t2l.base.target import TargetSpec
from t2l.encoders.onnx_encoder import OnnxEncoder
from t2l.export.bundle.manifest import significant
from t2l.export.bundle.predictor import Predictor, rounded_rows
from t2l.hypernet.hypernetwork import Hypernetwork

GOLDEN_LIMIT = 16384  # values kept of one golden tensor at most
GOLDEN_VALUES = 2**18  # kept of all of them together: 1 MB
NORM_BATCH = 16  # embeddings a pass when norms are measured: bounds memory at 7B sizes


@dataclass(frozen=True)
class Fit:
    """What the hypernetwork was trained on, for the fit score.

    :param tasks: one name per row.
    :param matrix: [tasks, dim]; rows are made unit length.
    :param good: at least this score is a good fit.
    :param uncertain: at least this one an uncertain fit, below it unfit.
    :param success: exact match of each training task, for the predictor.
    :param predictor: makes the score; without it, the score is the highest cosine.
    :param strengths: strength and the share of exact match that is left at it, ascending.
    :param sizes: a sentence on the sizes of input that training had, and on what lies beyond.
    """

    tasks: tuple[str, ...]
    matrix: Tensor
    good: float
    uncertain: float
    success: tuple[float, ...] | None = None
    predictor: Predictor | None = None
    strengths: tuple[tuple[float, float], ...] = ()
    sizes: str | None = None

    def verdict(self, score: float) -> str:
        """`good`, `uncertain` or `unfit`."""
        if score >= self.good:
            return "good"
        return "uncertain" if score >= self.uncertain else "unfit"

    def to_json(self) -> dict[str, Any]:
        """The manifest's `fit`, less where its matrix is."""
        document: dict[str, Any] = {
            "tasks": list(self.tasks),
            "thresholds": {"good": self.good, "uncertain": self.uncertain},
        }
        if self.success is not None:
            document["success"] = list(self.success)
        if self.predictor is not None:
            document["calibration"] = self.predictor.to_json()
        if self.strengths:
            document["strengths"] = [
                {"strength": strength, "factor": factor} for strength, factor in self.strengths
            ]
        if self.sizes is not None:
            document["sizes"] = self.sizes
        return document


@dataclass(frozen=True)
class Golden:
    """Descriptions whose outputs every runtime must reproduce.

    :param embeddings: [n, dim], the encoder's vectors.
    :param tokens: token ids of each description, for kind `onnx`.
    """

    descriptions: tuple[str, ...]
    embeddings: Tensor
    tokens: tuple[tuple[int, ...], ...] | None = None


def golden_from_encoder(encoder: OnnxEncoder, descriptions: Sequence[str]) -> Golden:
    """Golden inputs of an embedded encoder."""
    return Golden(
        descriptions=tuple(descriptions),
        embeddings=encoder.encode(descriptions),
        tokens=tuple(tuple(encoder.tokens(text)) for text in descriptions),
    )


def folded_adapter(exact: Hypernetwork, embedding: Tensor) -> dict[str, tuple[Tensor, ...]]:
    """What one embedding gives, B with its scale: such as A [N, R, in], B [N, out, R]."""
    output, scaling = output_of(exact.target), exact.target.scaling
    with torch.no_grad():
        weights = exact(embedding[None].double())
    return {
        name: output.folded(tuple(side[0] for side in sides), scaling)
        for name, sides in weights.items()
    }


def fit_bytes(fit: Fit) -> bytes:
    """The fit file: rows of float16, row-major, little-endian, as `predictor.py` has them."""
    rows = rounded_rows(fit.matrix).numpy().astype("<f2").tobytes()
    return rows if fit.predictor is None else rows + fit.predictor.matrices()


def golden_limit(target: TargetSpec, descriptions: int) -> int:
    """How many values of one tensor a golden file keeps at most.

    `GOLDEN_LIMIT`, halved until all descriptions together have `GOLDEN_VALUES` at most, and then a
    little less if some stride shared a factor with the length of a row: such a stride never comes
    to some columns, and a wrong one would not be seen.
    """
    sizes: list[tuple[int, int]] = []  # of every tensor: its values, and those of one row
    for module in target.modules:
        for shape in target.shapes(module).values():
            sizes.append((math.prod(shape), shape[-1]))

    def kept(limit: int) -> int:
        return sum(math.ceil(size / golden_stride(size, limit)) for size, _ in sizes)

    limit = GOLDEN_LIMIT
    while limit > 1 and descriptions * kept(limit) > GOLDEN_VALUES:
        limit //= 2
    for found in range(limit, limit // 2, -1):
        if all(math.gcd(golden_stride(size, found), row) == 1 for size, row in sizes):
            return found
    return limit


def golden_stride(size: int, limit: int) -> int:
    """Of a tensor of `size` values, the first and every stride-th after it are kept."""
    return math.ceil(size / limit)


def golden_bytes(exact: Hypernetwork, golden: Golden, max_tokens: int) -> bytes:
    """Embeddings and every `stride`-th value of what they give, B with its scale."""
    outputs = [folded_adapter(exact, row) for row in golden.embeddings]
    return golden_file(exact.target, outputs, golden, max_tokens)


def golden_file(
    target: TargetSpec,
    outputs: Sequence[Mapping[str, tuple[Tensor, ...]]],
    golden: Golden,
    max_tokens: int,
) -> bytes:
    """The golden file of outputs that are known, one for each golden embedding."""
    tensors = {"embedding": golden.embeddings.float().contiguous()}
    limit = golden_limit(target, len(golden.descriptions))
    for module in target.module_names:
        for number, side in enumerate(target.sides):
            rows = [output[module][number].flatten() for output in outputs]
            stride = golden_stride(rows[0].numel(), limit)
            picked = torch.stack([row[::stride] for row in rows])
            tensors[f"{module}.{side}"] = picked.float().contiguous()
    if golden.tokens is not None:
        padded = torch.zeros(len(golden.tokens), max_tokens, dtype=torch.int64)
        for row, ids in zip(padded, golden.tokens, strict=True):
            row[: len(ids)] = torch.tensor(ids)
        tensors["tokens"] = padded
    return save_tensors(dict(sorted(tensors.items())))


def measure_norms(exact: Hypernetwork, embeddings: Tensor) -> dict[str, dict[str, list[float]]]:
    """Mean and deviation per module and layer of the update's Frobenius norm.

    A DoRA's is that of its B A, and an IA3's that of L - 1.
    """
    names = exact.target.module_names
    found: dict[str, list[Tensor]] = {name: [] for name in names}
    with torch.no_grad():
        for batch in embeddings.double().split(NORM_BATCH):
            for name, sides in exact(batch).items():
                scale = 1.0 if exact.target.output == "ia3" else exact.target.scaling
                found[name].append(update_norms(sides) * scale)  # [T, N]
    norms = {name: torch.cat(found[name]) for name in names}
    return {
        name: {
            "mean": significant(norms[name].mean(dim=0).tolist()),
            "deviation": significant(norms[name].std(dim=0, correction=0).tolist()),
        }
        for name in names
    }


def update_norms(sides: Sequence[Tensor]) -> Tensor:
    """Norms of the updates of a module's sides, [..., layers].

    |B A|^2 = sum((B^T B) * (A A^T)), so the products are never formed.
    """
    if len(sides) == 1:
        return (sides[0].double() - 1).norm(dim=-1)
    a, b = sides[0].double(), sides[1].double()
    inner = (b.mT @ b) * (a @ a.mT)
    return inner.sum(dim=(-1, -2)).clamp(min=0).sqrt()
