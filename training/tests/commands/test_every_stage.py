"""Every stage on a tiny model of each family: to its end, killed over and over, on two processes.

Three runs of one recipe. The first goes through; the second is killed in front of its renames
until it has come through (`lives_for_tests.py`); the third trains in two processes. The second has
to end with the bytes of the first, the third with its numbers, or its bytes where sums do not
depend on how many compute them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from families_for_tests import save_family
from recipe_for_tests import recipe
from safetensors.torch import load_file

from t2l.commands.table import COMMANDS, Stage

RUNS = ("whole", "killed", "two")
# how fast lives get longer (`lives_for_tests.py`): what is between renames is the same for all
FAMILIES = {"llama": 1, "mistral": 4, "gemma2": 4, "qwen2": 4}
WEIGHTS = "run/sft/seed-0/final/hypernetwork.safetensors"
LIVES = Path(__file__).parents[1] / "lives_for_tests.py"
PATIENCE = 900.0  # seconds
STAGES = (
    "base",
    "encoder",
    "encode",
    "oracles",
    "reconstruction",
    "sft",
    "baselines",
    "evaluate",
    "vectors",
    "export",
    "report",
)
OF_BEHAVIOURS = ("replies", "encode", "sft", "behaviours")
ELSEWHERE = {  # stages that have nothing to do with the family of a base model, or a test of theirs
    "adopt": "t2l-mini's own (tests/mini)",
    "all": "the stages above in this order (test_pipeline.py)",
    "refit": "needs a second version of a bundle (test_pipeline.py)",
    "study": "trains variants of a recipe with the stages above (test_pipeline.py)",
}
SMALL = {"steps": 3, "warmup": 1}
PARTS = {
    "count": 20,
    "tasks": {"source": "folder", "where": "tasks", "selection": 0.3, "report": 0.2},
    # dropout would draw otherwise in two processes
    "hypernetwork": {"latent": 16, "head_in": 16, "dropout": 0.0},
    "sft": {**SMALL, "tasks": 4, "examples": 2, "distill": 0.1, "teacher": "description"}
    | {"teacher_signal": "logits"},
    # a checkpoint at every step: as many places to be killed at as there can be
    "trainer": {"checkpoint_minutes": 1e-6, "validate_steps": 2, "precision": "float32"},
    "evaluation": {
        "train_seeds": [0],
        "sampling_seeds": [1],
        "samples": 2,
        "descriptions": 1,
        "seen_tasks": 2,
        "left_out": 0,
    },
    "baselines": {
        "training_oracles": 2,
        "oracles": {**SMALL, "examples": 2, "group": 2},
        "multi_task": {**SMALL, "rates": [0.001], "tasks": 2, "samples": 2},
        "hyperdecoder": {**SMALL, "tasks": 2, "whitening_rows": 8},
        "arrow": {"experts": 2, "top_k": 1},
        "reconstruction": {**SMALL, "tasks": 2},
    },
    "bundle": {"name": "tiny", "version": "0.0.1", "assets": "assets"},
}


def lives(folder: Path, growth: int, stages: tuple[str, ...]) -> int:
    """Run stages in the three folders; how many lives the killed one had."""
    done = subprocess.run(
        [sys.executable, str(LIVES), str(folder), str(growth), *stages],
        cwd=LIVES.parents[1],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return int(done.stdout.splitlines()[-1])


def outcome(folder: Path) -> dict[str, bytes]:
    """All that a run ends with, but for what says how long it took and its last checkpoints."""
    places = (
        "run/**/final/*.safetensors",
        "run/oracles/**/*.safetensors",
        "run/results/main.jsonl",
        "run/results/compression.jsonl",
        "run/results/behaviour*.jsonl",
        "run/results/*.safetensors",
        "replies.jsonl",
        "assets/**/*",
    )
    paths = {path for place in places for path in folder.glob(place) if path.is_file()}
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(paths)}


def differing(ours: dict[str, bytes], theirs: dict[str, bytes]) -> list[str]:
    """Files that only one has or that are not the same."""
    return sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))


def assert_close(ours: bytes, theirs: bytes, folder: Path) -> None:
    """The same tensors but for the rounding of sums."""
    found, wanted = (folder / "found.safetensors", folder / "wanted.safetensors")
    found.write_bytes(ours)
    wanted.write_bytes(theirs)
    tensors = load_file(found)
    for name, value in load_file(wanted).items():
        torch.testing.assert_close(tensors[name], value, atol=1e-3, rtol=1e-2)


def test_every_stage_is_run_here_or_has_its_own_test() -> None:
    named = {name for name, command in COMMANDS.items() if isinstance(command, Stage)}
    assert named == {*STAGES, *OF_BEHAVIOURS, *ELSEWHERE}


@pytest.mark.parametrize(("family", "growth"), FAMILIES.items())
def test_tasks_are_learned_whoever_is_killed_and_in_two_processes(
    tmp_path: Path, published_encoder: Path, family: str, growth: int
) -> None:
    for name in RUNS:
        save_family(family, tmp_path / name / "model")
        recipe(tmp_path / name, published_encoder, **PARTS)
    assert lives(tmp_path, growth, STAGES) > 2
    whole, killed, two = (outcome(tmp_path / name) for name in RUNS)
    assert {"run/results/main.jsonl", "assets/hypernets/index.json"} <= set(whole)
    assert differing(killed, whole) == []
    assert_close(two.pop(WEIGHTS), whole[WEIGHTS], tmp_path)
    oracles = {name for name in two if name.startswith("run/oracles/")}
    assert oracles and differing({name: whole[name] for name in oracles}, two) == []


@pytest.mark.parametrize("family", FAMILIES)
def test_behaviours_are_learned_whoever_is_killed_and_in_two_processes(
    tmp_path: Path, published_encoder: Path, family: str
) -> None:
    parts = {
        **PARTS,
        "tasks": {"source": "behaviours", "replies": "replies.jsonl", "limit": 24}
        | {"pairs": 10, "asked": 2, "tested": 1, "longest": 4, "descriptions": 2},
        "sft": {**PARTS["sft"], "answers": 0.0, "distill": 1.0},
    }
    for name in RUNS:
        save_family(family, tmp_path / name / "model")
        recipe(tmp_path / name, published_encoder, **parts)
    assert lives(tmp_path, 1, OF_BEHAVIOURS) > 2
    whole, killed, two = (outcome(tmp_path / name) for name in RUNS)
    assert {"replies.jsonl", "run/results/behaviours.jsonl"} <= set(whole)
    assert differing(killed, whole) == []
    assert_close(two[WEIGHTS], whole[WEIGHTS], tmp_path)
