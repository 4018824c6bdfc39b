"""Meta-training: distinct tasks a step, gradients to every weight, a base that stays frozen."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from adapters_for_tests import CONFIG, CPU, DIM, MINI, open_tiny, tiny_corpus
from families_for_tests import SAMPLES, save_family
from torch import nn
from training_for_tests import cut_at

from t2l.base.applying import apply_adapters
from t2l.base.model import BaseModel
from t2l.base.packing import make_sheets
from t2l.base.source import BaseSource
from t2l.base.target import Attention, TargetSpec
from t2l.config.recipe import Config, ConfigError, SftConfig, TargetConfig, TrainerConfig
from t2l.encoders.corpus import Corpus
from t2l.evaluate.run import load_hypernetwork
from t2l.hypernet.hypernetwork import Hypernetwork
from t2l.mini.base_model import build_model, save_base_model
from t2l.template.arrow import ArrowTemplate
from t2l.template.characters import PAD
from t2l.template.chat import ChatTemplate
from t2l.template.rows import collate
from t2l.train.loss import completion_loss
from t2l.train.meta_batch import make_batch
from t2l.train.metrics import FILE, read_metrics
from t2l.train.objectives.meta_loss import Terms, batch_step
from t2l.train.objectives.sft import build_hypernetwork, frozen_reader, train_hypernetwork
from t2l.train.rows import KeptRows

ROWS = KeptRows(ArrowTemplate())
ALWAYS = TrainerConfig(checkpoint_minutes=1e-9, tensorboard=False)  # a checkpoint every step


@pytest.fixture
def base(tmp_path: Path) -> tuple[nn.Module, TargetSpec]:
    save_base_model(build_model(MINI), tmp_path / "base")
    return open_tiny(tmp_path / "base")


def shaken(target: TargetSpec, size: float = 0.02) -> Hypernetwork:
    """A network whose adapters differ from task to task."""
    network = build_hypernetwork(CONFIG, target, DIM).eval()
    torch.manual_seed(3)
    for parameter in network.parameters():
        parameter.data.add_(size * torch.randn_like(parameter))
    return network


def own_loss(model: nn.Module, rows, target: TargetSpec, weights, places) -> float:
    """Mean loss of rows by the model's own logits, in a plain batch."""
    own = {name: (a[places], b[places]) for name, (a, b) in weights.items()}
    tokens, labels, _ = collate(rows, PAD)
    with torch.no_grad(), apply_adapters(model, target, own):
        return completion_loss(model(input_ids=tokens).logits, labels).item()


def test_the_loss_of_a_bucketed_batch_is_that_of_each_task_alone(base) -> None:
    model, target = base
    batch = make_batch(tiny_corpus(), CONFIG.sft, 0, ROWS)
    found = batch_step(frozen_reader(model, CPU), shaken(target), batch, Terms())
    total = 0.0
    for part in batch.parts:
        for index, place in enumerate(part.places):
            rows = part.rows[index * CONFIG.sft.examples : (index + 1) * CONFIG.sft.examples]
            loss = own_loss(model, rows, target, found.weights, place[None])
            total += loss * sum(sum(is_answer) for _, is_answer in rows)
    assert found.matched == pytest.approx(total / batch.answer_tokens, rel=1e-5)
    assert found.mismatched == found.distilled == 0  # not asked for
    run = [make_sheets(part.rows, len(part.places)).tokens.numel() for part in batch.parts]
    assert found.tokens == sum(run)


def test_adapters_that_are_all_alike_miss_the_whole_margin(base) -> None:
    model, target = base
    network = build_hypernetwork(CONFIG, target, DIM).eval()
    batch = make_batch(tiny_corpus(), CONFIG.sft, 0, ROWS)
    found = batch_step(frozen_reader(model, CPU), network, batch, Terms(contrast=1, margin=0.7))
    assert found.mismatched == pytest.approx(0.7, rel=1e-5)


