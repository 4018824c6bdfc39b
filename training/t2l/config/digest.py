"""What determines a run's result, as canonical JSON and its sha256.

Digests of t2l-mini's runs are written down beside its results, so keys that came later are left out
while they have their default, and the digest of an old recipe is what it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import reduce
from operator import getitem
from typing import Any

from t2l.config.config import Config
from t2l.config.evaluation import FitSamples

# keys that the first digests had not, with the value at which they are left out; parts of parts
# are named with a dot
LATER: dict[str, dict[str, Any]] = {
    "tasks": {"source": "procedural"},
    "base": {"kind": "mini"},
    "encoder": {"temperature": 0.05, "reads": None},
    "target": {"output": "lora", "feedforward": None},
    "hypernetwork": {"half_offsets": False},
    "sft": {
        "teacher": "codes",
        "teacher_shots": 4,
        "teacher_signal": "states",
        "answers": 1.0,
        "smoothing": 0.0,
        "neftune": 0.0,
        "lora_dropout": 0.0,
        "output_decay": 0.0,
        "base_quantization": None,
    },
    "evaluation": {"fit": asdict(FitSamples()), "leave_out": (), "oracle_tasks": None},
    "baselines.reconstruction": {"on": "factors"},
    "bundle": {"default": True, "precisions": ("float32", "int8"), "sizes": None},
}


def config_json(config: Any) -> str:
    """Canonical JSON of any configuration dataclass."""
    return json.dumps(asdict(config), sort_keys=True, separators=(",", ":"))


def config_digest(config: Config, leave_out: Sequence[str] = ()) -> str:
    """sha256 of what determines a run's result; folders do not, nor how training is run.

    :param leave_out: further options, `part.name`.
    """
    values = asdict(config)
    for place in leave_out:
        part, name = place.split(".")
        del values[part][name]
    del values["runs"], values["bundle"]["assets"], values["trainer"], values["plan"]
    _drop_folders(config, values)
    for part, keys in LATER.items():
        own = reduce(getitem, part.split("."), values)
        for name, default in keys.items():
            if own.get(name) == default:
                del own[name]
    if config.template.kind == "arrow":
        del values["template"]
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _drop_folders(config: Config, values: dict[str, Any]) -> None:
    """Leave out where things lie on this machine."""
    if config.base.kind == "mini":
        del values["base"]["continue_from"]
    elif config.base.is_path:
        del values["base"]["where"]
    for tasks in (values["tasks"], *values["tasks"].get("also", ())):
        for name in ("where", "texts", "replies"):
            tasks.pop(name, None)
        for name in ("split", "apart"):  # which came later
            if tasks.get(name) is None:
                tasks.pop(name, None)
