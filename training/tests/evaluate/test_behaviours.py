"""Behaviours of a tiny model: learned without labels, measured against the model that is told."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
import yaml
from families_for_tests import save_family

from t2l.base.model import BaseModel
from t2l.commands import behaviour_stages, stages
from t2l.config.errors import ConfigError
from t2l.config.load import load_config
from t2l.config.recipe import BehaviourTasks, Config
from t2l.evaluate.behaviours import CONDITIONS, Measured, measure_behaviours, summary
from t2l.evaluate.opening import open_base, open_template
from t2l.evaluate.run import load_hypernetwork, open_setting, training_corpus
from t2l.tasks.behaviours.replies import BehaviourTask, Reply, behaviour_tasks
from t2l.template.template import Template


def recipe(folder: Path, encoder: Path) -> Config:
    save_family("llama", folder / "model")
    shutil.copytree(encoder, folder / "run" / "minilm")
    values = {
        "runs": "run",
        "base": {"kind": "folder", "where": "model", "id": "someone/tiny"},
        "template": {"kind": "chat"},
        "tasks": {
            "source": "behaviours",
            "replies": "run/replies.jsonl",
            **{"limit": 40, "asked": 2, "tested": 2, "longest": 4, "descriptions": 2},
        },
        "encoder": {"kind": "minilm"},
        "target": {"rank": 2, "modules": ["q_proj", "down_proj"]},
        "hypernetwork": {"latent": 16, "head_in": 16},
        "sft": {
            **{"tasks": 4, "examples": 2, "steps": 3, "warmup": 1},
            **{"answers": 0, "distill": 1, "teacher": "description", "teacher_signal": "logits"},
        },
        "evaluation": {"train_seeds": [0]},
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(values))
    return load_config(path)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, published_encoder: Path) -> Config:
    """A run with a trained network."""
    made = recipe(tmp_path_factory.mktemp("behaviours"), published_encoder)
    with pytest.raises(ConfigError, match="run the `replies` stage first"):
        stages.sft(made)
    behaviour_stages.replies(made)
    stages.sft(made)
    return made


def told_divergence(base: BaseModel, template: Template, replies: tuple[Reply, ...]) -> float:
    """Nats a token between the told and the plain model, by the model's own forward passes."""
    nats, tokens = 0.0, 0
    for reply in replies:
        found = []
        for told in (reply.told, None):
            ids, is_answer = template.row(reply.sample, told=told)
            logits = base.model(input_ids=torch.tensor([ids])).logits[0, :-1].float()
            found.append(torch.log_softmax(logits[torch.tensor(is_answer[1:])], -1))
        theirs, ours = found
        nats += float((theirs.exp() * (theirs - ours)).sum())
        tokens += len(theirs)
    return nats / tokens


@torch.no_grad()
def test_the_plain_model_is_as_far_away_as_its_own_passes_say(config: Config) -> None:
    tasks = config.tasks
    assert isinstance(tasks, BehaviourTasks)
    found = behaviour_tasks(Path(tasks.replies), tasks.pairs, tasks.seed, tasks.limit)
    setting = open_setting(config, load_hypernetwork(config), training_corpus(config))
    rows = measure_behaviours(setting, found.groups, "0" * 64)
    base = open_base(config)
    template = open_template(config, base)
    [task, *_] = found.report
    assert isinstance(task, BehaviourTask)
    expected = told_divergence(base, template, task.replies)
    own = [row for row in rows if (row.behaviour, row.condition) == (task.name, "plain")]
    assert sum(row.nats for row in own) / sum(row.tokens for row in own) == pytest.approx(
        expected, rel=1e-4
    )
    assert {row.condition for row in rows} == set(CONDITIONS)
    assert {row.behaviour for row in rows} == {one.name for one in found.report}
    moved = {row.nats for row in rows if row.behaviour == task.name}
    assert len(moved) == len(CONDITIONS)  # no two adapters do the same


def test_the_stage_keeps_every_row_and_prints_shares_of_the_plain_model(
    config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    behaviour_stages.behaviours(config)
    printed = json.loads(capsys.readouterr().out)
    plain = [row for row in printed if row["condition"] == "plain"]
    assert {row["share"] for row in plain} == {1.0}
    assert [row["group"] for row in plain][-1] == "all"
    path = config.run_dir / "results" / "behaviours.jsonl"
    rows = [Measured(**json.loads(line)) for line in path.read_text().splitlines()]
    assert [vars(one) for one in summary(rows)] == printed


def test_no_labels_are_learned_where_answers_have_no_weight(config: Config) -> None:
    losses = [
        json.loads(line)
        for line in (config.run_dir / "sft" / "seed-0" / "metrics.jsonl").read_text().splitlines()
    ]
    assert all(row["distance"] > 0 for row in losses)


def test_a_mean_counts_every_behaviour_the_same() -> None:
    def row(behaviour: str, condition: str, nats: float, tokens: int) -> Measured:
        return Measured(behaviour, "kind", "d", condition, "x", nats, tokens)

    values: Mapping[str, tuple[float, float]] = {
        "plain": (4.0, 2.0),
        "matched": (1.0, 1.0),
        "shuffled": (4.0, 4.0),
        "mean": (2.0, 2.0),
    }
    rows = [
        row(behaviour, condition, nats * tokens, tokens)
        for condition, pair in values.items()
        for behaviour, nats, tokens in zip("ab", pair, (10, 90), strict=True)
    ]
    found = {one.condition: one for one in summary(rows) if one.group == "all"}
    assert found["plain"].divergence == pytest.approx(3.0)
    assert found["matched"].share == pytest.approx(1 / 3)
    assert found["shuffled"].behaviours == 2
