"""Reads the folder of results; files that are absent are empty, so that everything is optional."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open

from t2l.evaluate.results import (
    STUDY_LOSSES,
    LossRow,
    ResultRow,
    merged,
    read_json,
    read_losses,
    read_rows,
)

MAIN_VARIANT = "S"  # the variant that ships, where a recipe does not say
UNSEEN = "report"  # the split of the unseen tasks, which groups are parts of
BEHAVIOURS, EXAMPLES = "behaviours.jsonl", "behaviour_examples.jsonl"
NO_SEED = -1  # training seed of conditions without a hypernetwork
Record = dict[str, Any]


@dataclass(frozen=True)
class Vectors:
    """Descriptions and adapters of some tasks, row by row.

    :param descriptions: the encoder's vectors, [n, dim].
    :param adapters: flattened updates under one random projection, [n, k].
    :param rows: task, family and domain of every row.
    """

    descriptions: np.ndarray
    adapters: np.ndarray
    rows: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class Results:
    """Everything that was measured.

    :param main: rows of the shipped variant and of conditions without a hypernetwork.
    :param studies: rows of every study.
    :param training: one record a finished training run.
    :param compression: one record a hypernetwork fitted to adapters.
    :param fit: one record a text with its fit score.
    :param fit_levels: one record a task at another strength or size of input.
    :param vectors: for the comparison of adapters with descriptions.
    :param notes: prose about what did not work, or None.
    :param groups: names of the unseen tasks by the way in which they are unseen, where a world has
        such groups.
    :param study_losses: how likely right answers are under the runs of studies.
    :param behaviours: one record a description of a behaviour under one condition.
    :param behaviour_examples: what is said to some questions.
    """

    main: tuple[ResultRow, ...]
    studies: tuple[ResultRow, ...]
    training: tuple[Record, ...]
    compression: tuple[Record, ...]
    fit: tuple[Record, ...]
    vectors: Vectors | None
    notes: str | None
    groups: Mapping[str, Collection[str]] = field(default_factory=dict)
    fit_levels: tuple[Record, ...] = ()
    study_losses: tuple[LossRow, ...] = ()
    behaviours: tuple[Record, ...] = ()
    behaviour_examples: tuple[Record, ...] = ()

    def split(self, name: str) -> list[ResultRow]:
        """The main rows of one split, or of one group of the unseen tasks."""
        if name in self.groups:
            names = frozenset(self.groups[name])
            return [row for row in self.main if row.split == UNSEEN and row.task in names]
        return [row for row in self.main if row.split == name]

    def without(self, tasks: Collection[str]) -> "Results":
        """The same without the main rows of some unseen tasks."""
        names = frozenset(tasks)
        kept = (row for row in self.main if row.split != UNSEEN or row.task not in names)
        return replace(self, main=tuple(kept))

    def study(self, name: str) -> list[ResultRow]:
        """The rows of one study."""
        return [row for row in self.studies if row.study == name]


def read_results(
    folder: Path, variant: str = MAIN_VARIANT, groups: Mapping[str, Collection[str]] | None = None
) -> Results:
    """Read whatever a folder of results holds.

    :param variant: the one that ships.
    :param groups: names of the unseen tasks by group.
    """
    notes = folder / "notes.md"
    # a recipe of its own, for the same base model
    behaviours = folder if (folder / BEHAVIOURS).exists() else folder.parent / "behaviours"
    main = merged(read_rows(folder / "main.jsonl")).values()
    return Results(
        main=tuple(r for r in main if r.variant == variant or r.train_seed == NO_SEED),
        studies=tuple(merged(read_rows(folder / "studies.jsonl")).values()),
        training=read_json(folder / "training.jsonl"),
        compression=read_json(folder / "compression.jsonl"),
        fit=read_json(folder / "fit.jsonl"),
        fit_levels=read_json(folder / "fit_levels.jsonl"),
        vectors=read_vectors(folder / "vectors.safetensors"),
        notes=notes.read_text(encoding="utf-8") if notes.exists() else None,
        groups=groups or {},
        study_losses=read_losses(folder / STUDY_LOSSES),
        behaviours=read_json(behaviours / BEHAVIOURS),
        behaviour_examples=read_json(behaviours / EXAMPLES),
    )


def read_vectors(path: Path) -> Vectors | None:
    """The vectors with the rows from the file's metadata, None if there is no file.

    :raises ValueError: if the rows do not belong to the tensors.
    """
    if not path.exists():
        return None
    with safe_open(path, framework="numpy") as file:
        descriptions = file.get_tensor("descriptions").astype(np.float64)
        adapters = file.get_tensor("adapters").astype(np.float64)
        rows = tuple(json.loads((file.metadata() or {}).get("rows", "[]")))
    if not len(descriptions) == len(adapters) == len(rows):
        raise ValueError(
            f"{path}: {len(descriptions)} descriptions, {len(adapters)} adapters, {len(rows)} rows"
        )
    return Vectors(descriptions, adapters, rows)


def distinct(values: Iterable[str], order: Sequence[str] = ()) -> list[str]:
    """Every value once: those of a known order first, then as they appear."""
    found = list(dict.fromkeys(values))
    known = [value for value in order if value in found]
    return known + [value for value in found if value not in known]
