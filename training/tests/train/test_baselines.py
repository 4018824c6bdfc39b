"""Baselines and oracles of any model: through its own template, where its layers are."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from adapters_for_tests import CONFIG, CPU
from families_for_tests import SAMPLES, save_family

from t2l.base.adapter_weights import AdapterWeights, changed
from t2l.base.applying import apply_adapters
from t2l.base.model import BaseModel
from t2l.base.scoring import exact_matches
from t2l.base.source import BaseSource
from t2l.base.typed import generate
from t2l.config.baselines import MultiTaskConfig
from t2l.config.errors import ConfigError
from t2l.tasks.source import Part, Sample, Split
from t2l.template.chat import ChatTemplate
from t2l.train.objectives.hyperdecoder import prompt_vectors, train_hyperdecoder
from t2l.train.objectives.multi_task import train_multi_task
from t2l.train.objectives.oracles import load_oracles, train_oracles
from t2l.train.rows import KeptRows
from t2l.train.zero_shot import (
    adapted_losses,
    answer_mean,
    frozen_reader,
    losses_backward,
    parts_of,
    task_rows,
    under_one,
)

OPTIONS = CONFIG.baselines


@dataclass(frozen=True)
class Words:
    """A task over text in any characters."""

    name: str
    family: str = "words"

    def sample(self, rng: random.Random, part: Part = "train") -> Sample:
        one = rng.choice(SAMPLES)
        return Sample(one.input, f"{self.name} {one.output}")

    def descriptions(self, split: Split, count: int, seed: int) -> tuple[str, ...]:
        return (f"Say {self.name} first.",)


TASKS = tuple(Words(name) for name in ("né", "東", "да", "🙂", "so"))


def opened(family: str, folder: Path) -> tuple[BaseModel, ChatTemplate]:
    base = BaseModel.open(BaseSource("folder", str(save_family(family, folder)), id="a/b"))
    return base, ChatTemplate(base.tokenizer, None)


def values(weights: AdapterWeights) -> torch.Tensor:
    return torch.cat([b.flatten() for _, b in weights.values()])


@pytest.mark.parametrize("family", ["mistral", "gemma2", "qwen3"])
def test_a_model_of_any_family_gets_its_baselines(family: str, tmp_path: Path) -> None:
    base, template = opened(family, tmp_path / "model")
    target = base.target(("q_proj", "down_proj"), 2, 4)
    train_oracles(base.model, target, TASKS, OPTIONS.oracles, tmp_path, CPU, template=template)
    oracles = load_oracles(tmp_path, [task.name for task in TASKS])
    assert values(oracles).abs().max() > 0
    shared = train_multi_task(
        base.model,
        target,
        TASKS,
        TASKS[:2],
        OPTIONS.multi_task,
        tmp_path,
        CPU,
        template=template,
    )
    assert values(shared).abs().max() > 0
    rows = [template.row(SAMPLES[index]) for index in range(4)]
    assert len(exact_matches(base.model, rows, CPU, target, shared)) == 4
    network = train_hyperdecoder(
        CONFIG, base.model, target, TASKS, tmp_path, CPU, template=template
    )
    made = network(prompt_vectors(base.model, rows, CPU))
    assert made["down_proj"][1].shape[0] == 4


def test_a_right_answer_in_a_chat_is_a_match_alone_and_together(tmp_path: Path) -> None:
    base, template = opened("llama", tmp_path / "model")
    target = base.target(("q_proj",), 2, 4)
    generator = torch.Generator().manual_seed(0)
    weights = {
        module.name: (
            torch.randn(2, target.layers, 2, module.in_features, generator=generator),
            torch.randn(2, target.layers, module.out_features, 2, generator=generator),
        )
        for module in target.modules
    }
    rows, plain = [], []
    for index, sample in enumerate(SAMPLES[:4]):
        prompt = template.prompt(sample.input)
        own = {name: (a[index // 2][None], b[index // 2][None]) for name, (a, b) in weights.items()}
        ids = torch.tensor([prompt])
        with apply_adapters(base.model, target, own):
            mask = torch.ones_like(ids)
            row = generate(base.model, ids, attention_mask=mask, max_new_tokens=4, do_sample=False)
            written = row[0, len(prompt) :].tolist()
        rows.append((prompt + written, [False] * len(prompt) + [True] * len(written)))
        plain.append(exact_matches(base.model, rows[-1:], CPU)[0])
    assert exact_matches(base.model, rows, CPU, target, weights) == [True] * 4
    assert exact_matches(base.model, rows, CPU) == plain and not all(plain)


def test_losses_and_gradients_part_by_part_are_those_of_all_at_once(tmp_path: Path) -> None:
    base, template = opened("llama", tmp_path / "model")
    target = base.target(("q_proj", "down_proj"), 2, 4)
    kept, reader = KeptRows(template), frozen_reader(base.model, CPU)
    groups = [task_rows(task, 2, random.Random(task.name), kept) for task in TASKS]
    for parts, count in ((parts_of(groups), len(TASKS)), (under_one(parts_of(groups)), 1)):
        generator = torch.Generator().manual_seed(1)
        drawn = {
            m.name: (
                torch.randn(count, target.layers, 2, m.in_features, generator=generator),
                torch.randn(count, target.layers, m.out_features, 2, generator=generator),
            )
            for m in target.modules
        }
        weights = changed(drawn, lambda side: side.mul_(0.1).requires_grad_())
        found = losses_backward(reader, target, weights, parts, answer_mean(parts))
        gradients = []
        for pair in weights.values():
            for value in pair:
                assert value.grad is not None
                gradients.append(value.grad)
                value.grad = None
        sums, counts = adapted_losses(reader, target, weights, parts)
        loss = sums.sum() / counts.sum()
        loss.backward()
        assert found.loss == pytest.approx(loss.item(), rel=1e-5)
        for ours, value in zip(
            gradients, (value for pair in weights.values() for value in pair), strict=True
        ):
            torch.testing.assert_close(ours, value.grad, atol=1e-6, rtol=1e-4)


def test_a_baseline_that_was_begun_with_other_options_is_refused(tmp_path: Path) -> None:
    base, template = opened("llama", tmp_path / "model")
    target = base.target(("q_proj",), 2, 4)

    def train(options: MultiTaskConfig, told: ChatTemplate = template) -> None:
        train_multi_task(
            base.model, target, TASKS, TASKS[:1], options, tmp_path, CPU, template=told
        )

    train(OPTIONS.multi_task)
    (tmp_path / "multi_task" / "adapter.safetensors").unlink()
    with pytest.raises(ConfigError, match="multi_task.steps 3, now 5"):
        train(replace(OPTIONS.multi_task, steps=5))
    with pytest.raises(ConfigError, match="template.system"):
        train(OPTIONS.multi_task, ChatTemplate(base.tokenizer, "Be brief."))
