"""Oracles: many at once equal one alone, what is done is not done again, files keep every value."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from adapters_for_tests import CONFIG, CPU, random_adapters, tiny_base, tiny_tasks
from peft import PeftModel
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_weights import AdapterWeights
from t2l.base.device import Device
from t2l.base.files import load_base_model
from t2l.base.peft_io import save_adapter
from t2l.base.target import TargetSpec
from t2l.config.baselines import OraclesConfig
from t2l.config.sft import TrainerConfig
from t2l.tasks.source import Task
from t2l.template.arrow import ArrowTemplate
from t2l.template.characters import PAD
from t2l.template.rows import collate
from t2l.template.template import Template
from t2l.train.loss import completion_loss
from t2l.train.objectives.oracles import load_oracles, oracle_names, train_group, train_oracles
from t2l.train.rows import KeptRows
from t2l.train.zero_shot import adapted_losses, frozen_reader, parts_of, task_rows

OPTIONS = CONFIG.baselines.oracles
ROWS = KeptRows(ArrowTemplate())


def test_losses_of_many_adapters_at_once_are_those_of_peft_one_by_one(tmp_path: Path) -> None:
    model, target = tiny_base(tmp_path / "base")
    tasks = tiny_tasks().train[:5]
    weights = random_adapters(target, len(tasks))
    groups = [task_rows(task, 3, random.Random(task.name), ROWS) for task in tasks]
    with torch.no_grad():
        sums, counts = adapted_losses(frozen_reader(model, CPU), target, weights, parts_of(groups))
    for index, group in enumerate(groups):
        folded = {n: (a[index], b[index] * target.scaling) for n, (a, b) in weights.items()}
        save_adapter(tmp_path / str(index), target, folded)
        alone = PeftModel.from_pretrained(load_base_model(tmp_path / "base"), tmp_path / str(index))
        tokens, labels, _ = collate(group, PAD)
        with torch.no_grad():
            loss = completion_loss(alone(input_ids=tokens).logits, labels)
        assert (sums[index] / counts[index]).item() == pytest.approx(loss.item(), rel=1e-4)


def test_an_oracle_does_not_depend_on_the_tasks_it_is_trained_beside(tmp_path: Path) -> None:
    model, target = tiny_base(tmp_path / "base")
    tasks = tiny_tasks().train[:4]
    together = train_group(model, target, tasks, OPTIONS, CPU)
    alone = train_group(model, target, tasks[2:3], OPTIONS, CPU)
    for name, (a, b) in alone.items():
        torch.testing.assert_close(a[0], together[name][0][2], atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(b[0], together[name][1][2], atol=1e-4, rtol=1e-3)


def test_training_an_oracle_lowers_its_own_task_s_loss(tmp_path: Path) -> None:
    model, target = tiny_base(tmp_path / "base")
    tasks = tiny_tasks().train[:2]
    groups = [task_rows(task, 16, random.Random(task.name), ROWS) for task in tasks]

    def losses(steps: int) -> torch.Tensor:
        weights = train_group(model, target, tasks, replace(OPTIONS, steps=steps), CPU)
        with torch.no_grad():
            sums, counts = adapted_losses(
                frozen_reader(model, CPU), target, weights, parts_of(groups)
            )
        return sums / counts

    assert (losses(40) < losses(0) - 0.1).all()


def test_a_second_run_trains_only_what_is_missing_and_keeps_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, target = tiny_base(tmp_path / "base")
    tasks = tiny_tasks().train[:5]
    train_oracles(model, target, tasks[:4], OPTIONS, tmp_path, CPU)
    files = {path.name: path.read_bytes() for path in (tmp_path / "oracles").glob("*.safetensors")}
    trained: list[str] = []

    def noticed(
        model: PreTrainedModel,
        target: TargetSpec,
        tasks: Sequence[Task],
        options: OraclesConfig,
        device: Device,
        template: Template | None,
        trainer: TrainerConfig | None,
    ) -> AdapterWeights:
        trained.extend(task.name for task in tasks)
        return train_group(model, target, tasks, options, device, template, trainer)

    monkeypatch.setattr("t2l.train.objectives.oracles.train_group", noticed)
    train_oracles(model, target, tasks, OPTIONS, tmp_path, CPU)
    assert trained == [tasks[4].name]
    assert oracle_names(tmp_path) == tuple(task.name for task in tasks)
    for name, content in files.items():
        assert (tmp_path / "oracles" / name).read_bytes() == content


def test_a_group_that_is_missing_between_others_is_made_as_it_would_have_been(
    tmp_path: Path,
) -> None:
    """As after a kill of several processes, when a later group was ready first."""
    model, target = tiny_base(tmp_path / "base")
    tasks, place = tiny_tasks().train[:8], tmp_path / "oracles"
    train_oracles(model, target, tasks, OPTIONS, tmp_path, CPU)
    whole = {path.name: path.read_bytes() for path in place.iterdir()}
    index = json.loads(whole["index.json"])
    files = [file for file, _ in index["tasks"].values()]
    assert files == [f"{number // OPTIONS.group:04d}.safetensors" for number in range(8)]
    lost = files[OPTIONS.group]
    kept = {name: row for name, row in index["tasks"].items() if row[0] != lost}
    (place / "index.json").write_text(json.dumps({**index, "tasks": kept}))
    (place / lost).write_bytes(b"of a run that was killed")
    train_oracles(model, target, tasks, OPTIONS, tmp_path, CPU)
    assert {path.name: path.read_bytes() for path in place.iterdir()} == whole


def test_oracles_are_read_in_the_order_asked_for_also_twice(tmp_path: Path) -> None:
    model, target = tiny_base(tmp_path / "base")
    tasks = tiny_tasks().train[:5]
    train_oracles(model, target, tasks, OPTIONS, tmp_path, CPU)
    names = [task.name for task in tasks]
    all_of_them = load_oracles(tmp_path, names)
    order = [4, 0, 3, 0]
    some = load_oracles(tmp_path, [names[index] for index in order])
    for module, (a, b) in some.items():
        assert torch.equal(a, all_of_them[module][0][order])
        assert torch.equal(b, all_of_them[module][1][order])


def test_a_missing_oracle_names_the_task_and_the_stage(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="`oracles` stage"):
        load_oracles(tmp_path, ["words/upper"])
    model, target = tiny_base(tmp_path / "base")
    train_oracles(model, target, tiny_tasks().train[:1], OPTIONS, tmp_path, CPU)
    with pytest.raises(FileNotFoundError, match="no/such.*`oracles` stage"):
        load_oracles(tmp_path, ["no/such"])


def test_oracles_made_with_other_options_are_refused(tmp_path: Path) -> None:
    model, target = tiny_base(tmp_path / "base")
    tasks = tiny_tasks().train[:2]
    train_oracles(model, target, tasks[:1], OPTIONS, tmp_path, CPU)
    train_oracles(model, target, tasks[:1], replace(OPTIONS, group=7), tmp_path, CPU)
    with pytest.raises(ValueError, match="other"):
        train_oracles(model, target, tasks, replace(OPTIONS, lr=0.5), tmp_path, CPU)


def test_oracles_from_before_targets_named_heads_are_kept(tmp_path: Path) -> None:
    model, target = tiny_base(tmp_path / "base")
    tasks = tiny_tasks().train[:1]
    train_oracles(model, replace(target, attention=None), tasks, OPTIONS, tmp_path, CPU)
    before = {path: path.read_bytes() for path in (tmp_path / "oracles").iterdir()}
    assert target.attention is not None
    train_oracles(model, target, tasks, OPTIONS, tmp_path, CPU)
    assert {path: path.read_bytes() for path in (tmp_path / "oracles").iterdir()} == before
