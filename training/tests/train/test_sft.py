"""Meta-training: distinct tasks a step, gradients to every weight, a base that stays frozen."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from transformers import LlamaForCausalLM

from t2l.base.device import Device
from t2l.base.lora import apply_lora
from t2l.base.target import Attention
from t2l.config.recipe import (
    BaseModelConfig,
    Config,
    ConfigError,
    HypernetworkOptions,
    SftConfig,
    TargetConfig,
)
from t2l.encoders.corpus import Corpus
from t2l.evaluate.run import load_hypernetwork
from t2l.hypernet.hypernetwork import Hypernetwork
from t2l.mini.base_model import build_model, save_base_model
from t2l.tasks.procedural.world import procedural_tasks
from t2l.train.loss import completion_loss
from t2l.train.meta_batch import make_batch
from t2l.train.objectives.sft import (
    PROJECTIONS,
    batch_loss,
    build_hypernetwork,
    select_tasks,
    target_of,
    train_hypernetwork,
)

CPU = Device("cpu", bfloat16=False)
DIM = 8
CONFIG = Config(
    runs="unused",
    base=BaseModelConfig(hidden=16, layers=2, heads=2, intermediate=32),
    target=TargetConfig(rank=2),
    hypernetwork=HypernetworkOptions(latent=16, head_in=16),
    sft=SftConfig(steps=6, tasks=4, examples=2, warmup=2),
)


def make_corpus() -> Corpus:
    tasks = procedural_tasks(limit=12).train
    texts = tuple(task.descriptions("train", 2, 0) for task in tasks)
    random = torch.Generator().manual_seed(0)
    vectors = tuple(torch.randn(len(row), DIM, generator=random) for row in texts)
    return Corpus(tasks, texts, tuple(torch.nn.functional.normalize(v, dim=1) for v in vectors))


@pytest.fixture
def model(tmp_path: Path) -> LlamaForCausalLM:
    base = build_model(CONFIG.base)
    save_base_model(base, tmp_path / "base")
    return base.eval().requires_grad_(False)


def test_the_loss_of_a_bucketed_batch_is_that_of_each_task_alone(
    model: LlamaForCausalLM, tmp_path: Path
) -> None:
    target = target_of(model, tmp_path / "base", CONFIG)
    network = build_hypernetwork(CONFIG, target, DIM).eval()
    torch.manual_seed(3)
    for parameter in network.parameters():
        parameter.data.add_(0.02 * torch.randn_like(parameter))
    batch = make_batch(make_corpus(), CONFIG.sft, 0)
    found = batch_loss(model, network, batch, CPU)
    total, count = 0.0, 0
    for one in batch.parts:
        tokens, labels = one.tokens, one.labels
        for place, row in enumerate(one.rows):
            part = slice(place * CONFIG.sft.examples, (place + 1) * CONFIG.sft.examples)
            with apply_lora(model, target, select_tasks(found.weights, row[None])):
                one = completion_loss(model(input_ids=tokens[part]).logits, labels[part])
            here = int((labels[part, 1:] >= 0).sum())
            total, count = total + one.item() * here, count + here
    assert found.matched.item() == pytest.approx(total / count, rel=1e-5)
    assert found.mismatched.item() == found.distilled.item() == 0  # not asked for
    assert found.tokens == sum(part.tokens.numel() for part in batch.parts)


def test_adapters_that_are_all_alike_miss_the_whole_margin(
    model: LlamaForCausalLM, tmp_path: Path
) -> None:
    network = build_hypernetwork(CONFIG, target_of(model, tmp_path / "base", CONFIG), DIM).eval()
    found = batch_loss(model, network, make_batch(make_corpus(), CONFIG.sft, 0), CPU, margin=0.7)
    assert found.mismatched.item() == pytest.approx(0.7, rel=1e-5)


def test_the_shortfall_of_the_margin_is_that_under_other_tasks_adapters(
    model: LlamaForCausalLM, tmp_path: Path
) -> None:
    target = target_of(model, tmp_path / "base", CONFIG)
    network = build_hypernetwork(CONFIG, target, DIM).eval()
    torch.manual_seed(3)
    for parameter in network.parameters():
        parameter.data.add_(0.1 * torch.randn_like(parameter))
    batch = make_batch(make_corpus(), CONFIG.sft, 0)
    found = batch_loss(model, network, batch, CPU, margin=0.01)
    missed, count = 0.0, 0
    for part in batch.parts:
        losses = []
        for own in (part.rows, part.rows.roll(1)):
            with apply_lora(model, target, select_tasks(found.weights, own)):
                logits = model(input_ids=part.tokens).logits
            losses.append(completion_loss(logits, part.labels).item())
        here = int((part.labels[:, 1:] >= 0).sum())
        missed, count = missed + max(0.0, 0.01 + losses[0] - losses[1]) * here, count + here
    assert found.mismatched.item() == pytest.approx(missed / count, rel=1e-3)
    found.mismatched.backward()
    assert any(p.grad is not None and p.grad.any() for p in network.parameters())


def test_training_moves_the_hypernetwork_and_never_the_base(
    model: LlamaForCausalLM, tmp_path: Path
) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    network = build_hypernetwork(CONFIG, target_of(model, tmp_path / "base", CONFIG), DIM)
    start = {name: value.clone() for name, value in network.state_dict().items()}
    trained = train_hypernetwork(CONFIG, model, network, make_corpus(), tmp_path / "sft", CPU)
    still = [n for n, value in trained.state_dict().items() if torch.equal(value, start[n])]
    assert still == []
    matrix = trained.mlp1.up.weight
    assert torch.equal(matrix, matrix.half().float())  # the graphs keep it in half the bytes
    facts = json.loads((tmp_path / "sft" / "final" / "training.json").read_text())
    assert facts["steps"] == CONFIG.sft.steps and facts["resumed_at"] == 0
    assert facts["parameters"] == sum(part.numel() for part in trained.parameters())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_a_run_that_was_cut_ends_with_the_weights_of_one_that_was_not(
    model: LlamaForCausalLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("t2l.train.objectives.sft.CHECKPOINT_EVERY", 2)
    target, corpus = target_of(model, tmp_path / "base", CONFIG), make_corpus()

    def run(folder: str) -> dict[str, torch.Tensor]:
        network = build_hypernetwork(CONFIG, target, DIM)
        return train_hypernetwork(
            CONFIG, model, network, corpus, tmp_path / folder, CPU
        ).state_dict()

    whole = run("whole")

    def cut(corpus: Corpus, options: SftConfig, step: int) -> object:
        if step == 4:
            raise KeyboardInterrupt
        return make_batch(corpus, options, step)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("t2l.train.objectives.sft.make_batch", cut)
        run("cut")
    resumed = run("cut")
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name
    facts, others = (
        json.loads((tmp_path / folder / "final" / "training.json").read_text())
        for folder in ("whole", "cut")
    )
    assert others["resumed_at"] == 4
    assert [others[key] for key in ("tokens", "loss")] == [facts[key] for key in ("tokens", "loss")]


def test_a_network_that_was_begun_with_another_recipe_is_refused(
    model: LlamaForCausalLM, tmp_path: Path
) -> None:
    target, folder = target_of(model, tmp_path / "base", CONFIG), tmp_path / "sft"
    train_hypernetwork(
        CONFIG, model, build_hypernetwork(CONFIG, target, DIM), make_corpus(), folder, CPU
    )
    longer = dataclasses.replace(CONFIG, sft=dataclasses.replace(CONFIG.sft, steps=99))
    with pytest.raises(ConfigError, match=r"sft.steps \d+, now 99"):
        train_hypernetwork(
            longer, model, build_hypernetwork(longer, target, DIM), make_corpus(), folder, CPU
        )


def test_a_disk_that_fills_up_at_the_end_costs_no_training(
    model: LlamaForCausalLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, folder = target_of(model, tmp_path / "base", CONFIG), tmp_path / "sft"

    def train() -> Hypernetwork:
        network = build_hypernetwork(CONFIG, target, DIM)
        return train_hypernetwork(CONFIG, model, network, make_corpus(), folder, CPU)

    def full(_network: Hypernetwork, place: Path) -> None:
        place.mkdir(parents=True)
        raise OSError("no space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="no space"):
        patch.setattr(Hypernetwork, "save", full)
        train()
    trained = train()
    assert torch.equal(trained.mlp1.up.weight, Hypernetwork.load(folder / "final").mlp1.up.weight)


def test_a_network_that_was_saved_without_heads_gets_those_of_its_base_model(tmp_path: Path):
    config = dataclasses.replace(CONFIG, runs=str(tmp_path))
    base = build_model(config.base)
    folder = config.run_dir / "base" / "final"
    save_base_model(base, folder)
    target = target_of(base, folder, config)
    assert target.attention == Attention(heads=2, kv_heads=2, head_dim=8)
    store = config.run_dir / "sft" / f"seed-{config.sft.seed}" / "final"
    old = dataclasses.replace(target, attention=None)
    build_hypernetwork(config, old, DIM).save(store)
    assert load_hypernetwork(config).target == target


def test_every_linear_layer_of_the_base_model_can_be_a_target(
    model: LlamaForCausalLM, tmp_path: Path
) -> None:
    config = dataclasses.replace(CONFIG, target=TargetConfig(modules=tuple(PROJECTIONS)))
    modules = target_of(model, tmp_path / "base", config).modules
    parts = model.model.layers[0].named_modules()
    linear = [name for name, part in parts if isinstance(part, torch.nn.Linear)]
    assert sorted(module.path for module in modules) == sorted(linear)
