"""How far long work is: a bar where a person looks on, a log line now and then where none does."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable

from tqdm import tqdm

logger = logging.getLogger(__name__)

LOG_SECONDS = 30  # between two lines of progress in a log


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
