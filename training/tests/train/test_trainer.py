"""The loop: a run that was cut ends with the weights of one that was not, whatever cut it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from t2l.config.errors import ConfigError
from t2l.config.sft import TrainerConfig
from t2l.train.checkpoint import read_notes
from t2l.train.metrics import FILE, Metrics, read_metrics
from t2l.train.muon import Muon
from t2l.train.signals import Stopped
from t2l.train.trainer import Schedule, StepResult, Trainer

STEPS = 9
SCHEDULE = Schedule(steps=STEPS, warmup=2, decay_from=0.5, clip=1.0, seed=3)
IDENTITY = {"base": {"revision": "1" * 40}, "sft": {"steps": STEPS}}


class Hours:
    """A clock that moves by a minute at every look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 60
        return self.now


@dataclass
class Regression:
    """A small network with dropout, two optimizers, and data by step."""

    before: Callable[[int], None] = lambda step: None
    module: nn.Module = field(init=False)
    optimizers: list[torch.optim.Optimizer] = field(init=False)

    def __post_init__(self) -> None:
        torch.manual_seed(0)
        self.module = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.2), nn.Linear(8, 1))
        matrices = [p for p in self.module.parameters() if p.ndim == 2]
        others = [p for p in self.module.parameters() if p.ndim < 2]
        self.optimizers = [Muon(matrices, 0.01), torch.optim.AdamW(others, lr=0.02)]

    def step(self, step: int) -> StepResult:
        self.before(step)
        x = torch.randn(16, 4, generator=torch.Generator().manual_seed(step))
        loss = (self.module(x)[:, 0] - x.sum(1)).square().mean()
        loss.backward()
        return StepResult(loss.item(), 64, {"extra": float(step)})

    def validate(self) -> dict[str, float]:
        return {"validation": sum(p.sum().item() for p in self.module.parameters())}


def weights(objective: Regression) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in objective.module.state_dict().items()}


def trainer(folder: Path | None, minutes: float = 1e-9, validate: int = 0) -> Trainer:
    options = TrainerConfig(checkpoint_minutes=minutes, validate_steps=validate, tensorboard=False)
    return Trainer(SCHEDULE, options, folder, IDENTITY, clock=Hours())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Tensor], Path]:
    """An uncut run's weights, and its folder."""
    folder = tmp_path_factory.mktemp("whole")
    objective = Regression()
    trainer(folder).run(objective)
    return weights(objective), folder


def losses(folder: Path) -> list[tuple[int, float]]:
    return [(line["step"], line["loss"]) for line in read_metrics(folder / FILE)]


def assert_same(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        assert torch.equal(found[name], value), name


def test_a_run_that_was_killed_goes_on_from_its_last_checkpoint(
    tmp_path: Path, whole: tuple[dict[str, Tensor], Path]
) -> None:
    def kill(step: int) -> None:
        if step == 5:
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        trainer(tmp_path, minutes=11).run(Regression(kill))
    taken = len(losses(tmp_path))
    resumed = Regression()
    summary = trainer(tmp_path, minutes=11).run(resumed)
    assert 0 < summary.resumed_at < taken == 5  # some steps are taken again
    assert_same(weights(resumed), whole[0])
    assert losses(tmp_path) == losses(whole[1])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_being_told_to_stop_saves_the_step_that_was_in_progress(
    tmp_path: Path,
    whole: tuple[dict[str, Tensor], Path],
    number: signal.Signals,
    code: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def stop(step: int) -> None:
        if step == 3:
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    with pytest.raises(Stopped) as ending:
        trainer(tmp_path, minutes=1e6).run(Regression(stop))
    assert ending.value.code == code
    assert "stopped after step 4 of 9" in caplog.text
    assert signal.getsignal(number) is before
    resumed = Regression()
    assert trainer(tmp_path).run(resumed).resumed_at == 4
    assert_same(weights(resumed), whole[0])


def test_checkpoints_come_by_the_clock_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = []
    monkeypatch.setattr(
        "t2l.train.trainer.save_checkpoint", lambda _folder, step, *_: saved.append(step)
    )
    trainer(tmp_path, minutes=1e6).run(Regression())
    assert saved == [STEPS]
    trainer(tmp_path, minutes=1e-9).run(Regression())
    assert saved[1:] == list(range(1, STEPS + 1))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"base": {"revision": "2" * 40}}, "base.revision '1111"),
        ({"sft": {"steps": 99}}, "sft.steps 9, now 99"),
    ],
)
def test_a_folder_of_another_run_is_refused(
    whole: tuple[dict[str, Tensor], Path], changed: dict[str, dict[str, object]], said: str
) -> None:
    other = Trainer(SCHEDULE, TrainerConfig(), whole[1], {**IDENTITY, **changed})
    with pytest.raises(ConfigError, match=said):
        other.run(Regression())


def test_metrics_have_a_line_a_step_with_rate_speed_and_validation(tmp_path: Path) -> None:
    summary = trainer(tmp_path, validate=4).run(Regression())
    lines = read_metrics(tmp_path / FILE)
    assert [line["step"] for line in lines] == list(range(1, STEPS + 1))
    assert [line["step"] for line in lines if "validation" in line] == [4, 8, STEPS]
    assert [line["extra"] for line in lines] == list(range(STEPS))
    rates = [line["lr"] for line in lines]
    assert rates[0] == pytest.approx(0.005) and max(rates) == 0.01 and rates[-1] < 0.01
    assert all(line["tokens_per_s"] > 0 for line in lines)
    assert summary.tokens == 64 * STEPS
    notes = read_notes(tmp_path)
    assert notes["identity"] == IDENTITY and notes["tokens"] == summary.tokens


def test_validation_changes_no_weights(
    tmp_path: Path, whole: tuple[dict[str, Tensor], Path]
) -> None:
    objective = Regression()
    trainer(tmp_path, validate=1).run(objective)
    assert_same(weights(objective), whole[0])


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_checkpoint(tmp_path: Path) -> None:
    objective = Regression()

    def spoil(step: int) -> None:
        if step == 6:
            with torch.no_grad():
                next(objective.module.parameters()).fill_(float("nan"))

    objective.before = spoil
    with pytest.raises(FloatingPointError, match="step 7: the loss is nan"):
        trainer(tmp_path).run(objective)
    assert len(losses(tmp_path)) == 6


def test_a_metrics_line_that_was_cut_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "lo', encoding="utf-8")
    metrics = Metrics(tmp_path, 1)
    metrics.write(2, {"loss": 1.5})
    metrics.close()
    assert [json.loads(line)["loss"] for line in path.read_text().splitlines()] == [2.0, 1.5]
