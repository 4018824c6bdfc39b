"""The questions of the suite `local`, as the harness takes a data set: from files, not the hub."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "suites" / "local"


def read(rows: str, **_: object) -> dict[str, Any]:
    """The data set of a task: `test`, and `train` where there are examples to show.

    :param rows: name of its files, JSON lines in the fields of the benchmark's own data set.
    """
    make = import_module("datasets").Dataset.from_list
    files = {"test": FOLDER / f"{rows}.jsonl", "train": FOLDER / f"{rows}.train.jsonl"}
    return {split: make(lines(path)) for split, path in files.items() if path.exists()}


def shown_code() -> list[dict[str, Any]]:
    """The examples that MBPP's prompts begin with."""
    return [{**row, "is_fewshot": True} for row in lines(FOLDER / "mbpp.train.jsonl")]


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    whole = path.read_text(encoding="utf-8").removesuffix("\n")
    # not splitlines: JSON texts may hold U+2028 and its like as they are
    return [json.loads(line) for line in whole.split("\n")]