def test_the_shortfall_of_the_margin_is_that_under_other_tasks_adapters(base) -> None:
    model, target = base
    batch = make_batch(tiny_corpus(), CONFIG.sft, 0, ROWS)
    network, reader = shaken(target, 0.1), frozen_reader(model, CPU)
    found = batch_step(reader, network, batch, Terms(contrast=1, margin=0.01))
    both = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
    missed = 0.0
    for part in batch.parts:
        losses = [
            own_loss(model, part.rows, target, found.weights, places)
            for places in (part.places, part.places.roll(1))
        ]
        missed += max(0.0, 0.01 + losses[0] - losses[1]) * part.answer_tokens
    assert found.mismatched == pytest.approx(missed / batch.answer_tokens, rel=1e-3)
    network.zero_grad()
    batch_step(reader, network, batch, Terms())
    alone = {name: p.grad for name, p in network.named_parameters() if p.grad is not None}
    assert any(not torch.allclose(both[name], alone[name], rtol=1e-3) for name in alone)


def test_training_moves_the_hypernetwork_and_never_the_base(base, tmp_path: Path) -> None:
    model, target = base
    before = {name: value.clone() for name, value in model.state_dict().items()}
    network = build_hypernetwork(CONFIG, target, DIM)
    start = {name: value.clone() for name, value in network.state_dict().items()}
    trained = train_hypernetwork(CONFIG, model, network, tiny_corpus(), tmp_path / "sft", CPU)
    still = [n for n, value in trained.state_dict().items() if torch.equal(value, start[n])]
    assert still == []
    matrix = trained.mlp1.up.weight
    assert torch.equal(matrix, matrix.half().float())  # the graphs keep it in half the bytes
    facts = json.loads((tmp_path / "sft" / "final" / "training.json").read_text())
    assert facts["steps"] == CONFIG.sft.steps and facts["resumed_at"] == 0
    assert facts["parameters"] == sum(part.numel() for part in trained.parameters())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


def train(base, folder: Path, config: Config = CONFIG, **more) -> Hypernetwork:
    model, target = base
    network = build_hypernetwork(config, target, DIM)
    return train_hypernetwork(config, model, network, tiny_corpus(), folder, CPU, **more)


def test_a_run_that_was_cut_ends_with_the_weights_of_one_that_was_not(
    base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(base, tmp_path / "whole").state_dict()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("t2l.train.objectives.sft.make_batch", cut_at(4))
        train(base, tmp_path / "cut", options=ALWAYS)
    resumed = train(base, tmp_path / "cut", options=ALWAYS).state_dict()
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name
    facts, others = (
        json.loads((tmp_path / folder / "final" / "training.json").read_text())
        for folder in ("whole", "cut")
    )
    assert others["resumed_at"] == 4
    assert [others[key] for key in ("tokens", "loss")] == [facts[key] for key in ("tokens", "loss")]


def test_a_network_that_was_begun_with_another_recipe_is_refused(base, tmp_path: Path) -> None:
    train(base, tmp_path / "sft")
    longer = dataclasses.replace(CONFIG, sft=dataclasses.replace(CONFIG.sft, steps=99))
    with pytest.raises(ConfigError, match=r"sft.steps \d+, now 99"):
        train(base, tmp_path / "sft", longer)


def test_a_finished_run_is_prolonged_from_before_its_rates_fell(base, tmp_path: Path) -> None:
    def of(steps: int, decay_from: float = 0.5) -> Config:
        sft = dataclasses.replace(CONFIG.sft, steps=steps, decay_from=decay_from, warmup=1)
        return dataclasses.replace(CONFIG, sft=sft)

    keeps = TrainerConfig(tensorboard=False, keep_plateau=True)
    wanted = train(base, tmp_path / "long", of(9), options=keeps).state_dict()
    train(base, tmp_path / "sft", of(6), options=keeps)
    found = train(base, tmp_path / "sft", of(9), options=keeps).state_dict()
    for name, value in wanted.items():
        assert torch.equal(value, found[name]), name
    facts = json.loads((tmp_path / "sft" / "final" / "training.json").read_text())
    assert facts["resumed_at"] == 3
    again = train(base, tmp_path / "sft", of(9), options=keeps).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in wanted.items())
    with pytest.raises(ConfigError, match="sft.steps 9, now 7"):  # its rates fall earlier
        train(base, tmp_path / "sft", of(7, 0.3), options=keeps)


