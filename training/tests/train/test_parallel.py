"""Several processes: the loss curve and the weights are those of one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from adapters_for_tests import tiny_base
from safetensors.torch import load_file
from training_for_tests import train

from t2l.config.errors import ConfigError
from t2l.train.metrics import FILE, read_metrics
from t2l.train.objectives.meta_loss import Terms
from t2l.train.parallel import ALONE, World

SCRIPT = Path(__file__).parents[1] / "training_for_tests.py"
NUMBERS = ("loss", "distance", "validation_matched", "validation_shuffled")


def test_two_processes_give_the_loss_curve_and_the_weights_of_one(tmp_path: Path) -> None:
    tiny_base(tmp_path / "base")
    one, two = tmp_path / "one", tmp_path / "two"
    train(tmp_path / "base", one)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    paths = [str(SCRIPT), str(tmp_path / "base"), str(two)]
    done = subprocess.run(
        [*torchrun, "--nproc-per-node", "2", *paths], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    alone, together = (read_metrics(folder / FILE) for folder in (one, two))
    assert [line["step"] for line in together] == [line["step"] for line in alone]
    for ours, theirs in zip(together, alone, strict=True):
        for name in NUMBERS:
            if name in theirs:
                assert ours[name] == pytest.approx(theirs[name], rel=1e-4), name
    wanted = load_file(one / "checkpoint.safetensors")
    found = load_file(two / "checkpoint.safetensors")
    for name, value in wanted.items():
        if name.startswith("model."):
            torch.testing.assert_close(found[name], value, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (Terms(contrast=0.5), "sft.contrast 0.5 .* set it to 0 or start one process"),
        (Terms(distill=1.0), "sft.teacher_signal states .* set it to logits"),
    ],
)
def test_terms_that_processes_cannot_share_are_refused(terms: Terms, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        terms.require_one_process(World(0, 2))
    terms.require_one_process(ALONE)
    Terms(distill=1.0, signal="logits").require_one_process(World(1, 2))
