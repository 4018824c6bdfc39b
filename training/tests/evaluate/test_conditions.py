"""Conditions: an answer for every sample, and each means what its name says."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from adapters_for_tests import (
    CONFIG,
    CPU,
    DIM,
    LetterEncoder,
    tiny_base,
    tiny_corpus,
    tiny_tasks,
)

from t2l.base.adapter_stack import load_stack, save_stack
from t2l.base.adapter_weights import AdapterWeights
from t2l.base.applying import apply_adapters
from t2l.base.low_rank import mean_adapter
from t2l.config.baselines import ArrowOptions
from t2l.evaluate.conditions import (
    CONDITIONS,
    OF_PUBLIC,
    WITHOUT_HYPERNETWORK,
    conditions_of,
    conditions_on,
)
from t2l.evaluate.conditions.arrow import arrow_model
from t2l.evaluate.conditions.trained import mean_of_oracles, nearest_tasks
from t2l.evaluate.questions import make_block
from t2l.evaluate.setting import Setting
from t2l.train.objectives.hyperdecoder import prompt_vectors, train_hyperdecoder
from t2l.train.objectives.multi_task import train_multi_task
from t2l.train.objectives.oracle_store import OracleLibrary, oracle_names
from t2l.train.objectives.oracles import load_oracles, train_oracles
from t2l.train.objectives.sft import build_hypernetwork

TRAINED = ("multi_task", "oracle", "mean_oracle", "retrieval", "hyperdecoder", "arrow")


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    folder = tmp_path_factory.mktemp("setting")
    model, target = tiny_base(folder / "base")
    corpus = tiny_corpus()
    encoder = LetterEncoder()
    corpus = replace(corpus, embeddings=tuple(encoder.encode(row) for row in corpus.descriptions))
    tasks = tiny_tasks()
    options = CONFIG.baselines
    train_oracles(model, target, corpus.tasks[:-1], options.oracles, folder, CPU)
    train_oracles(model, target, tasks.left_out[:2], options.oracles, folder, CPU)
    train_multi_task(model, target, corpus.tasks, tasks.left_out, options.multi_task, folder, CPU)
    train_hyperdecoder(CONFIG, model, target, corpus.tasks, folder, CPU)
    network = build_hypernetwork(CONFIG, target, DIM).eval()
    return Setting(model, network, encoder, corpus, CONFIG, CPU, folder)


def unseen_block():
    return make_block(tiny_tasks().left_out[:2], 4, 2, 0, "held_out")


@pytest.mark.parametrize("name", conditions_of("arrow"))
def test_every_condition_answers_every_sample_and_always_the_same(
    setting: Setting, name: str
) -> None:
    hits = CONDITIONS[name](setting, unseen_block())
    assert len(hits) == 8 and all(isinstance(hit, bool) for hit in hits)
    assert CONDITIONS[name](setting, unseen_block()) == hits


def test_what_no_training_seed_can_change_is_measured_once() -> None:
    assert set(TRAINED) < set(WITHOUT_HYPERNETWORK) < set(CONDITIONS)


@pytest.mark.parametrize("name", TRAINED)
def test_a_condition_without_its_adapters_names_the_stage_to_run(
    setting: Setting, tmp_path: Path, name: str
) -> None:
    with pytest.raises(FileNotFoundError, match="run the `.*` stage first"):
        CONDITIONS[name](replace(setting, store=tmp_path), unseen_block())


def test_retrieval_finds_the_own_task_of_a_training_description(setting: Setting) -> None:
    seen: dict[str, set[str]] = {}
    for task, texts in zip(setting.train.tasks, setting.train.descriptions, strict=True):
        for text in texts:
            seen.setdefault(str(setting.encoder.encode([text]).tolist()), set()).add(task.name)
    for task, texts in zip(setting.train.tasks[:-1], setting.train.descriptions[:-1], strict=True):
        alike = seen[str(setting.encoder.encode(texts[:1]).tolist())]
        assert nearest_tasks(setting, setting.encoder.encode(texts[:1]))[0] in alike
        assert task.name in alike


def test_the_mean_oracle_is_made_a_layer_at_a_time(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, target = oracle_names(setting.store), setting.hypernetwork.target
    assert target.layers > 1
    whole = mean_adapter(load_oracles(setting.store, names), target.rank)
    read, sizes = OracleLibrary.read, set[int]()

    def noted(self: OracleLibrary, rows: Sequence[int], layer: int | None = None) -> AdapterWeights:
        found = read(self, rows, layer)
        sizes.update(side.shape[1] for sides in found.values() for side in sides)
        return found

    monkeypatch.setattr(OracleLibrary, "read", noted)
    found = mean_of_oracles(setting.store, names, target.layers, target.rank)
    assert sizes == {1}
    assert found.keys() == whole.keys()
    for name, sides in whole.items():
        for ours, theirs in zip(found[name], sides, strict=True):
            assert torch.equal(ours, theirs)


def test_retrieval_never_names_a_task_without_oracle(setting: Setting) -> None:
    last = setting.train.descriptions[-1]
    found = nearest_tasks(setting, setting.encoder.encode(last))
    assert setting.train.tasks[-1].name not in found


def test_arrow_with_a_single_expert_is_that_expert(setting: Setting) -> None:
    target = setting.hypernetwork.target
    names = (setting.train.tasks[0].name,)
    routed = arrow_model(
        setting.model, target, setting.store, names, ArrowOptions(experts=1, top_k=1)
    )
    ids = torch.randint(4, 60, (3, 9), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        mixed = routed(input_ids=ids).logits
        with apply_adapters(setting.model, target, load_oracles(setting.store, names)):
            alone = setting.model(input_ids=ids).logits
        plain = setting.model(input_ids=ids).logits
    torch.testing.assert_close(mixed, alone, atol=1e-4, rtol=1e-4)
    assert (alone - plain).abs().max() > 1e-3


def test_arrow_has_no_second_copy_of_the_base_model(setting: Setting) -> None:
    names = (setting.train.tasks[0].name,)
    routed = arrow_model(
        setting.model,
        setting.hypernetwork.target,
        setting.store,
        names,
        setting.config.baselines.arrow,
    )
    ours = {parameter.data_ptr() for parameter in setting.model.parameters()}
    assert ours <= {parameter.data_ptr() for parameter in routed.parameters()}


def test_arrow_leaves_the_base_model_as_it_was(setting: Setting) -> None:
    CONDITIONS["arrow"](setting, unseen_block())
    assert not any("lora" in name for name, _ in setting.model.named_modules())


def test_a_prompt_s_vector_does_not_see_the_answer_or_its_neighbours(setting: Setting) -> None:
    rows = unseen_block().rows()
    together = prompt_vectors(setting.model, rows, CPU)
    for row, vector in zip(rows, together, strict=True):
        prompt = row[1].index(True)
        cut = (row[0][: prompt + 1], row[1][: prompt + 1])
        alone = prompt_vectors(setting.model, [cut], CPU)[0]
        torch.testing.assert_close(alone, vector, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(together.norm(dim=1), torch.ones(len(rows)))


def test_stacked_adapters_survive_their_file(tmp_path: Path) -> None:
    weights = {"v_proj": (torch.rand(3, 2, 4, 5), torch.rand(3, 2, 6, 4))}
    save_stack(tmp_path / "some.safetensors", weights)
    for rows in (None, [2, 0, 2]):
        stored = load_stack(tmp_path / "some.safetensors", rows)
        for side in (0, 1):
            wanted = weights["v_proj"][side]
            assert torch.equal(stored["v_proj"][side], wanted if rows is None else wanted[rows])


def test_what_is_measured_follows_the_split_and_what_the_recipe_leaves_out() -> None:
    assert conditions_on("report", "arrow") == conditions_of("arrow")
    every = conditions_on("report", "chat", ("arrow", "multi_task"))
    assert set(conditions_of("chat")) - set(every) == {"arrow", "multi_task"}
    # training tasks have an oracle only where they were drawn
    assert set(every) - set(conditions_on("seen", "chat", ("arrow", "multi_task"))) == {"oracle"}
    assert set(conditions_on("sni", "chat", public=True)) == set(OF_PUBLIC)
