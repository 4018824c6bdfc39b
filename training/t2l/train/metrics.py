"""What a training says of itself while it runs: a line a step in a file.

`metrics.jsonl` has one JSON object a step; after a cut, lines behind the checkpoint are dropped, so
that the file tells of exactly the steps that the weights have seen. TensorBoard gets the same
numbers where it is installed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = "metrics.jsonl"
BOARD = "tensorboard"


class Metrics:
    """The numbers of a training.

    :param folder: where the file lies; None for none.
    :param start: steps that are already taken; lines of later ones are dropped.
    :param board: also write TensorBoard's files, if it is installed.
    """

    def __init__(self, folder: Path | None, start: int, board: bool = False) -> None:
        self._file = None
        self._board = None
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / FILE
        kept = [line for line in read_metrics(path) if line["step"] <= start]
        partial = path.with_suffix(".partial")
        partial.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
        os.replace(partial, path)
        self._file = path.open("a", encoding="utf-8")
        if board:
            self._board = _open_board(folder / BOARD, start)

    def write(self, step: int, numbers: Mapping[str, float]) -> None:
        """Add one step's numbers.

        :param step: steps taken so far.
        """
        if self._file is not None:
            self._file.write(json.dumps({"step": step, **numbers}) + "\n")
            self._file.flush()
        if self._board is not None:
            for name, value in numbers.items():
                self._board.add_scalar(name, value, step)

    def close(self) -> None:
        """Finish the files."""
        for file in (self._file, self._board):
            if file is not None:
                file.close()


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The lines of a metrics file; a last line that was cut is left out."""
    if not path.exists():
        return []
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return lines


def _open_board(folder: Path, start: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=start + 1)
