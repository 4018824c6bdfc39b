"""The command line starts at once: nothing heavy is imported before a command is named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_for_tests import Command

from t2l.commands.table import COMMANDS

TRAINING = Path(__file__).parents[1]
HEAVY = ("torch", "transformers", "sklearn", "scipy", "peft", "onnx", "onnxruntime", "numpy")
LIGHT = """
import contextlib, io, json, sys
from t2l.__main__ import main
ends = []
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["t2l", *arguments]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            main()
        except SystemExit as end:
            ends.append([end.code, said.getvalue()])
print(json.dumps({"ends": ends, "modules": sorted(sys.modules)}))
"""


def ended(*command_lines: list[str]) -> list[tuple[int, str]]:
    """Exit code and text of command lines, none of which may import anything heavy."""
    command = [sys.executable, "-c", LIGHT, json.dumps(command_lines)]
    done = subprocess.run(command, cwd=TRAINING, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    assert not set(HEAVY) & set(found["modules"])
    return [(code, " ".join(text.split())) for code, text in found["ends"]]


def test_help_and_a_wrong_command_line_import_nothing_heavy() -> None:
    (helped, text), (bare, missing), (unknown, wrong) = ended(["--help"], [], ["stft"])
    assert (helped, bare, unknown) == (0, 2, 2)
    for name, command in COMMANDS.items():
        assert f" {name} {command.help}" in text
    assert missing.endswith("error: the following arguments are required: stage")
    assert "error: argument stage: invalid choice: 'stft' (choose from " in wrong


def test_the_options_of_a_stage_and_a_wrong_recipe_import_nothing_heavy(tmp_path: Path) -> None:
    recipe = tmp_path / "wrong.yaml"
    recipe.write_text("runs: x\nsft: {stepz: 3}\n")
    (helped, text), (missed, first), (refused, second) = ended(
        ["evaluate", "--help"],
        ["sft", "--config", "none.yaml"],
        ["sft", "--config", str(recipe)],
    )
    assert (helped, missed, refused) == (0, 2, 2)
    for option in ("--config CONFIG", "--bundle BUNDLE", "--precision PRECISION", "--seed SEED"):
        assert option in text
    assert first == "python -m t2l sft: error: none.yaml: no such configuration file"
    assert second.startswith("python -m t2l sft: error: ")
    assert second.endswith("sft.stepz is no key of sft; did you mean steps?")


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["export"], ["--config", "--real"]),
        (["oracles"], ["--config", "--processes"]),
        (["refit"], [" bundle ", "--config", "--real"]),
        (["study"], [" name ", "--config"]),
        (["target"], ["MODEL", "--modules", "--rslora", "--list"]),
        (["import-sakana"], [" folder ", "--target", "--encoder-url", "--chunk-bytes"]),
        (["bridge"], ["--from ENCODER", "--per-task", "--from-dialect"]),
        (["descriptions"], ["--config", "--out OUT"]),
        (["plan"], ["--config", "--measure"]),
        (["bench"], ["--target {mistral-7b}", "--layers", "--bfloat16", "--peak-tflops", "--out"]),
        (["rows"], [" FOLDER", "--tasks", "--from"]),
        (["harness"], [" bundle ", "--base", "--suite", "--run-code", "--out"]),
        (["map"], [" bundle ", "--assets"]),
    ],
)
def test_what_was_named_tells_its_own_options(
    arguments: list[str],
    options: list[str],
    run_t2l: Command,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end:
        run_t2l(*arguments, "--help")
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: python -m t2l {arguments[0]} ")
    for option in options:
        assert option in text
