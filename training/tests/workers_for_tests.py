"""What the workers of `test_workers.py` do: they are fresh interpreters, so it lies in a module."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from t2l.train.workers import share_out


def writer(number: int, folder: Path) -> Callable[[str], None]:
    """A worker that does what a job says and writes its own number into a file of that name."""
    (folder / f"worker-{number}").touch()

    def do(job: str) -> None:
        if job.startswith("die"):
            os.kill(os.getpid(), signal.SIGKILL)
        if job.startswith("fail"):
            raise FloatingPointError("no number")
        if job.startswith("slow"):
            time.sleep(0.3)
        if job.startswith("endless"):
            (folder / f"pid-{os.getpid()}").touch()
            time.sleep(600)
        (folder / job).write_text(str(number))

    return do


if __name__ == "__main__":
    share_out(sys.argv[2:], 2, writer, (Path(sys.argv[1]),), lambda job: print(job, flush=True))
