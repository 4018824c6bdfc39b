"""The oracles' canonical factors on disk, a file each: what a step of reconstruction reads from.

    oracles/0000.safetensors --one oracle--> sha256 --as noted in its file?--> yes: kept
                                                            `--> no: canonical --> canonical/ID

An oracle's file is named after its task and says of which values it was made; an oracle that is
trained anew is made canonical anew, and so is a file that is damaged. The folder lies inside the
oracles' own, so that whoever removes oracles removes it too, and takes as much room as they do.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from t2l.base.adapter_weights import AdapterWeights, factors_of
from t2l.base.library import content_hash, joined_digest
from t2l.base.low_rank import canonical_weights
from t2l.base.progress import Progress
from t2l.train.objectives.oracle_store import OracleLibrary

logger = logging.getLogger(__name__)

FOLDER = "canonical"
FORM = 1  # of the factors; another number makes all files anew
NOTE = "canonical"  # the only key of a file's metadata: the order of several is not fixed


@dataclass(frozen=True)
class CanonicalLibrary:
    """Canonical oracles (a `Library`), read from memory-mapped files.

    :param paths: of the files, in order.
    :param sources: content hashes of the oracles that they were made of.
    """

    paths: tuple[Path, ...]
    sources: tuple[str, ...]

    @classmethod
    def of(cls, oracles: OracleLibrary) -> CanonicalLibrary:
        """The canonical factors of some oracles; those that are not on disk yet are made.

        Every oracle is read once, one at a time.
        """
        folder = oracles.place / FOLDER
        folder.mkdir(exist_ok=True)
        progress = Progress(len(oracles), 0, "canonical factors", unit="oracle")
        paths, sources = [], []
        for row, name in enumerate(oracles.names):
            weights = oracles.read([row])
            paths.append(folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.safetensors")
            sources.append(content_hash(weights))
            note = _note(name, sources[-1])
            if _read_note(paths[-1]) != note:
                _write(paths[-1], canonical_weights(weights), note)
            progress.advance()
        progress.close()
        return cls(tuple(paths), tuple(sources))

    @property
    def digest(self) -> str:
        """See `Library.digest`: of the oracles as they were trained."""
        return joined_digest(self.sources)

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, rows: Sequence[int]) -> AdapterWeights:
        """See `Library.read`."""
        found: dict[str, list[Tensor]] = {}
        for row in rows:
            with safe_open(self.paths[row], framework="pt") as file:
                for key in sorted(file.keys()):
                    found.setdefault(key, []).append(file.get_tensor(key))
        names = [key.removesuffix(".A") for key in found if key.endswith(".A")]
        return {
            name: (torch.stack(found[f"{name}.A"]), torch.stack(found[f"{name}.B"]))
            for name in names
        }


def _note(name: str, source: str) -> str:
    return json.dumps({"form": FORM, "source": source, "task": name}, sort_keys=True)


def _read_note(path: Path) -> str | None:
    """What a file says that it was made of; None if there is none, or not all of it."""
    try:
        with safe_open(path, framework="pt") as file:
            return (file.metadata() or {}).get(NOTE)
    except FileNotFoundError:
        return None
    except SafetensorError as error:
        logger.warning("%s is damaged (%s) and is made anew", path, error)
        return None


def _write(path: Path, weights: AdapterWeights, note: str) -> None:
    """Write one adapter, [1, ...], in a single rename."""
    tensors: dict[str, Tensor] = {}
    factors = factors_of(weights, "the canonical form")
    for name in sorted(factors):
        a, b = factors[name]
        tensors[f"{name}.A"], tensors[f"{name}.B"] = a[0].contiguous(), b[0].contiguous()
    partial = path.with_suffix(".partial")
    save_file(tensors, partial, metadata={NOTE: note})
    partial.replace(path)
