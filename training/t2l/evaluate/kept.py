"""Answers of a long measurement, kept until it ends: cut at any moment, it goes on where it was.

Which answers are right depends on the base model, the adapters and the questions, so their sha256
is the name under which they are kept, and nothing else has to agree. They are kept in the run's
folder and removed when the measurement is done, so that the next one measures anew: after a change
of the code that asks, the same questions may be answered otherwise.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence

from t2l.base.adapter_weights import AdapterWeights
from t2l.evaluate.setting import Setting
from t2l.template.rows import Row

FOLDER = "measuring"


def kept_score(
    setting: Setting,
    rows: Sequence[Row],
    weights: AdapterWeights,
    answers: Sequence[Sequence[str]],
) -> list[bool]:
    """`Setting.score`, read from the run's folder where it was measured before.

    :param weights: adapters that share the rows evenly, in order.
    """
    path = setting.store / FOLDER / f"{_name(setting, rows, weights, answers)}.json"
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    hits = setting.score(rows, weights, answers)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(hits), encoding="utf-8")
    partial.replace(path)
    return hits


def forget(setting: Setting) -> None:
    """Remove what is kept: the measurement is done, or begins anew."""
    shutil.rmtree(setting.store / FOLDER, ignore_errors=True)


def _name(
    setting: Setting, rows: Sequence[Row], weights: AdapterWeights, answers: Sequence[Sequence[str]]
) -> str:
    """The sha256 of what the answers depend on."""
    target = setting.hypernetwork.target
    said = [target.base_model.revision, target.scaling, list(map(list, rows)), list(answers)]
    found = hashlib.sha256(json.dumps(said).encode())
    for module, factors in sorted(weights.items()):
        found.update(module.encode())
        for factor in factors:
            values = factor.detach().cpu().contiguous()
            found.update(str((values.dtype, tuple(values.shape))).encode())
            found.update(values.numpy().tobytes())
    return found.hexdigest()
