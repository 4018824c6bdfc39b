"""Programs are judged by running them, which cannot be turned into a pass by not ending well."""

from __future__ import annotations

import time

import pytest

from t2l.harness.code_tests import (
    ALLOW,
    after_prompt,
    after_prompt_until_fence,
    first_fenced,
    pass_at_1,
    pass_at_k,
    passes,
)
from t2l.harness.local_rows import FOLDER, lines, shown_code


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOW, "1")


def test_nothing_runs_unless_it_was_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ALLOW, raising=False)
    with pytest.raises(PermissionError, match="only with HF_ALLOW_CODE_EVAL=1 set"):
        passes("pass")


@pytest.mark.usefixtures("allowed")
def test_the_solutions_of_the_local_questions_pass_and_others_fail() -> None:
    for row in lines(FOLDER / "humaneval.jsonl"):
        test = f"{row['test']}\ncheck({row['entry_point']})"
        right, wrong = row["prompt"] + row["canonical_solution"], row["prompt"] + "    return None"
        assert pass_at_k([test], [[right]], [1]) == {"pass@1": 1.0}
        assert pass_at_k([test], [[wrong]], [1]) == {"pass@1": 0.0}
    for row in (*lines(FOLDER / "mbpp.jsonl"), *shown_code()):
        assert pass_at_1("\n".join(row["test_list"]), [row["code"]]) == 1.0
        assert pass_at_1("\n".join(row["test_list"]), [row["code"].replace("return", "#")]) == 0.0


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize(
    "program",
    [
        "raise SystemExit(0)",
        "import os; os._exit(0)",
        "def f(:",
        "open('/proc/self/environ').read().index('T2L_SECRET')",
        "x = bytearray(4 << 30)",
        "open('large', 'wb').write(bytes(8 << 20))",
    ],
    ids=("exit", "hard exit", "syntax", "environment", "memory", "disk"),
)
def test_what_does_not_come_to_its_end_fails(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T2L_SECRET", "a token")
    assert not passes(program, seconds=60)


@pytest.mark.usefixtures("allowed")
def test_an_endless_program_ends_with_what_it_started() -> None:
    begun = time.monotonic()
    assert not passes("import subprocess; subprocess.run(['sleep', '600'])", seconds=2)
    assert time.monotonic() - begun < 60


def test_programs_are_taken_out_of_answers_as_the_harness_takes_them() -> None:
    docs = [{"prompt": "def f():\n"}]
    assert after_prompt([["    return 1"]], docs) == [["def f():\n    return 1"]]
    said = "    return 1\n```\nThis returns 1."
    assert after_prompt_until_fence([[said]], docs) == [["def f():\n    return 1\n"]]
    assert first_fenced([["\nx = 1\n```\nwords ```y```", "x = 1"]], docs) == [["x = 1", ""]]
