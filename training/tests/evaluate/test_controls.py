"""Controls: what the hypernetwork is given to read in each, and what strength means."""

from collections.abc import Sequence
from dataclasses import fields
from typing import ClassVar, cast

import pytest
import torch
from adapters_for_tests import (
    CONFIG,
    CPU,
    DIM,
    LetterEncoder,
    in_phrasing,
    tiny_base,
    tiny_corpus,
    tiny_tasks,
)

from t2l.base.adapter_weights import AdapterWeights
from t2l.evaluate.conditions import CONDITIONS, STRENGTHS, controls
from t2l.evaluate.questions import Block, make_block
from t2l.evaluate.setting import Setting
from t2l.tasks.procedural.world import Task
from t2l.tasks.source import Split
from t2l.template.rows import Row
from t2l.train.objectives.sft import build_hypernetwork


class Listener:
    """A setting that keeps what descriptions it is asked with."""

    train = tiny_corpus()

    def __init__(self) -> None:
        self.heard: list[tuple[str, ...]] = []

    def described(self, block: Block, descriptions: Sequence[tuple[str, ...]]) -> list[bool]:
        self.heard = list(descriptions)
        return []


def heard(condition: str, block: Block) -> list[tuple[str, ...]]:
    listener = Listener()
    # the listener has what controls use of a setting, and no model
    CONDITIONS[condition](cast(Setting, listener), block)
    assert [len(texts) for texts in listener.heard] == [len(row) for row in block.descriptions]
    return listener.heard


def block(count: int = 6, seed: int = 0) -> Block:
    return make_block(tiny_tasks().train[:count], 4, 2, seed, "held_out")


@pytest.mark.parametrize("count", [1, 2, 6])
def test_shuffled_never_uses_the_task_s_own_description(count: int) -> None:
    for seed in range(20):
        asked = block(count, seed)
        for own, other in zip(asked.descriptions, heard("shuffled", asked), strict=True):
            assert not set(own) & set(other)


def test_shuffled_does_not_always_use_the_same_neighbour() -> None:
    asked = [block(6, seed) for seed in range(10)]
    shifts = {one.descriptions.index(heard("shuffled", one)[0]) for one in asked}
    assert len(shifts) > 2


def test_paraphrases_and_known_words_are_of_the_own_task_in_other_splits() -> None:
    splits: dict[str, Split] = {"paraphrase": "selection", "known_words": "train"}
    for condition, split in splits.items():
        for task, texts in zip(block().tasks, heard(condition, block()), strict=True):
            assert isinstance(task, Task)
            assert all(in_phrasing(text, task, split) for text in texts), (condition, texts)


def test_a_negation_forbids_what_the_description_asked_for() -> None:
    assert controls.negation("Reverse the list.") == "Do not do this: reverse the list."
    for own, other in zip(block().descriptions, heard("negated", block()), strict=True):
        assert other == tuple(controls.negation(text) for text in own)


@pytest.mark.parametrize("condition", ["junk_words", "junk_characters"])
def test_junk_is_the_same_every_time_and_differs_from_task_to_task(condition: str) -> None:
    found = heard(condition, block())
    assert found == heard(condition, block()) != heard(condition, block(seed=1))
    texts = [text for row in found for text in row]
    assert len(set(texts)) == len(texts)
    assert found[2:3] == heard(condition, make_block(block().tasks[2:3], 4, 2, 0, "held_out"))


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    folder = tmp_path_factory.mktemp("setting")
    model, target = tiny_base(folder / "base")
    network = build_hypernetwork(CONFIG, target, DIM).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.3)
    return Setting(model, network, LetterEncoder(), tiny_corpus(), CONFIG, CPU, folder)


class Recorder(Setting):
    """Keeps the adapters that are scored."""

    scored: ClassVar[list[AdapterWeights]] = []

    def score(
        self,
        rows: Sequence[Row],
        weights: AdapterWeights | None = None,
        answers: Sequence[Sequence[str]] | None = None,
    ) -> list[bool]:
        assert weights is not None
        self.scored.append(weights)
        return super().score(rows, weights, answers)


def recorded(setting: Setting, names: Sequence[str], asked: Block) -> list[AdapterWeights]:
    """The adapters that some conditions score, in order."""
    Recorder.scored.clear()
    recorder = Recorder(**{field.name: getattr(setting, field.name) for field in fields(setting)})
    for name in names:
        CONDITIONS[name](recorder, asked)
    return list(Recorder.scored)


def test_a_strength_multiplies_the_update(setting: Setting) -> None:
    names = ["matched", *(f"strength_{factor:g}" for factor in STRENGTHS)]
    scored = recorded(setting, names, block(2))
    for factor, weights in zip((1.0, *STRENGTHS), scored, strict=True):
        for name, (a, b) in weights.items():
            torch.testing.assert_close(b @ a, factor * (scored[0][name][1] @ scored[0][name][0]))
            assert b.abs().max() > 0


def test_no_strength_is_the_base_model_alone(setting: Setting) -> None:
    assert controls.matched(setting, block(), 0.0) == CONDITIONS["zero_shot"](setting, block())


def test_the_static_adapter_is_one_for_all_tasks(setting: Setting) -> None:
    (shared,) = recorded(setting, ["static"], block())
    each = [setting.generate_from(vector[None]) for vector in setting.train.centroids()]
    for name, pair in shared.items():
        for side in (0, 1):
            mean = torch.cat([one[name][side] for one in each]).mean(dim=0, keepdim=True)
            torch.testing.assert_close(pair[side], mean, atol=1e-5, rtol=1e-4)
