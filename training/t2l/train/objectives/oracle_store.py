"""Oracles on disk: files of adapters trained side by side, and an index of which lies where.

    oracles/index.json          made_with, and task -> [file, row]
    oracles/0000.safetensors    module.A [group, N, r, in], module.B [group, N, out, r], B unscaled

A file is whole before the index names it, and files are numbered and listed in the order in which
the tasks were asked for, whichever was there first. So a cut costs the groups that were under way,
and the bytes do not say who trained what when.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from t2l.base.adapter_stack import load_stack
from t2l.base.adapter_weights import AdapterWeights
from t2l.base.library import blocks, content_hash, joined_digest
from t2l.base.target import TargetSpec
from t2l.config.baselines import OraclesConfig
from t2l.template.template import Template

FOLDER = "oracles"
INDEX_FILE = "index.json"


@dataclass(frozen=True)
class Group:
    """Tasks whose oracles are trained side by side and saved together.

    :param file: that they are saved as.
    :param names: of the tasks; an oracle's row is its place here.
    """

    file: str
    names: tuple[str, ...]


class OracleIndex:
    """Which tasks have an oracle, and with what all of them were made.

    :param place: the oracles' folder.
    :param values: what lies in the file.
    """

    def __init__(self, place: Path, values: dict[str, Any]) -> None:
        self.place = place
        self._values = values

    @classmethod
    def open(
        cls, place: Path, target: TargetSpec, options: OraclesConfig, template: Template
    ) -> OracleIndex:
        """The folder's index, or a new one.

        :raises ValueError: if the oracles there are of another base model, template or options.
        """
        # how tasks are grouped changes nothing in an oracle
        kept = {key: value for key, value in asdict(options).items() if key != "group"}
        # heads change nothing either, and older indexes do not have them
        made_with = {"target": replace(target, attention=None).to_json(), "options": kept}
        if template.name != "arrow":  # which older indexes do not name
            made_with["template"] = template.describe()
        if not (place / INDEX_FILE).exists():
            return cls(place, {"made_with": made_with, "tasks": {}})
        values = _read(place)
        if values["made_with"] != made_with:
            raise ValueError(
                f"{place} has oracles of another base model, template or options; remove it first"
            )
        return cls(place, values)

    def missing(self, names: Sequence[str], size: int) -> list[Group]:
        """The tasks without an oracle, in order, as groups with the first names that are free.

        :param size: of a group.
        """
        left = [name for name in dict.fromkeys(names) if name not in self._values["tasks"]]
        free = self._free_files()
        return [
            Group(next(free), tuple(left[row] for row in rows)) for rows in blocks(len(left), size)
        ]

    def _free_files(self) -> Iterator[str]:
        taken = {file for file, _ in self._values["tasks"].values()}
        names = (f"{number:04d}.safetensors" for number in count())
        return (name for name in names if name not in taken)

    def note(self, group: Group) -> None:
        """Say that a group's file is there, in a single rename."""
        tasks = self._values["tasks"]
        tasks.update({name: [group.file, row] for row, name in enumerate(group.names)})
        self._values["tasks"] = dict(sorted(tasks.items(), key=lambda item: item[1]))
        partial = self.place / f"{INDEX_FILE}.partial"
        partial.write_text(json.dumps(self._values, indent=1) + "\n", encoding="utf-8")
        partial.replace(self.place / INDEX_FILE)


@dataclass(frozen=True)
class OracleLibrary:
    """The oracles of some tasks, as they were trained (a `Library`).

    :param place: the oracles' folder.
    :param names: of the tasks; a name may come more than once.
    :param places: file and row of each.
    """

    place: Path
    names: tuple[str, ...]
    places: tuple[tuple[str, int], ...]

    @classmethod
    def open(cls, folder: Path, names: Sequence[str]) -> OracleLibrary:
        """The oracles of some tasks, in this order.

        :param folder: what `train_oracles` wrote to.
        :raises FileNotFoundError: if there are no oracles, or none of one of these tasks.
        """
        tasks = _read(folder / FOLDER)["tasks"]
        absent = [name for name in names if name not in tasks]
        if absent:
            raise FileNotFoundError(
                f"{folder / FOLDER}: {len(absent)} tasks have no oracle, {absent[0]} for one; "
                "run the `oracles` stage first"
            )
        places = tuple((tasks[name][0], tasks[name][1]) for name in names)
        return cls(folder / FOLDER, tuple(names), places)

    @property
    def digest(self) -> str:
        """See `Library.digest`."""
        return joined_digest([content_hash(self.read([row])) for row in range(len(self))])

    def __len__(self) -> int:
        return len(self.names)

    def read(self, rows: Sequence[int], layer: int | None = None) -> AdapterWeights:
        """See `Library.read`; B is unscaled.

        :param layer: the only one that is read of each, N = 1; None for all.
        """
        by_file: dict[str, list[int]] = {}
        for place, row in enumerate(rows):
            by_file.setdefault(self.places[row][0], []).append(place)
        loaded: list[AdapterWeights] = []
        for file, places in by_file.items():
            own = [self.places[rows[place]][1] for place in places]
            loaded.append(load_stack(self.place / file, own, layer))
        back = torch.tensor([place for places in by_file.values() for place in places]).argsort()

        def in_order(module: str, side: int) -> Tensor:
            return torch.cat([part[module][side] for part in loaded])[back]

        return {
            module: tuple(in_order(module, side) for side in range(len(sides)))
            for module, sides in loaded[0].items()
        }


def oracle_names(folder: Path) -> tuple[str, ...]:
    """Tasks that have an oracle, in the order they were asked for.

    :param folder: what `train_oracles` wrote to.
    :raises FileNotFoundError: if there are none.
    """
    return tuple(_read(folder / FOLDER)["tasks"])


def load_oracles(folder: Path, names: Sequence[str]) -> AdapterWeights:
    """The oracles of some tasks at once, in this order; a name may come more than once.

    :param folder: what `train_oracles` wrote to.
    :return: module -> its sides, (A [T, N, r, in], B [T, N, out, r]) of LoRAs, B unscaled.
    :raises FileNotFoundError: if there are no oracles, or none of one of these tasks.
    """
    return OracleLibrary.open(folder, names).read(range(len(names)))


def _read(place: Path) -> dict[str, Any]:
    path = place / INDEX_FILE
    if not path.exists():
        raise FileNotFoundError(f"{path}: no oracles; run the `oracles` stage first")
    return json.loads(path.read_text(encoding="utf-8"))
