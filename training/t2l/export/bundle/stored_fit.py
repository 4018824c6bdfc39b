"""Reads a bundle's fit back from its manifest and its fit file: what `Predictor.to_json` wrote.

The numbers are those that the edge reads, so that Python judges an adapter as the edge does.
Bundles without a calibration have the highest cosine to a training task as their score; those of
before, with a `predictor` in its place, are judged by the edge alone (`predictor.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from t2l.export.bundle.entry import Entry
from t2l.export.bundle.gate import Gate
from t2l.export.bundle.manifest import BundleError
from t2l.export.bundle.predictor import Match, Phrased, Places, Predictor, Reasons, Topic
from t2l.export.bundle.reading import Reader

FLOAT16 = 2  # bytes


@dataclass(frozen=True)
class StoredFit:
    """What a bundle says of its fit.

    :param tasks: names of the training tasks.
    :param rows: unit rows of their vectors, [tasks, dim].
    :param good: scores from here on are `good`,
    :param uncertain: from here on `uncertain`, else `unfit`.
    :param predictor: None: the score is the highest cosine.
    """

    tasks: tuple[str, ...]
    rows: Tensor
    good: float
    uncertain: float
    predictor: Predictor | None


def read_fit(fit: Mapping[str, Any], data: bytes, module_names: Sequence[str]) -> StoredFit | None:
    """The fit of a manifest.

    :param fit: the manifest's `fit`.
    :param data: the fit file, whose sha256 was verified.
    :param module_names: of the target, in order.
    :return: None for a bundle of before, which the edge alone judges.
    :raises BundleError: for a file of another size than the manifest says.
    """
    if "predictor" in fit:
        return None
    matrices = _Matrices(data)
    tasks = tuple(fit["tasks"])
    rows = matrices.take(len(tasks), fit["dim"])
    calibration = fit.get("calibration")
    predictor = None
    if calibration is not None:
        predictor = _predictor(calibration, fit, rows, matrices, module_names)
    matrices.end()
    thresholds = fit["thresholds"]
    return StoredFit(tasks, rows, thresholds["good"], thresholds["uncertain"], predictor)


def _predictor(
    stored: Mapping[str, Any],
    fit: Mapping[str, Any],
    rows: Tensor,
    matrices: _Matrices,
    module_names: Sequence[str],
) -> Predictor:
    tasks, sketched, steps = len(rows), stored["adapters"], stored.get("steps")
    adapters = matrices.take(tasks, sketched["rank"])
    projection = matrices.take(sketched["rank"], sketched["width"])
    entry, entries = None, torch.zeros(tasks, 0, dtype=torch.float64)
    if "entry" in stored:
        bias = _numbers(stored["entry"]["bias"])
        entries = matrices.take(tasks, len(bias))
        entry = Entry(matrices.take(len(bias), fit["dim"]), bias)
    reader, table = None, torch.zeros(tasks, 0, dtype=torch.float64)
    if steps is not None:
        names = tuple(steps["names"])
        reader = Reader(names, matrices.take(len(names), fit["dim"]), _numbers(steps["bias"]))
        table = torch.zeros(tasks, len(names), dtype=torch.float64)
        for row, places in zip(table, steps["tasks"], strict=True):
            row[places] = 1
    return Predictor(
        places=Places(
            tasks=rows,
            modules=tuple(list(module_names).index(name) for name in sketched["modules"]),
            projection=projection,
            offset=_numbers(sketched["offset"]),
            adapters=adapters,
            entry=entry,
            entries=entries,
            steps=table,
            temperature=stored["temperature"],
            probes=sketched["probes"],
        ),
        module_names=tuple(sketched["modules"]),
        trust=_numbers(stored["trust"]),
        success=_numbers(fit["success"]),
        reader=reader,
        topic=Topic(**stored["topic"]),
        match=_match(stored["match"]),
        reasons=_reasons(stored["reasons"]),
        phrased=_phrased(stored.get("phrased")),
    )


def _phrased(stored: Mapping[str, Any] | None) -> Phrased | None:
    if stored is None:
        return None
    gate = Gate(stored["gate"]["bias"], _numbers(stored["gate"]["direction"]))
    match, reasons = _match(stored["match"]), _reasons(stored["reasons"])
    return Phrased(gate, _numbers(stored["trust"]), match, reasons)


def _match(stored: Mapping[str, Any]) -> Match:
    return Match(**{**stored, "direction": _numbers(stored["direction"])})


def _reasons(stored: Mapping[str, float]) -> Reasons:
    return Reasons(**{"missing": None, **stored})


def _numbers(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


class _Matrices:
    """The matrices of a fit file, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, rows: int, columns: int) -> Tensor:
        """The next one, float64 [rows, columns]."""
        end = self._at + FLOAT16 * rows * columns
        if end > len(self._data):
            raise BundleError(f"the fit file ends at byte {len(self._data)}, before byte {end}")
        found = np.frombuffer(self._data[self._at : end], "<f2").astype(np.float64)
        self._at = end
        return torch.from_numpy(found.reshape(rows, columns))

    def end(self) -> None:
        """:raises BundleError: if something is left."""
        if self._at != len(self._data):
            raise BundleError(f"the fit file has {len(self._data)} bytes, not {self._at}")
