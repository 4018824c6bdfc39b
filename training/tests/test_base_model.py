"""The base model: tokens as its tokenizer makes them, loss on outputs only, exact resumption."""

import dataclasses
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from t2l.base_model import (
    ARROW,
    BOS,
    END,
    IGNORED,
    TOKEN_IDS,
    base_model_revision,
    build_tokenizer,
    collate,
    encode_lines,
    episode_batch,
    load_base_model,
    train_base_model,
)
from t2l.config import BaseModelConfig
from t2l.device import Device
from t2l.tasks.procedural import Sample, procedural_tasks

TINY = BaseModelConfig(
    hidden=16, layers=1, heads=2, intermediate=32, steps=6, episodes=2, row=64, warmup=2
)
TASKS = procedural_tasks(limit=12).train
CPU = Device("cpu", bfloat16=False)


def test_tokens_are_those_of_the_fast_tokenizer() -> None:
    samples = [Sample("cat sun", "SUN, CAT"), Sample("4 7 -> 1", "x*y")]
    text = "".join(f"{s.input}{ARROW}{s.output}{END}" for s in samples[:1])
    ids, _ = encode_lines(samples[:1])
    assert build_tokenizer()(text).input_ids == ids
    assert build_tokenizer().decode(ids[1:]) == text


def test_loss_is_on_outputs_and_line_ends_only() -> None:
    _, labels = collate([encode_lines([Sample("ab", "BA"), Sample("c", "C")])])
    kept = [token for token in labels[0].tolist() if token != IGNORED]
    assert kept == [TOKEN_IDS[c] for c in "BA\nC\n"]


def test_rows_stay_within_their_length_and_begin_with_bos() -> None:
    tokens, labels = episode_batch(TASKS, TINY, step=3)
    assert tokens.shape == labels.shape
    assert tokens.shape[1] <= TINY.row
    assert (tokens[:, 0] == BOS).all()


def test_a_batch_depends_on_seed_and_step_only() -> None:
    first, again = episode_batch(TASKS, TINY, 1), episode_batch(TASKS, TINY, 1)
    assert torch.equal(first[0], again[0])
    assert not torch.equal(first[0][0, :20], episode_batch(TASKS, TINY, 2)[0][0, :20])


def test_a_run_that_was_cut_ends_with_the_weights_of_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("t2l.base_model.CHECKPOINT_EVERY", 3)
    whole = train_base_model(TINY, TASKS, tmp_path / "whole", CPU)
    calls = 0

    def cut(tasks: object, config: BaseModelConfig, step: int) -> object:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise KeyboardInterrupt
        return episode_batch(TASKS, config, step)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("t2l.base_model.episode_batch", cut)
        train_base_model(TINY, TASKS, tmp_path / "cut", CPU)
    resumed = train_base_model(TINY, TASKS, tmp_path / "cut", CPU)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_the_finished_model_loads_in_transformers_with_float16_exact_weights(
    tmp_path: Path,
) -> None:
    trained = train_base_model(dataclasses.replace(TINY, steps=2), TASKS, tmp_path, CPU)
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "final", dtype=torch.float32)
    ids = AutoTokenizer.from_pretrained(tmp_path / "final")("cat -> ", return_tensors="pt")
    assert torch.equal(loaded(ids.input_ids).logits, trained(ids.input_ids).logits)
    for parameter in trained.parameters():
        assert torch.equal(parameter, parameter.half().float())
    assert len(base_model_revision(tmp_path / "final")) == 40
    assert TOKEN_IDS[END] in loaded.generation_config.eos_token_id  # an answer is one line


def test_a_missing_base_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="run the `base` stage"):
        load_base_model(tmp_path)
