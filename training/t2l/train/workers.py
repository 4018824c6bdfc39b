"""Worker processes that take jobs one at a time: whoever is idle gets the next.

    parent --job--> worker        worker --done--> parent, which notes it and hands out the next

Every worker has a pipe of its own and nothing is shared, so a process that is killed leaves no lock
behind. A worker does not outlive its parent. A parent that loses a worker hands out nothing more,
lets the others finish what they have, and says so; one that is told to stop stops them.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar, cast

from t2l.config.errors import Refusal
from t2l.train.signals import Stopped, stop_requests

Job = TypeVar("Job")
Prepare = Callable[..., Callable[[Any], None]]
"""Called once in each worker with its number and what was given; makes what does a job."""

POLL_SECONDS = 0.5  # between two looks at whether a signal came
END_SECONDS = 60.0  # for a worker to end a step that it is at; then it is killed


class WorkerLost(Refusal):
    """A worker ended without having done its job."""


@dataclass
class _Worker(Generic[Job]):
    """A process, and the job that it has; None if it has none."""

    process: SpawnProcess
    pipe: Connection
    job: Job | None = None


def share_out(
    jobs: Sequence[Job],
    processes: int,
    prepare: Prepare,
    given: Sequence[Any],
    done: Callable[[Job], None],
) -> None:
    """Have jobs done by worker processes, the first ones first.

    :param processes: how many; no more are started than there are jobs.
    :param prepare: a function of a module, as workers are fresh interpreters.
    :param given: its arguments after the worker's number.
    :param done: called here after each job, in the order in which they end.
    :raises WorkerLost: if a worker ended; jobs that were done are noted.
    :raises Stopped: if a signal came; jobs that were under way are not done.
    """
    left = list(reversed(jobs))
    workers: list[_Worker[Job]] = []
    lost: list[_Worker[Job]] = []
    with stop_requests() as request:
        try:
            for number in range(min(processes, len(jobs))):
                workers.append(_started(number, prepare, given))
                _hand(workers[-1], left)
            while busy := [worker for worker in workers if worker.job is not None]:
                ready = wait([worker.pipe for worker in busy], POLL_SECONDS)
                for worker in [worker for worker in busy if worker.pipe in ready]:
                    job = worker.job
                    if job is not None and _heard(worker):
                        done(job)
                        _hand(worker, [] if lost else left)
                    else:
                        lost.append(worker)
                        worker.job = None
                if request.signum:
                    raise Stopped(request.signum)
        finally:
            for worker in workers:
                _end(worker)
    if lost:
        raise WorkerLost(
            f"{len(lost)} of {len(workers)} worker processes ended before their work was done, "
            f"with exit code {lost[0].process.exitcode}; what is done is kept: run it again, with "
            "fewer processes if memory ran out"
        )


def _started(number: int, prepare: Prepare, given: Sequence[Any]) -> _Worker[Any]:
    context = get_context("spawn")  # a fork of a process that has computed would hang
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, number, prepare, tuple(given)))
    process.start()
    theirs.close()  # or the end of the worker would not be the end of the pipe
    return _Worker(process, cast(Connection, ours))


def _hand(worker: _Worker[Job], left: list[Job]) -> None:
    """Give a worker the next job, or none and so leave to end."""
    worker.job = left.pop() if left else None
    try:
        worker.pipe.send(worker.job)
    except OSError:  # it has ended, as `_heard` will find
        pass


def _heard(worker: _Worker[Any]) -> bool:
    """Whether a worker that has something to say has done its job; False if it has ended."""
    try:
        return worker.pipe.recv() is True
    except (EOFError, OSError):
        worker.process.join()
        return False


def _end(worker: _Worker[Any]) -> None:
    """Wait for a worker that was let go, and stop one that was not."""
    if worker.job is not None:
        worker.process.terminate()
    worker.pipe.close()
    worker.process.join(END_SECONDS)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()


def _serve(pipe: Connection, number: int, prepare: Prepare, given: tuple[Any, ...]) -> None:
    """What a worker runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which decides
    threading.Thread(target=_end_with_parent, daemon=True).start()
    do = prepare(number, *given)
    while (job := pipe.recv()) is not None:
        do(job)
        pipe.send(True)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
