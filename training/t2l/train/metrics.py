"""What a training says of itself while it runs: a line a step in a file, and progress to look at.

`metrics.jsonl` has one JSON object a step; after a cut, lines behind the checkpoint are dropped, so
that the file tells of exactly the steps that the weights have seen. Progress is a bar where a
person looks on and a log line now and then where it goes to a file. TensorBoard gets the same
numbers where it is installed.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

logger = logging.getLogger(__name__)

FILE = "metrics.jsonl"
BOARD = "tensorboard"
LOG_SECONDS = 30  # between two lines of progress in a log


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


class Progress:
    """A bar on a terminal, else a line in the log now and then.

    :param label: what is being done; None shows nothing.
    :param unit: what is counted.
    """

    def __init__(
        self,
        total: int,
        start: int = 0,
        label: str | None = None,
        unit: str = "step",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total, self._done, self._label, self._unit = total, start, label, unit
        self._clock = clock
        self._begun, self._begun_at, self._said = clock(), start, clock()
        on_terminal = label is not None and sys.stderr.isatty()
        self._bar = (
            tqdm(initial=start, total=total, desc=label, mininterval=2, unit=unit)
            if on_terminal
            else None
        )

    def advance(self, count: int = 1, **numbers: str) -> None:
        """Say that more is done, and something about it."""
        self._done += count
        if self._bar is not None:
            self._bar.set_postfix(numbers, refresh=False)
            self._bar.update(count)
        elif self._label is not None and self._due():
            self._said = self._clock()
            pairs = ", ".join(f"{name} {value}" for name, value in numbers.items())
            logger.info(
                "%s: %s %d of %d%s%s, %s left",
                *(self._label, self._unit, self._done, self._total),
                *(", " if pairs else "", pairs, spoken_time(self.seconds_left())),
            )

    def seconds_left(self) -> float:
        """How long the rest takes at the speed so far."""
        done = max(1, self._done - self._begun_at)
        return (self._clock() - self._begun) / done * (self._total - self._done)

    def _due(self) -> bool:
        return self._clock() - self._said >= LOG_SECONDS or self._done == self._total

    def close(self) -> None:
        """Leave the terminal's line."""
        if self._bar is not None:
            self._bar.close()


def spoken_time(seconds: float) -> str:
    """A duration as people say it: `3 h 20 min`."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{round(seconds)} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
