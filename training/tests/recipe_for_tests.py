"""A recipe for any model: tasks in files, MiniLM, and few steps of everything."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import yaml

from t2l.config.load import load_config
from t2l.config.recipe import Config

WORDS = ("naïve", "日本", "Привет", "🙂 👍🏽", "a\ttab", "“quoted”", "two\nlines", "plain")


def recipe(folder: Path, encoder: Path, count: int = 6, **parts: object) -> Config:
    """A recipe for the model in `folder/model`, with so many tasks in a folder of JSON lines."""
    tasks = folder / "tasks"
    tasks.mkdir()
    for number in range(count):
        head = {"descriptions": [f"{verb} {number}." for verb in ("Give", "Say", "Write", "Add")]}
        rows = [
            {"input": f"{word} {n}", "output": f"{word}{number}"} for n, word in enumerate(WORDS)
        ]
        lines = [json.dumps(row) for row in (head, *rows)]
        (tasks / f"t{number}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    shutil.copytree(encoder, folder / "run" / "minilm")
    values = {
        "runs": "run",
        "base": {"kind": "folder", "where": "model", "id": "someone/tiny"},
        "template": {"kind": "chat", "system": None},
        "tasks": {"source": "folder", "where": "tasks"},
        "encoder": {"kind": "minilm"},
        "target": {"rank": 2, "modules": ["q_proj", "down_proj"]},
        "hypernetwork": {"latent": 16, "head_in": 16},
        "sft": {"tasks": 4, "examples": 2, "steps": 3, "warmup": 1},
        "evaluation": {"train_seeds": [0]},
        **parts,
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(values))
    return load_config(path)