def test_other_base_weights_under_a_begun_run_are_refused(base, tmp_path: Path) -> None:
    train(base, tmp_path / "sft", identity={"base_model": {"weights": "1"}})
    with pytest.raises(ConfigError, match="base_model.weights '1', now '2'"):
        train(base, tmp_path / "sft", identity={"base_model": {"weights": "2"}})


def test_the_loss_on_selection_tasks_is_watched(base, tmp_path: Path) -> None:
    options = TrainerConfig(validate_steps=3, validation_tasks=5, tensorboard=False)
    watched = train(base, tmp_path / "watched", options=options, selection=tiny_corpus(8))
    lines = read_metrics(tmp_path / "watched" / FILE)
    found = [line for line in lines if "validation_matched" in line]
    assert [line["step"] for line in found] == [3, 6]
    assert all(line["validation_matched"] > 0 for line in found)
    assert found[-1]["validation_matched"] != found[-1]["validation_shuffled"]
    plain = train(base, tmp_path / "plain")
    for name, value in plain.state_dict().items():
        assert torch.equal(value, watched.state_dict()[name]), name


def test_a_disk_that_fills_up_at_the_end_costs_no_training(
    base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_network: Hypernetwork, place: Path) -> None:
        place.mkdir(parents=True)
        raise OSError("no space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="no space"):
        patch.setattr(Hypernetwork, "save", full)
        train(base, tmp_path / "sft")
    trained = train(base, tmp_path / "sft")
    saved = Hypernetwork.load(tmp_path / "sft" / "final")
    assert torch.equal(trained.mlp1.up.weight, saved.mlp1.up.weight)


def test_a_network_that_was_saved_without_heads_gets_those_of_its_base_model(tmp_path: Path):
    config = dataclasses.replace(CONFIG, runs=str(tmp_path))
    folder = config.run_dir / "base" / "final"
    save_base_model(build_model(MINI), folder)
    _, target = open_tiny(folder, config)
    assert target.attention == Attention(heads=2, kv_heads=2, head_dim=8)
    store = config.run_dir / "sft" / f"seed-{config.sft.seed}" / "final"
    old = dataclasses.replace(target, attention=None)
    build_hypernetwork(config, old, DIM).save(store)
    assert load_hypernetwork(config).target == target


class AnyTask:
    """A task of a few examples in any characters."""

    def __init__(self, number: int) -> None:
        self.name, self.family = f"any/{number}", f"family {number % 2}"
        self._samples = SAMPLES[number % 3 :]

    def sample(self, rng, part="train"):
        return rng.choice(self._samples)

    def descriptions(self, split, count, seed):
        return tuple(f"{self.name}, {split} {index}" for index in range(count))


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("family", ["mistral", "gemma2", "qwen3"])
def test_any_family_learns_any_task_in_its_own_chat_template(
    family: str, recompute: bool, tmp_path: Path
) -> None:
    folder = save_family(family, tmp_path / family)
    base = BaseModel.open(BaseSource("folder", str(folder), id="a/b"))
    recipe = dataclasses.replace(
        CONFIG,
        target=TargetConfig(modules=("q_proj", "down_proj"), rank=2),
        sft=SftConfig(steps=30, tasks=3, examples=2, warmup=2, matrix_lr=2e-2, lr=1e-2, noise=0.0),
    )
    tasks = tuple(AnyTask(number) for number in range(5))
    vectors = torch.eye(5, DIM)
    corpus = Corpus(
        tasks,
        tuple(task.descriptions("train", 2, 0) for task in tasks),
        tuple(vector + 0.1 * torch.eye(2, DIM) for vector in vectors),
    )
    target = base.target(recipe.target.modules, recipe.target.rank, recipe.target.alpha)
    train_hypernetwork(
        recipe,
        base.model,
        build_hypernetwork(recipe, target, DIM),
        corpus,
        tmp_path / "sft",
        CPU,
        template=ChatTemplate(base.tokenizer, None),
        options=TrainerConfig(gradient_checkpointing=recompute, tensorboard=False),
        identity={"base_model": base.identity()},
    )
    losses = [line["loss"] for line in read_metrics(tmp_path / "sft" / FILE)]
    assert sum(losses[-5:]) < 0.9 * sum(losses[:5])
