"""Meta-training for DoRA and IA3: from the base model itself, and exact when it is resumed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from adapters_for_tests import CONFIG, CPU, DIM, tiny_base, tiny_corpus
from outputs_for_tests import OTHERS
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_stack import AdapterStack
from t2l.base.model import BaseModel
from t2l.base.outputs.dora import row_norms
from t2l.base.source import BaseSource
from t2l.base.target import OutputKind, TargetSpec
from t2l.config.recipe import Config, ConfigError, TargetConfig, TrainerConfig
from t2l.evaluate.opening import target_of
from t2l.hypernet.hypernetwork import Hypernetwork
from t2l.template.arrow import ArrowTemplate
from t2l.train.meta_batch import make_batch
from t2l.train.objectives import sft
from t2l.train.objectives.meta_loss import Terms, batch_step
from t2l.train.objectives.multi_task import train_multi_task
from t2l.train.objectives.oracles import load_oracles, train_oracles
from t2l.train.objectives.sft import build_hypernetwork, frozen_reader, train_hypernetwork
from t2l.train.rows import KeptRows

ROWS = KeptRows(ArrowTemplate())
ALWAYS = TrainerConfig(checkpoint_minutes=1e-9, tensorboard=False)  # a checkpoint every step


def recipe(output: OutputKind) -> Config:
    modules = ("q_proj", "down_proj")
    target = TargetConfig(modules=modules, rank=1 if output == "ia3" else 2, output=output)
    return replace(CONFIG, target=target)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny_base(tmp_path / "base")
    return tmp_path


def opened(folder: Path, config: Config) -> tuple[PreTrainedModel, TargetSpec]:
    base = BaseModel.open(BaseSource("mini", str(folder / "base"), id=config.base.id))
    return base.model, target_of(config, base)


def train(folder: Path, run: str, config: Config) -> Hypernetwork:
    model, target = opened(folder, config)
    network = build_hypernetwork(config, target, DIM, model)
    return train_hypernetwork(
        config, model, network, tiny_corpus(), folder / run, CPU, options=ALWAYS
    )


@pytest.mark.parametrize("output", OTHERS)
def test_training_begins_at_the_base_model_and_learns(output: OutputKind, folder: Path) -> None:
    config = recipe(output)
    model, target = opened(folder, config)
    network = build_hypernetwork(config, target, DIM, model).eval()
    reader, batch = frozen_reader(model, CPU), make_batch(tiny_corpus(), config.sft, 0, ROWS)
    plain = batch_step(
        reader, build_hypernetwork(CONFIG, opened(folder, CONFIG)[1], DIM).eval(), batch, Terms()
    )
    found = batch_step(reader, network, batch, Terms())
    assert found.matched == pytest.approx(plain.matched, rel=1e-6)  # a LoRA's starts there too
    learns = {name for name, part in network.named_parameters() if part.grad is not None}
    assert {f"offset_scale.{name}" for name in target.module_names} <= learns
    before = {name: value.clone() for name, value in network.state_dict().items()}
    trained = train(folder, "sft", config)
    after = train(folder, "again", replace(config, sft=replace(config.sft, steps=40)))
    lower = batch_step(reader, after, batch_of(after), Terms()).matched
    assert lower < batch_step(reader, network, batch_of(after), Terms()).matched
    norms = {name for name in before if name.startswith("norms.")}
    assert all(torch.equal(trained.state_dict()[name], before[name]) for name in norms)
    assert len(norms) == (2 if output == "dora" else 0)


def batch_of(network: Hypernetwork):
    """A step's batch with the vectors as they are."""
    return make_batch(tiny_corpus(), replace(CONFIG.sft, noise=0.0), 3, ROWS)


@pytest.mark.parametrize("output", OTHERS)
def test_a_run_that_was_cut_ends_with_the_weights_of_one_that_was_not(
    output: OutputKind, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = recipe(output)
    whole = train(folder, "whole", config).state_dict()
    real = sft.make_batch

    def cut(corpus, options, step, *others):
        if step == 4:
            raise KeyboardInterrupt
        return real(corpus, options, step, *others)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(sft, "make_batch", cut)
        train(folder, "cut", config)
    resumed = train(folder, "cut", config).state_dict()
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name


def test_a_run_goes_on_as_its_own_kind_only(folder: Path) -> None:
    config = recipe("dora")
    train(folder, "sft", config)
    with pytest.raises(ConfigError, match="target.output 'dora', now 'lora'"):
        train(folder, "sft", replace(config, target=replace(config.target, output="lora")))


def test_a_dora_s_network_needs_the_base_model(folder: Path) -> None:
    config = recipe("dora")
    model, target = opened(folder, config)
    network = build_hypernetwork(config, target, DIM)
    with pytest.raises(ValueError, match="no norms of the rows of q_proj"):
        train_hypernetwork(config, model, network, tiny_corpus(), folder / "sft", CPU)


@pytest.mark.parametrize("output", OTHERS)
def test_adapters_of_single_tasks_can_be_of_any_kind(output: OutputKind, folder: Path) -> None:
    config = recipe(output)
    model, target = opened(folder, config)
    tasks = tiny_corpus().tasks[:2]
    start = AdapterStack(target, ["a", "b"], 0, model)()
    if output == "dora":
        assert torch.equal(start["q_proj"][2][1], row_norms(model, target)["q_proj"])
    train_oracles(model, target, tasks, config.baselines.oracles, folder, CPU)
    found = load_oracles(folder, [task.name for task in tasks])
    shapes = [(2, *shape) for shape in target.shapes(target.modules[0]).values()]
    assert [tuple(side.shape) for side in found["q_proj"]] == shapes
    last = found["q_proj"][-1]
    assert not torch.equal(last[0], start["q_proj"][-1][0]) and not torch.equal(last[0], last[1])
    options = replace(config.baselines.multi_task, rates=(1e-2,))
    shared = train_multi_task(model, target, tasks, tasks, options, folder, CPU)
    assert [len(side) for side in shared["down_proj"]] == [1] * len(shapes)
