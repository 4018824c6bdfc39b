"""Writes what the edge must compute of a tiny calibrated fit, for the edge's tests.

    python tests/make_fit_vectors.py
    cd .. && npx biome format --write test/fixtures/fit-calibration.json

`test/fixtures/fit-calibration.json` has the first draws of every module's stream, some inputs
(vectors, and A and B of every module) with their sketches, and fits, the last with coefficients for
two ways of writing: the members of the manifest, the fit file in base64, and of every input score,
verdict, reason and nearest task at strength 1, and score, verdict and the code of the reason at
other strengths.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import torch
from fit_for_tests import (
    DIM,
    LAYERS,
    LORA_RANK,
    MODULES,
    SKETCHED,
    gated_fit,
    inputs,
    plain_fit,
    sketches,
    tiny_fit,
)
from torch.nn.functional import normalize

from t2l.export.bundle.data import Fit, fit_bytes
from t2l.export.bundle.predictor import Judged, predict, reason_of
from t2l.export.bundle.sketch import chosen, stream
from t2l.export.bundle.strengths import factor_at

FILE = Path(__file__).parents[2] / "test" / "fixtures" / "fit-calibration.json"
FITS = {"whole": tiny_fit(), "plain": plain_fit(), "gated": gated_fit()}
VERDICTS = ("good", "uncertain", "unfit")  # from the best to the worst
DRAWS = 6
DIGITS = 9
OTHER_STRENGTHS = (-2.0, -1.0, -0.5, 0.25, 0.5, 0.75, 1.25, 1.5, 2.0, 8.0)


def vectors_document() -> dict[str, Any]:
    """The whole file."""
    some = inputs()
    sketched = chosen(sketches(*(row.weights for row in some)), SKETCHED)
    return {
        "made_by": "training/tests/make_fit_vectors.py",
        "target": {
            "layers": LAYERS,
            "rank": LORA_RANK,
            "modules": [
                {"name": name, "in": one, "out": other} for name, (one, other) in MODULES.items()
            ],
        },
        "streams": [stream(place, DRAWS) for place in range(1, len(MODULES) + 1)],
        "inputs": [
            {
                "about": row.about,
                "embedding": row.vector.tolist(),
                "weights": {
                    f"{name}.{side}": tensor.flatten().tolist()
                    for name, sides in row.weights.items()
                    for side, tensor in zip("AB", sides, strict=True)
                },
                "sketch": rounded(sketch.tolist()),
            }
            for row, sketch in zip(some, sketched, strict=True)
        ],
        "fits": [fit_document(name, fit) for name, fit in FITS.items()],
    }


def fit_document(name: str, fit: Fit) -> dict[str, Any]:
    """One fit with what it says of every input."""
    some, predictor = inputs(), fit.predictor
    assert predictor is not None
    vectors = torch.stack([row.vector for row in some])
    judged = predict(predictor, vectors, sketches(*(row.weights for row in some)))
    cosines = normalize(vectors, dim=1) @ predictor.places.tasks.T
    return {
        "name": name,
        "fit": {"file": "fit.f16", "dim": DIM, **fit.to_json()},
        "bytes": base64.b64encode(fit_bytes(fit)).decode(),
        "expected": [expected(fit, judged, row, cosines[row].tolist()) for row in range(len(some))],
    }


def expected(fit: Fit, judged: Judged, row: int, cosines: list[float]) -> dict[str, Any]:
    """What is said of one input."""
    assert fit.predictor is not None
    score, seen = float(judged.score[row]), judged.signs
    code, step = reason_of(fit.predictor, judged, row)
    closest = int(seen.closest[row])
    weak = code == "weak" and fit.success is not None
    document: dict[str, Any] = {
        "score": round(score, DIGITS),
        "verdict": fit.verdict(score),
        "reason": code
        and {
            "code": code,
            "task": fit.tasks[closest] if code != "far" else None,
            "step": step,
            "success": fit.success[closest] if weak and fit.success else None,
        },
        "nearest": fit.tasks[cosines.index(max(cosines))],
        "signs": {
            "similarity": round(float(seen.similarity[row]), DIGITS),
            "entry": round(float(seen.entry[row]), DIGITS),
            "likeness": round(float(seen.likeness[row]), DIGITS),
            "adapter": round(float(seen.adapter[row]), DIGITS),
            "missing": round(float(seen.missing[row]), DIGITS),
            "trust": round(float(seen.around[row] @ fit.predictor.trust), DIGITS),
            **written(fit, judged, row),
        },
    }
    if fit.strengths:
        document["strengths"] = [
            at_strength(fit, score, code, strength) for strength in OTHER_STRENGTHS
        ]
    return document


def written(fit: Fit, judged: Judged, row: int) -> dict[str, float]:
    """How far the gate opens, where there is one."""
    assert fit.predictor is not None
    if fit.predictor.phrased is None:
        return {}
    return {"written": round(float(judged.written[row]), DIGITS)}


def at_strength(fit: Fit, score: float, code: str | None, strength: float) -> dict[str, Any]:
    """What is said at another strength."""
    there = score * factor_at(fit.strengths, strength)
    verdict = fit.verdict(there)
    worse = VERDICTS.index(verdict) > VERDICTS.index(fit.verdict(score))
    return {
        "strength": strength,
        "score": round(there, DIGITS),
        "verdict": verdict,
        "reason": "strength" if worse else code,
    }


def rounded(values: list[float]) -> list[float]:
    """Numbers with as many digits as are compared."""
    return [round(value, DIGITS) for value in values]


def main() -> None:
    """Write the file."""
    text = json.dumps(vectors_document(), separators=(",", ":")) + "\n"
    FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
