"""Natural Instructions train and are measured without the base model ever reading a definition.

What a model reads is taken where it reads it: every token that goes through the table of its
input embeddings, in training, when questions are asked, and while answers are written.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from families_for_tests import VOCABULARY, save_family, tiny_tokenizer
from recipe_for_tests import recipe
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from t2l.commands import stages
from t2l.config.recipe import Config
from t2l.evaluate.conditions import NEEDS_TRAINING, conditions_of
from t2l.evaluate.measure import measure
from t2l.evaluate.results import read_rows
from t2l.evaluate.run import (
    load_hypernetwork,
    open_setting,
    report_tasks,
    results_dir,
    tasks_of,
    training_corpus,
)

REAL = Path(__file__).parents[4] / "shared" / "data" / "text" / "sni"
ASKED = {*conditions_of("chat")} - {*NEEDS_TRAINING, "described", "described_generously"}


def sni_files(where: Path) -> Path:
    """Tasks of version 2: a definition of several sentences and forty instances each."""
    where.mkdir()
    for number in range(8):
        definition = (
            f"In this task, you are given two words and a number {number}. Your job is to repeat "
            f"the {'first' if number % 2 else 'second'} word and to say the number after it. "
            "Separate them by a comma."
        )
        rows = [
            {"id": f"{number}-{n}", "input": f"Words: w{n}, v{n}", "output": [f"w{n}, {number}"]}
            for n in range(40)
        ]
        task = {"Definition": [definition], "Categories": ["Repetition"], "Instances": rows}
        (where / f"task{number}_repeat.json").write_text(json.dumps(task), encoding="utf-8")
    return where


@contextmanager
def reading() -> Iterator[list[str]]:
    """All that any language model reads while the block runs, a text a pass and row."""
    tokenizer = tiny_tokenizer("llama")
    read: list[str] = []

    def note(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if isinstance(module, nn.Embedding) and module.num_embeddings == VOCABULARY:
            for row in inputs[0].tolist():
                text = tokenizer.decode(row)
                assert isinstance(text, str)
                read.append(" ".join(text.split()))

    handle = register_module_forward_pre_hook(note)
    try:
        yield read
    finally:
        handle.remove()


def trained_and_measured(
    folder: Path, encoder: Path, tasks: Path, definition: object
) -> tuple[Config, list[str]]:
    """A recipe's training and evaluation, and what the base model read."""
    save_family("llama", folder / "model", max_position_embeddings=4096)
    config = recipe(
        folder,
        encoder,
        tasks={"source": "sni", "where": str(tasks), "limit": 8},
        template={"kind": "chat", "system": None, "definition": definition},
        sft={"tasks": 4, "examples": 2, "steps": 3, "warmup": 1, "distill": 0.0},
        evaluation={"train_seeds": [0], "samples": 2, "descriptions": 1},
    )
    with reading() as read:
        stages.sft(config)
        measured(config, [name for name in conditions_of("chat") if name in ASKED])
    return config, read


def measured(config: Config, names: list[str]) -> None:
    """Measure conditions on the report's tasks."""
    setting = open_setting(config, load_hypernetwork(config), training_corpus(config))
    where = results_dir(config) / "main.jsonl"
    labels = {"study": "main", "variant": "S", "train_seed": 0, "sampling_seed": 1}
    measure(setting, report_tasks(config), names, where, split="report", **labels)


def definitions(config: Config) -> list[str]:
    """All that the files have for descriptions, in one line each."""
    found = tasks_of(config)
    every = (*found.train, *found.selection, *found.report)
    texts = {
        text
        for task in every
        for split in ("train", "selection", "held_out")
        for text in task.descriptions(split, 8, 0)
    }
    return sorted(" ".join(text.split()) for text in texts)


def shown(texts: list[str], read: list[str]) -> set[str]:
    """The definitions that were read, whole or their first sentence."""
    return {text for text in texts if any(text in row or _first(text) in row for row in read)}


def _first(text: str) -> str:
    """The first sentence if it is a long one, else the whole text."""
    sentence = text.split(". ")[0]
    return sentence if len(sentence) > 30 else text


@pytest.mark.parametrize(
    "real",
    [
        False,
        pytest.param(
            True,
            marks=pytest.mark.skipif(
                not REAL.exists(), reason="the public tasks are not beside this checkout"
            ),
        ),
    ],
)
def test_no_prompt_has_a_definition_and_the_tasks_are_trained_and_measured(
    tmp_path: Path, published_encoder: Path, real: bool
) -> None:
    tasks = REAL if real else sni_files(tmp_path / "sni")
    config, read = trained_and_measured(tmp_path, published_encoder, tasks, "never")
    texts = definitions(config)
    assert len(texts) >= 8 and shown(texts, read) == set()
    found = tasks_of(config)
    drawn = {task.sample(random.Random(seed)).input for task in found.train for seed in range(40)}
    inputs = {" ".join(text.split()) for text in drawn}
    assert any(text in row for text in inputs for row in read)  # what is read are the examples
    rows = [row for row in read_rows(results_dir(config) / "main.jsonl") if row.split == "report"]
    assert {row.task for row in rows} == {task.name for task in report_tasks(config)}
    assert ASKED == set(rows[0].exact_match)
    with reading() as told:  # which is the one thing that the conditions left are there for
        measured(config, ["described"])
    assert shown(texts, told)


@pytest.mark.parametrize("definition", ["always", {"drop": 0.5}])
def test_a_recipe_that_shows_definitions_is_seen_to(
    tmp_path: Path, published_encoder: Path, definition: object
) -> None:
    tasks = sni_files(tmp_path / "sni")
    config, read = trained_and_measured(tmp_path, published_encoder, tasks, definition)
    assert shown(definitions(config), read)
