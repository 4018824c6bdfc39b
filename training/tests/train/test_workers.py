"""Worker processes: every job is done once, and no end of any process is missed or outlived."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from workers_for_tests import writer

from t2l.train.workers import WorkerLost, share_out

SCRIPT = Path(__file__).parents[1] / "workers_for_tests.py"
PATIENCE = 60.0  # seconds


def files(folder: Path, job: str) -> list[str]:
    return sorted(path.name for path in folder.glob(f"{job}*"))


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.05)


def test_every_job_is_done_once_by_no_more_workers_than_there_are_jobs(tmp_path: Path) -> None:
    done: list[str] = []
    jobs = ["slow-0", "job-1", "job-2"]
    share_out(jobs, 5, writer, (tmp_path,), done.append)
    assert sorted(done) == sorted(jobs)
    assert files(tmp_path, "worker-") == ["worker-0", "worker-1", "worker-2"]
    share_out([], 5, writer, (tmp_path,), done.append)
    assert len(done) == 3


@pytest.mark.parametrize(("job", "code"), [("die", "-9"), ("fail", "1")])
def test_a_worker_that_ends_is_told_and_what_the_others_did_is_noted(
    tmp_path: Path, job: str, code: str
) -> None:
    done: list[str] = []
    with pytest.raises(WorkerLost, match=f"1 of 2 worker .* exit code {code}; .* run it again"):
        share_out(
            [job, "slow", *(f"job-{n}" for n in range(99))], 2, writer, (tmp_path,), done.append
        )
    assert "slow" in done or files(tmp_path, "slow") == []
    assert all((tmp_path / name).exists() for name in done)


def test_a_stop_ends_the_workers_and_is_passed_on(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(tmp_path), "endless-a", "endless-b", "job"]
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE) as parent:
        until(lambda: parent.poll() is not None or len(files(tmp_path, "pid-")) == 2)
        assert parent.poll() is None
        parent.terminate()
        assert parent.wait(PATIENCE) == 128 + signal.SIGTERM
    assert not any(alive(name) for name in files(tmp_path, "pid-"))
    assert not (tmp_path / "job").exists()


def test_no_worker_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(tmp_path), "endless-a", "endless-b"]
    with subprocess.Popen(command) as parent:
        until(lambda: parent.poll() is not None or len(files(tmp_path, "pid-")) == 2)
        assert parent.poll() is None
        parent.kill()
    until(lambda: not any(alive(name) for name in files(tmp_path, "pid-")))


def alive(name: str) -> bool:
    """Whether the process of a file `pid-N` runs: one that has ended may wait to be collected."""
    pid = int(name.removeprefix("pid-"))
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
