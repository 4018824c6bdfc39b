"""What the tests of `plan` share: recipes to plan, and its output as rows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from command_for_tests import Command

CONFIGS = Path(__file__).parents[1] / "configs"


def rows_of(text: str) -> dict[str, str]:
    """The plan's rows by name."""
    found = re.findall(r"^  (\S.*?) {2,}(.+)$", text, re.MULTILINE)
    return dict(found)


def language_config(folder: Path, count: int = 6, **parts: object) -> Path:
    """A recipe for the model in `folder`/model, and the files of `count` tasks."""
    tasks = folder / "tasks"
    tasks.mkdir()
    for number in range(count):
        rows = [f'{{"input": "word {n}", "output": "{number}"}}\n' for n in range(8)]
        texts = '{"descriptions": ["Give %d.", "Say %d!", "Answer %d", "Write %d"]}\n'
        text = texts % ((number,) * 4) + "".join(rows)
        (tasks / f"t{number}.jsonl").write_text(text)
    values = {
        "runs": "run",
        "bundle": {"assets": "assets"},
        "base": {"kind": "folder", "where": "model", "id": "a/b", "license": "mit"},
        "template": {"kind": "chat"},
        "tasks": {"source": "folder", "where": "tasks"},
        "encoder": {"kind": "minilm"},
        "target": {"rank": 2},
        "hypernetwork": {"latent": 16, "head_in": 16},
        "sft": {"tasks": 3, "examples": 2, "steps": 50},
        **parts,
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def changed_recipe(folder: Path, **parts: Mapping[str, object]) -> Path:
    """Mistral's recipe with some values changed."""
    values = yaml.safe_load((CONFIGS / "mistral-7b.yaml").read_text())
    for part, changes in parts.items():
        values[part].update(changes)
    path = folder / "changed.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def planned(run_t2l: Command, *options: object) -> dict[str, Any]:
    """What `plan` says, as data."""
    return json.loads(run_t2l("plan", *options, "--json"))
