"""Kinds of behaviour with their values and phrasings, read from `book.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from t2l.tasks.phrasing import expand_all
from t2l.tasks.source import Split

SPLITS: tuple[Split, ...] = ("train", "selection", "held_out")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Kind:
    """One kind of behaviour.

    :param values: trained on; none of a kind that is unseen as a whole.
    :param unseen: values that nothing is trained on.
    :param patterns: ways to ask for it, by split; of a kind that is unseen as a whole there are
        held-out ones only.
    """

    name: str
    values: tuple[str, ...]
    unseen: tuple[str, ...]
    patterns: Mapping[Split, tuple[str, ...]]

    @property
    def whole(self) -> bool:
        """Whether nothing of it is trained on."""
        return not self.values

    def phrases(self, value: str, split: Split) -> tuple[str, ...]:
        """All ways of a split to ask for a value, in the order of the book."""
        found = expand_all(self.patterns[split], {"x": value})
        return tuple(text[:1].upper() + text[1:] for text in found)


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind, in the order of the book.

    :raises ValueError: for a book that is not as its head says.
    """
    text = (files("t2l.tasks.behaviours") / "book.yaml").read_text(encoding="utf-8")
    return tuple(_kind(name, entry) for name, entry in yaml.load(text, Loader=_LOADER).items())


def _kind(name: str, entry: Mapping[str, Any]) -> Kind:
    whole = entry.get("whole") == "unseen"
    patterns: dict[Split, tuple[str, ...]] = {
        split: tuple(entry.get(split, ())) for split in SPLITS
    }
    kind = Kind(name, tuple(entry.get("values", ())), tuple(entry["unseen"]), patterns)
    trained = bool(patterns["train"] and patterns["selection"])
    if whole != kind.whole or whole == trained or not patterns["held_out"]:
        raise ValueError(f"book.yaml: {name} must be either trained on or unseen as a whole")
    return kind
