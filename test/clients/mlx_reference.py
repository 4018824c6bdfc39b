"""Writes test/fixtures/mlx-reference.json: what mlx-lm makes of the MLX files of
`write-layout-cases.ts`, against PEFT's probabilities in layout-reference.json.

    node test/clients/write-layout-cases.ts /tmp/cases
    python -m venv /tmp/mlx && /tmp/mlx/bin/pip install 'mlx[cpu]==0.32.4' mlx-lm
    /tmp/mlx/bin/python test/clients/mlx_reference.py /tmp/cases
"""

from __future__ import annotations

import hashlib
import json
import sys
from importlib.metadata import version
from pathlib import Path

import mlx.core as mx
from mlx_lm.tuner.utils import load_adapters
from mlx_lm.utils import load_model

FIXTURES = Path(__file__).parents[1] / "fixtures"


def probabilities(model: object, prompts: list[list[int]]) -> list[list[float]]:
    """Of the token after each prompt."""
    return [mx.softmax(model(mx.array([prompt]))[0, -1]).tolist() for prompt in prompts]


def largest(found: list[list[float]], wanted: list[list[float]]) -> float:
    """Largest difference of two probabilities."""
    pairs = zip(found, wanted, strict=True)
    return max(abs(a - b) for one, other in pairs for a, b in zip(one, other, strict=True))


def main() -> None:
    cases = Path(sys.argv[1])
    reference = json.loads((FIXTURES / "layout-reference.json").read_text(encoding="utf-8"))
    peft, prompts = reference["peft"], reference["prompts"]
    files = {}
    for dtype in (key for key in peft if key != "base"):
        folder = cases / "llama" / dtype / "mlx"
        model, _ = load_model(cases / "llama" / "base")
        base = probabilities(model, prompts)
        found = probabilities(load_adapters(model, str(folder)), prompts)
        files[dtype] = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.iterdir())
        }
        files[dtype]["difference"] = round(largest(found, peft[dtype]), 6)
        files[dtype]["effect"] = round(largest(found, base), 6)
    document = {"mlx": version("mlx"), "mlx-lm": version("mlx-lm"), "files": files}
    text = json.dumps(document, indent=1) + "\n"
    (FIXTURES / "mlx-reference.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
