"""Tuning the encoder: what its readers are to say, what stays as it was, and what comes out."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from bert_for_tests import tiny_bert
from safetensors.torch import load_file

from t2l.base.device import Device
from t2l.config.recipe import EncoderConfig, TrainerConfig
from t2l.encoders.onnx_encoder import (
    MODEL_FILE,
    OnnxEncoder,
    build_graph,
    export_encoder,
)
from t2l.tasks.general import GENERAL
from t2l.tasks.off_topic import OFF_TOPIC
from t2l.tasks.procedural.registry import DOMAINS
from t2l.tasks.procedural.world import Task, procedural_tasks
from t2l.train.metrics import FILE, read_metrics
from t2l.train.objectives import encoder_tuning, sentence_bert
from t2l.train.objectives.encoder_tuning import (
    IGNORED,
    Before,
    Readers,
    TunedEncoder,
    draw_texts,
    tune_encoder,
)
from t2l.train.objectives.sentence_bert import SentenceBert

CPU = Device("cpu", bfloat16=False)
ALWAYS = TrainerConfig(checkpoint_minutes=1e-9, tensorboard=False)  # a checkpoint every step
CONFIG = EncoderConfig(steps=6, texts=6, general=4, lr=3e-3, warmup=1)
TASKS = procedural_tasks(limit=16)
TEXTS = ("Reverse the list.", "Sort the words, then keep the first two of them and join by dots.")


def task(domain: str, *names: str) -> Task:
    rows = {row.name: row for row in DOMAINS[domain].operations}
    return Task(domain, tuple(rows[name] for name in names))


@pytest.fixture(scope="module")
def tiny_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of the published tokenizer, small enough to be tuned in a moment."""
    return tiny_bert(tmp_path_factory.mktemp("bert"), layers=2)


