"""The loss of right answers: what a plain pass over every question gives, measured once."""

from pathlib import Path

import pytest
import torch
from adapters_for_tests import CONFIG, CPU, DIM, LetterEncoder, tiny_base, tiny_corpus, tiny_tasks
from torch.nn.functional import cross_entropy

from t2l.base.adapter_weights import AdapterWeights
from t2l.base.applying import apply_adapters
from t2l.config.recipe import ConfigError
from t2l.evaluate.answer_losses import block_losses, measure_losses
from t2l.evaluate.conditions.controls import mean_adapter, shuffled_descriptions
from t2l.evaluate.questions import Block, make_block
from t2l.evaluate.results import read_losses
from t2l.evaluate.setting import Setting
from t2l.template.rows import collate
from t2l.train.objectives.sft import build_hypernetwork

PLACE = {"study": "s", "variant": "v", "train_seed": 0, "sampling_seed": 1}


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    folder = tmp_path_factory.mktemp("setting")
    model, target = tiny_base(folder / "base")
    network = build_hypernetwork(CONFIG, target, DIM).eval()
    with torch.no_grad():  # untrained, it changes nothing
        for value in network.parameters():
            value.add_(0.05 * torch.randn(value.shape, generator=torch.Generator().manual_seed(1)))
    return Setting(model, network, LetterEncoder(), tiny_corpus(), CONFIG, CPU, folder)


@pytest.fixture(scope="module")
def block(setting: Setting) -> Block:
    return make_block(tiny_tasks().train[:5], 4, 2, 1, "selection", setting.template)


@torch.no_grad()
def one_by_one(
    setting: Setting, block: Block, adapters: list[AdapterWeights | None]
) -> list[float]:
    """The loss of every task: each question alone, under the adapter of its description."""
    sums, counts = [0.0] * len(block.tasks), [0] * len(block.tasks)
    rows = block.rows()
    for place, row in enumerate(rows):
        tokens, labels, _ = collate([row], setting.template.pad)
        weights = adapters[place * len(adapters) // len(rows)]
        if weights is None:
            logits = setting.model(input_ids=tokens).logits
        else:
            with apply_adapters(setting.model, setting.hypernetwork.target, weights, 1):
                logits = setting.model(input_ids=tokens).logits
        task = place * len(block.tasks) // len(rows)
        sums[task] += float(cross_entropy(logits[0, :-1], labels[0, 1:], reduction="sum"))
        counts[task] += int((labels[0, 1:] >= 0).sum())
    return [total / count for total, count in zip(sums, counts, strict=True)]


def test_the_losses_are_those_of_every_question_alone(setting: Setting, block: Block) -> None:
    tokens, losses = block_losses(setting, block)
    own = [text for row in block.descriptions for text in row]
    others = [text for row in shuffled_descriptions(setting, block) for text in row]
    expected = {
        "plain": one_by_one(setting, block, [None]),
        "matched": one_by_one(setting, block, [setting.generate([text]) for text in own]),
        "shuffled": one_by_one(setting, block, [setting.generate([text]) for text in others]),
        "static": one_by_one(setting, block, [mean_adapter(setting)]),
    }
    assert losses.keys() == expected.keys()
    for name, wanted in expected.items():
        assert losses[name] == pytest.approx(wanted, abs=1e-4), name
    assert len({tuple(values) for values in losses.values()}) == len(losses)
    assert tokens == [
        sum(sum(is_answer) for _, is_answer in block.rows()[row * 4 : row * 4 + 4])
        for row in range(len(block.tasks))
    ]


def test_what_is_measured_is_not_measured_again(
    setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("t2l.evaluate.answer_losses.TASKS_A_BLOCK", 3)
    tasks, path = tiny_tasks().train[:5], tmp_path / "study_losses.jsonl"
    measure_losses(setting, tasks, path, **PLACE)
    whole = path.read_bytes()
    assert [row.task for row in read_losses(path)] == [task.name for task in tasks]
    path.write_bytes(whole[: len(whole) // 2])  # cut in the middle of a row
    measure_losses(setting, tasks, path, **PLACE)
    assert sorted(path.read_text().splitlines()) == sorted(whole.decode().splitlines())
    monkeypatch.setattr("t2l.evaluate.answer_losses.block_losses", None)
    measure_losses(setting, tasks, path, **PLACE)


def test_rows_of_two_networks_are_never_mixed(setting: Setting, tmp_path: Path) -> None:
    path = tmp_path / "study_losses.jsonl"
    measure_losses(setting, tiny_tasks().train[:2], path, **PLACE)
    other = build_hypernetwork(CONFIG, setting.hypernetwork.target, DIM).eval()
    another = Setting(
        setting.model, other, setting.encoder, setting.train, CONFIG, CPU, setting.store
    )
    with pytest.raises(ConfigError, match="its rows of s/v/0 are of network"):
        measure_losses(another, tiny_tasks().train[:2], path, **PLACE)
