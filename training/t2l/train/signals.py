"""Being told to stop: SIGTERM or Ctrl-C let the step in progress end, so that it can be kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopped(SystemExit):
    """Training that was told to stop and has saved itself; the exit code is a shell's."""

    def __init__(self, signum: int) -> None:
        super().__init__(128 + signum)


Handler = Callable[[int, FrameType | None], Any] | int | None
"""What Python does with a signal: a function, or one of `signal.Handlers`."""


@dataclass
class StopRequest:
    """The signal that came, 0 for none."""

    signum: int = 0


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Note signals instead of dying of them; a second one acts as usual.

    Outside the main thread, where Python cannot catch signals, nothing is noted.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def note(signum: int, _frame: FrameType | None) -> None:
        request.signum = signum
        _restore(before)

    for number in SIGNALS:
        signal.signal(number, note)
    try:
        yield request
    finally:
        _restore(before)


def _restore(handlers: Mapping[signal.Signals, Handler]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