@pytest.fixture(autouse=True)
def tiny(tiny_source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (encoder_tuning, sentence_bert):
        monkeypatch.setattr(module, "source_folder", lambda: tiny_source)


@pytest.fixture(scope="module")
def tuned(tiny_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        for module in (encoder_tuning, sentence_bert):
            patch.setattr(module, "source_folder", lambda: tiny_source)
        return tune_encoder(CONFIG, TASKS, tmp_path_factory.mktemp("tuned"), CPU)


def test_readers_are_to_say_every_place_s_step_and_its_parameter() -> None:
    readers = Readers(8)
    rows = [task("words", "append:s", "join:,"), task("letters", "reverse")]
    steps, parameters = readers.labels(rows)
    known = readers.controls, readers.parameters_
    assert steps[0].tolist() == [known[0]["<append>"], known[0]["<join>"], 0]
    assert parameters[0].tolist() == [known[1]["s"], known[1][","], IGNORED]
    assert steps[1].tolist() == [known[0]["<reverse>"], 0, 0]
    assert parameters[1].tolist() == [IGNORED] * 3
    assert min(known[0].values()) == 1  # 0 says that there is no step


def test_the_same_step_has_one_label_in_every_domain() -> None:
    steps, _ = Readers(8).labels([task(domain, "reverse") for domain in DOMAINS])
    assert len(set(steps[:, 0].tolist())) == 1


def test_a_task_is_read_rightly_only_if_every_step_and_parameter_is() -> None:
    readers = Readers(8)
    row = task("words", "append:s", "join:,")
    steps, parameters = readers.labels([row])
    with torch.no_grad():
        for layer in (readers.control, readers.parameter):
            layer.weight.zero_()
            layer.bias.zero_()
        step_biases = readers.control.bias.view(3, -1)
        parameter_biases = readers.parameter.bias.view(3, -1)
        for place in range(3):
            step_biases[place, steps[0, place]] = 1
        parameter_biases[0, parameters[0, 0]] = parameter_biases[1, parameters[0, 1]] = 1
        vector = torch.ones(1, 8)
        assert readers.all_right(vector, [row]).item()
        other = task("words", "append:t", "join:,")
        assert not readers.all_right(vector, [other]).item()
        assert not readers.all_right(vector, [task("words", "append:s")]).item()


def test_tasks_without_parameters_have_a_finite_loss() -> None:
    loss = Readers(8).loss(torch.ones(1, 8), [task("words", "reverse")], smoothing=0.1)
    assert torch.isfinite(loss)


def test_word_vectors_stay_and_layers_move(tuned: Path, tiny_source: Path) -> None:
    before = load_file(tiny_source / "model.safetensors")
    after = load_file(tuned / "model.safetensors")
    assert before.keys() == after.keys()
    for name, value in before.items():
        assert torch.equal(value, after[name]) == name.startswith("embeddings."), name


def test_a_finished_tuning_says_how_well_it_reads_and_is_not_done_again(
    tuned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = json.loads((tuned / "reading.json").read_text())
    assert set(read) == {"train", "selection"} and all(0 <= x <= 1 for x in read.values())
    monkeypatch.setattr(encoder_tuning, "TunedEncoder", lambda _: pytest.fail("tuned again"))
    assert tune_encoder(CONFIG, TASKS, tuned.parent, CPU) == tuned


def test_a_tuning_that_was_cut_ends_with_the_weights_of_one_that_was_not(
    tuned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def cut(
        tasks: Sequence[Task], wider: Sequence[Task], count: int, rng: random.Random
    ) -> tuple[list[Task], list[str]]:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise KeyboardInterrupt
        return draw_texts(tasks, wider, count, rng)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(encoder_tuning, "draw_texts", cut)
        tune_encoder(CONFIG, TASKS, tmp_path, CPU, ALWAYS)
    resumed = load_file(tune_encoder(CONFIG, TASKS, tmp_path, CPU, ALWAYS) / "model.safetensors")
    for name, value in load_file(tuned / "model.safetensors").items():
        assert torch.equal(value, resumed[name]), name


def test_what_was_tuned_before_is_begun_with_and_held(tuned: Path, tmp_path: Path) -> None:
    texts = [f"Give the opposite of word {number}." for number in range(6)]
    config = replace(CONFIG, steps=12, drift=200.0)
    moved = []
    for held in (texts, ["something else"]):
        folder = tmp_path / str(len(held))
        before = Before(tuned, held, held=6)
        found = tune_encoder(config, TASKS, folder, CPU, ALWAYS, before)
        start, end = (SentenceBert(place).encode_all(texts, CPU) for place in (tuned, found))
        moved.append(float((start - end).square().sum(-1).mean()))
        assert all("held" in line for line in read_metrics(folder / FILE))
    assert 0 < moved[0] < 0.5 * moved[1]


def test_a_tuned_encoder_exports_to_files_that_give_its_vectors(
    tuned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentence_bert, "source_folder", lambda: tuned)
    with torch.no_grad():
        wanted = TunedEncoder().eval().encode(TEXTS, CPU)
    export_encoder(tmp_path, tuned)
    small = OnnxEncoder(tmp_path).encode(TEXTS)
    assert torch.nn.functional.cosine_similarity(small, wanted).min() > 0.998
    (tmp_path / MODEL_FILE).write_bytes(build_graph(tuned, "float32"))
    torch.testing.assert_close(OnnxEncoder(tmp_path).encode(TEXTS), wanted, atol=1e-5, rtol=0)


def test_a_text_s_vector_does_not_depend_on_what_is_encoded_beside_it() -> None:
    model = TunedEncoder().eval()
    with torch.no_grad():
        together = model.encode([*TEXTS, *GENERAL[:30]], CPU)
        alone = torch.cat([model.encode([text], CPU) for text in TEXTS])
    torch.testing.assert_close(together[: len(TEXTS)], alone, atol=1e-5, rtol=0)


def test_the_fit_score_is_not_measured_on_sentences_that_tuning_saw() -> None:
    assert not set(GENERAL) & set(OFF_TOPIC)
