"""Conditions and fit of networks that write DoRAs and IA3s."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from adapters_for_tests import CONFIG, CPU, DIM, LetterEncoder, tiny_base, tiny_corpus, tiny_tasks
from outputs_for_tests import OTHERS

from t2l.base.model import BaseModel
from t2l.base.source import BaseSource
from t2l.base.target import OutputKind
from t2l.config.recipe import TargetConfig
from t2l.evaluate.conditions import CONDITIONS, conditions_on
from t2l.evaluate.conditions.controls import mean_adapter
from t2l.evaluate.opening import target_of
from t2l.evaluate.questions import make_block
from t2l.evaluate.setting import Setting
from t2l.evaluate.vectors import project
from t2l.train.objectives.sft import build_hypernetwork


@pytest.fixture(params=OTHERS)
def setting(request: pytest.FixtureRequest, tmp_path: Path) -> Setting:
    output: OutputKind = request.param
    tiny_base(tmp_path / "base")
    base = BaseModel.open(BaseSource("mini", str(tmp_path / "base"), id=CONFIG.base.id))
    target = TargetConfig(("q_proj", "down_proj"), 1 if output == "ia3" else 2, output=output)
    config = replace(CONFIG, target=target)
    network = build_hypernetwork(config, target_of(config, base), DIM, base.model).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape))
    return Setting(base.model, network, LetterEncoder(), tiny_corpus(), config, CPU, tmp_path)


def test_every_condition_without_other_trainings_can_be_measured(setting: Setting) -> None:
    block = make_block(tiny_tasks().train[:3], 4, 2, 0, "held_out")
    output = setting.hypernetwork.target.output
    left = ("oracle", "retrieval", "multi_task", "hyperdecoder")
    names = conditions_on("report", "arrow", left, output=output)
    assert {"matched", "shuffled", "static", "int8", "junk_words"} <= set(names)
    assert ("strength_0.5" in names) == (output == "ia3")
    assert not {"arrow", "mean_oracle"} & set(names)
    for name in names:
        assert len(CONDITIONS[name](setting, block)) == 12, name


def test_the_static_adapter_is_the_mean_of_every_tensor(setting: Setting) -> None:
    mean = mean_adapter(setting)
    each = setting.generate_from(setting.train.centroids())
    for name, sides in mean.items():
        for side, values in zip(sides, each[name], strict=True):
            torch.testing.assert_close(side[0], values.mean(dim=0), atol=1e-5, rtol=1e-4)


def test_the_int8_graph_answers_as_the_network_does(setting: Setting) -> None:
    block = make_block(tiny_tasks().train[:3], 4, 2, 0, "held_out")
    matched, int8 = (CONDITIONS[name](setting, block) for name in ("matched", "int8"))
    assert sum(x == y for x, y in zip(matched, int8, strict=True)) >= 11


def test_adapters_are_seen_in_the_maps_of_the_report(setting: Setting) -> None:
    vectors = setting.train.centroids()
    found = project(setting.generate_from(vectors[:3]))
    assert found.shape == (3, 512) and torch.isfinite(found).all()
    assert not torch.allclose(found[0], found[1])
