"""The score is the formula, its reasons follow the rules, and its bytes have the layout."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from fit_for_tests import (
    DIM,
    ENTRY_ROWS,
    PROBES,
    RANK,
    SKETCHED,
    STEPS,
    STEPS_OF,
    STRENGTHS,
    SUCCESS,
    TASKS,
    WIDTH,
    gated_fit,
    inputs,
    plain_fit,
    sketches,
    tiny_fit,
)
from make_fit_vectors import FILE, vectors_document

from t2l.export.bundle.data import Fit, fit_bytes
from t2l.export.bundle.predictor import Judged, Predictor, predict, reason_of


def judged_of(fit: Fit) -> tuple[Predictor, Judged]:
    assert fit.predictor is not None
    vectors = torch.stack([row.vector for row in inputs()])
    return fit.predictor, predict(
        fit.predictor, vectors, sketches(*(row.weights for row in inputs()))
    )


def unit(values: list[float]) -> list[float]:
    length = math.hypot(*values) or 1.0
    return [value / length for value in values]


def dot(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def plain_score(fit: Fit, row: int) -> float:
    """The formula in plain loops, from the manifest and the bytes of the fit file alone."""
    manifest, data = fit.to_json(), np.frombuffer(fit_bytes(fit), dtype="<f2").astype(float)
    found = manifest["calibration"]
    rank, width = found["adapters"]["rank"], found["adapters"]["width"]
    shapes = [(len(TASKS), DIM), (len(TASKS), rank), (rank, width)]
    if "entry" in found:
        shapes += [(len(TASKS), len(found["entry"]["bias"])), (len(found["entry"]["bias"]), DIM)]
    if "steps" in found:
        shapes += [(len(found["steps"]["names"]), DIM)]
    assert len(data) == sum(a * b for a, b in shapes)
    matrices = []
    for shape in shapes:
        size = shape[0] * shape[1]
        matrices.append(data[:size].reshape(shape).tolist())
        data = data[size:]
    task, adapter, projection = matrices[:3]
    x = inputs()[row].vector.tolist()
    v = unit(x)
    similarity = max(dot(v, one) for one in task)
    entry = similarity
    if "entry" in found:
        entries, weight = matrices[3:5]
        u = unit([dot(w, x) + b for w, b in zip(weight, found["entry"]["bias"], strict=True)])
        entry = max(dot(u, one) for one in entries)
    sketch = sketches(inputs()[row].weights)[0][list(SKETCHED)].sum(dim=0).tolist()
    offset = found["adapters"]["offset"]
    z = unit([dot(p, sketch) - o for p, o in zip(projection, offset, strict=True)])
    c = [dot(z, one) for one in adapter]
    shares = [math.exp((one - max(c)) / found["temperature"]) for one in c]
    q = [share / sum(shares) for share in shares]
    missing = 0.0
    if "steps" in found:
        steps = found["steps"]
        for k, row_k in enumerate(matrices[-1]):
            done = sum(share for share, some in zip(q, steps["tasks"], strict=True) if k in some)
            if done <= 0.5:
                missing = max(missing, dot(row_k, v) + steps["bias"][k])

    def match_of(coefficients: dict[str, Any]) -> float:
        match = coefficients["match"]
        return logistic(
            match["bias"]
            - match["adapter"] * math.log(1.01 - max(c))
            + match["entry"] * entry
            + match["similarity"] * similarity
            + match["missing"] * missing
            + dot(match["direction"], v)
            + dot(q, coefficients["trust"])
        )

    match = match_of(found)
    if "phrased" in found:
        gate = found["phrased"]["gate"]
        written = logistic(gate["bias"] + dot(gate["direction"], v))
        match = written * match + (1 - written) * match_of(found["phrased"])
    return logistic(found["topic"]["bias"] + found["topic"]["entry"] * entry) * match


def logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


FITS = {"whole": tiny_fit(), "plain": plain_fit(), "gated": gated_fit()}


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
def test_the_score_is_the_formula_over_manifest_and_file(fit: Fit) -> None:
    _, judged = judged_of(fit)
    for row, score in enumerate(judged.score.tolist()):
        assert score == pytest.approx(plain_score(fit, row), abs=1e-9), inputs()[row].about


def test_the_length_of_a_vector_matters_to_the_network_alone() -> None:
    predictor, _ = judged_of(plain_fit())
    one = inputs()[0]
    vectors = torch.stack([one.vector, 5 * one.vector])
    found = predict(predictor, vectors, sketches(one.weights, one.weights))
    assert float(found.score[0]) == pytest.approx(float(found.score[1]))


def test_every_reason_is_given_where_its_rule_holds_first() -> None:
    predictor, judged = judged_of(tiny_fit())
    found = {row.about: reason_of(predictor, judged, k) for k, row in enumerate(inputs())}
    assert found == {
        "close to sort": (None, None),
        "close to reverse, longer": (None, None),
        "reads join, but its adapter is that of sort": ("missing_step", "join"),
        "like nothing trained as a text": ("far", None),
        "its adapter is like that of nothing trained": ("far", None),
        "close to upper, which is not done well": ("weak", None),
        "between two tasks": (None, None),
        "nothing at all": (None, None),
    }


def test_rules_come_in_order_and_a_high_score_needs_no_reason() -> None:
    predictor, judged = judged_of(tiny_fit())
    place = [row.about for row in inputs()].index("reads join, but its adapter is that of sort")
    limits = predictor.reasons

    def reason(**changes: float | None) -> str | None:
        return reason_of(replace(predictor, reasons=replace(limits, **changes)), judged, place)[0]

    assert reason(score=0.3) is None
    assert reason(entry=1.1) == "far"
    assert reason(missing=None) is None
    assert reason(missing=None, adapter=1.1) == "far"
    assert reason(missing=None, success=0.99) == "weak"  # that of sort is 0.95
    assert reason(adapter=1.1, success=0.99) == "missing_step"


def test_a_description_that_the_gate_shuts_out_has_the_reasons_of_phrasings() -> None:
    predictor, judged = judged_of(gated_fit())
    phrased = predictor.phrased
    assert phrased is not None
    for row, one in enumerate(inputs()):
        limits = predictor.reasons if float(judged.written[row]) >= 0.5 else phrased.reasons
        alone = replace(predictor, reasons=limits, phrased=None)
        assert reason_of(predictor, judged, row) == reason_of(alone, judged, row), one.about
    # sort is right 95 times in a hundred: too little for phrasings here, and enough for people
    assert reason_of(predictor, judged, 0) == ("weak", None)
    assert reason_of(replace(predictor, phrased=None), judged, 0) == (None, None)


def test_the_manifest_says_all_that_the_edge_reads() -> None:
    manifest = json.loads(json.dumps(tiny_fit().to_json()))
    assert set(manifest) == {
        "tasks",
        "thresholds",
        "success",
        "calibration",
        "strengths",
        "sizes",
    }
    assert manifest["success"] == list(SUCCESS)
    assert [tuple(row.values()) for row in manifest["strengths"]] == list(STRENGTHS)
    found = manifest["calibration"]
    assert set(found) == {
        "adapters",
        "entry",
        "steps",
        "temperature",
        "trust",
        "topic",
        "match",
        "reasons",
    }
    assert found["adapters"] == {
        "modules": ["q_proj", "v_proj"],
        "probes": PROBES,
        "width": WIDTH,
        "rank": RANK,
        "offset": found["adapters"]["offset"],
    }
    assert found["steps"]["names"] == list(STEPS)
    assert found["steps"]["tasks"] == [list(some) for some in STEPS_OF]
    assert len(found["entry"]["bias"]) == ENTRY_ROWS and len(found["trust"]) == len(TASKS)
    assert set(found["reasons"]) == {"score", "entry", "adapter", "success", "missing"}


def test_the_second_coefficients_stand_beside_the_first() -> None:
    first, second = tiny_fit().to_json()["calibration"], gated_fit().to_json()["calibration"]
    phrased = second.pop("phrased")
    assert second == first
    assert set(phrased) == {"gate", "trust", "match", "reasons"}
    assert set(phrased["gate"]) == {"bias", "direction"}
    assert set(phrased["match"]) == set(first["match"])
    assert fit_bytes(gated_fit()) == fit_bytes(tiny_fit())


def test_members_that_a_fit_has_not_are_left_out() -> None:
    manifest = plain_fit().to_json()
    assert not {"strengths", "sizes"} & set(manifest)
    assert not {"entry", "steps"} & set(manifest["calibration"])
    assert "missing" not in manifest["calibration"]["reasons"]
    bare = replace(plain_fit(), predictor=None, success=None)
    assert set(bare.to_json()) == {"tasks", "thresholds"}
    assert len(fit_bytes(bare)) == len(TASKS) * DIM * 2


def assert_same(ours: object, theirs: object, place: str = "") -> None:
    """Equal, numbers as far as another machine's sums are."""
    assert isinstance(theirs, type(ours)) or isinstance(ours, int | float), place
    if isinstance(ours, dict) and isinstance(theirs, dict):
        assert list(ours) == list(theirs), place
        for key in ours:
            assert_same(ours[key], theirs[key], f"{place}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list):
        assert len(ours) == len(theirs), place
        for index, pair in enumerate(zip(ours, theirs, strict=True)):
            assert_same(*pair, f"{place}[{index}]")
    elif isinstance(ours, float):
        assert ours == pytest.approx(theirs, abs=1e-8), place
    else:
        assert ours == theirs, place


def test_the_edges_vectors_are_those_of_this_code() -> None:
    """`python tests/make_fit_vectors.py` writes them anew."""
    assert_same(vectors_document(), json.loads(FILE.read_text(encoding="utf-8")))
