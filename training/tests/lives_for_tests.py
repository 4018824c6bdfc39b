"""Runs stages of a recipe to their end, in processes that are killed again and again, and in two.

    python lives_for_tests.py FOLDER GROWTH STAGE...

FOLDER has a recipe in `whole`, in `killed` and in `two`. A life is a fork of this interpreter,
which has imported everything and computed nothing. `whole` has one. A life of `killed` ends by
SIGKILL in front of one of its renames: files become whole by being renamed, so this is where a cut
could lose or halve one. With GROWTH 1 that is the second rename of the first life, the fourth of
the second, then the seventh, eleventh and so on, so that it cannot go on for ever. In `two` the
stages that can share their work do so, joined as `torchrun` joins processes. Prints how many lives
`killed` had.
"""

from __future__ import annotations

import inspect
import os
import signal
import socket
import sys
import traceback
from pathlib import Path

from t2l.commands import behaviour_stages, stages
from t2l.config.load import load_config

SHARED = ("oracles", "sft")  # stages that several processes can share
RENAMES = ("os.rename",)  # the audit event of rename and replace, of os and of pathlib


def die_at(rename: int) -> None:
    """Have this process killed in front of its rename of that number, from 1."""
    seen = 0

    def hook(event: str, _arguments: object) -> None:
        nonlocal seen
        if event in RENAMES:
            seen += 1
            if seen == rename:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def live(recipe: Path, names: list[str], processes: int, rename: int | None) -> bool:
    """One life.

    :param rename: in front of which the process that writes files dies; None for never.
    :return: whether all stages were done.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    children = []
    for rank in range(processes):
        child = os.fork()
        if child == 0:
            if rename is not None and rank == 0:
                die_at(rename)
            if processes > 1:
                os.environ |= {
                    "MASTER_ADDR": "127.0.0.1",
                    "MASTER_PORT": str(port),
                    "RANK": str(rank),
                    "LOCAL_RANK": str(rank),
                    "WORLD_SIZE": str(processes),
                }
            os._exit(run(recipe, names, processes))
        children.append(child)
    return ended(children)


def run(recipe: Path, names: list[str], processes: int) -> int:
    """The stages, in this process."""
    try:
        config = load_config(recipe)
        for name in names:
            stage = getattr(stages, name, None) or getattr(behaviour_stages, name)
            given = inspect.signature(stage).parameters
            if processes == 1 or "processes" not in given:
                stage(config)
            elif os.environ["RANK"] == "0":  # which starts processes of its own
                stage(config, processes=processes)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def ended(children: list[int]) -> bool:
    """Wait for a life's processes; who is left when one was killed is killed too.

    :raises RuntimeError: if one failed by itself.
    """
    left = set(children)
    killed = False
    while left:
        child, status = os.wait()
        left.discard(child)
        if os.WIFSIGNALED(status) and not killed:
            killed = True
            for other in left:
                os.kill(other, signal.SIGKILL)
        elif not killed and os.waitstatus_to_exitcode(status) != 0:
            for other in left:
                os.kill(other, signal.SIGKILL)
            raise RuntimeError(f"a process ended with {os.waitstatus_to_exitcode(status)}")
    return not killed


def last_rename(life: int, growth: int) -> int:
    """The rename that a life does not live to see, both from 1."""
    return growth * life * (life + 1) // 2 + 1


def main() -> None:
    """All three runs."""
    folder, growth, names = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    whole, killed, two = (folder / name / "recipe.yaml" for name in ("whole", "killed", "two"))
    assert live(whole, names, 1, None)
    lives = 1
    while not live(killed, names, 1, last_rename(lives, growth)):
        lives += 1
    shared = [name for name in names if name in SHARED]
    assert live(two, names[: names.index(shared[0])], 1, None)
    assert live(two, shared, 2, None)
    print(lives)


if __name__ == "__main__":
    main()
