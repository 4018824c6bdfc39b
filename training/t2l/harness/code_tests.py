"""Judges programs by running them with their tests, for the suite `local`.

The harness's own tasks fetch a judge from the hub (`evaluate`'s code_eval); this one needs none,
and has the same names and rules: HF_ALLOW_CODE_EVAL=1 must be set, which `--run-code` does. A
program runs in a process of its own, in an empty folder, with limits on its time, memory and files.
That keeps accidents small. It is no sandbox: run programs of a model that you do not trust in one.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

ALLOW = "HF_ALLOW_CODE_EVAL"
SECONDS = 5.0  # of a program with its tests
MEMORY = 1 << 30  # bytes of address space
FILE = 1 << 20  # bytes of a file that it may write
_FENCED = re.compile(r"```(?:\w+)?\n?(.*?)\n?```", re.DOTALL)
_RUN = f"""import resource, sys
for kind, most in (("RLIMIT_AS", {MEMORY}), ("RLIMIT_FSIZE", {FILE}), ("RLIMIT_CORE", 0)):
    try:
        resource.setrlimit(getattr(resource, kind), (most, most))
    except (ValueError, OSError):  # not every system has every limit
        pass
end = sys.argv.pop()
exec(compile(sys.stdin.read(), "answer", "exec"), {{"__name__": "__main__"}})
open(end, "x").close()
"""


def passes(program: str, seconds: float = SECONDS) -> bool:
    """Whether a program comes to its end, without an error and in time.

    :raises PermissionError: unless running programs was allowed.
    """
    if os.environ.get(ALLOW) != "1":
        raise PermissionError(f"programs that a model wrote are run only with {ALLOW}=1 set")
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as marks:
        end = Path(marks) / "end"  # is there if the program came to its end, not to an exit
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _RUN, str(end)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={"PATH": os.defpath},
            start_new_session=True,  # what it starts ends with it
        )
        try:
            process.communicate(program.encode("utf-8", "replace"), timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return end.exists()


def pass_at_1(references: str | Sequence[str], predictions: Sequence[str | Sequence[str]]) -> float:
    """The share of programs that pass; MBPP's metric.

    :param references: tests of every question.
    :param predictions: a program, or some, for every question.
    """
    tests = [references] if isinstance(references, str) else references
    tried = [
        passes(f"{program}\n{test}")
        for test, answer in zip(tests, predictions, strict=True)
        for program in ([answer] if isinstance(answer, str) else answer)
    ]
    return sum(tried) / len(tried)


def pass_at_k(
    references: Sequence[str], predictions: Sequence[Sequence[str]], k: Sequence[int]
) -> dict[str, float]:
    """HumanEval's metric, for one program a question.

    :raises ValueError: for another k than 1.
    """
    if list(k) != [1]:
        raise ValueError(f"only pass@1 is known here, got k = {list(k)}")
    return {"pass@1": pass_at_1(references, predictions)}


def after_prompt(resps: Sequence[Sequence[str]], docs: Sequence[dict[str, str]]) -> list[list[str]]:
    """Programs that begin with the prompt."""
    return [[doc["prompt"] + one for one in some] for some, doc in zip(resps, docs, strict=True)]


def after_prompt_until_fence(
    resps: Sequence[Sequence[str]], docs: Sequence[dict[str, str]]
) -> list[list[str]]:
    """The same of a chat's answers, which end with their block of code."""
    return after_prompt([[one.partition("```")[0] for one in some] for some in resps], docs)


def first_fenced(resps: Sequence[Sequence[str]], docs: Sequence[object]) -> list[list[str]]:
    """The first block of code of every answer, which the prompt has begun; none is an empty one."""
    found = [[_FENCED.search(f"```{one}") for one in some] for some in resps]
    return [[one[1] if one else "" for one in some] for some in found]
