"""The base model: tokens as its tokenizer makes them, loss on outputs only, exact resumption."""

import dataclasses
import json
import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers.models.auto.modeling_auto import AutoModelForCausalLM
from transformers.models.auto.tokenization_auto import AutoTokenizer

from t2l.base.device import Device
from t2l.base.files import base_model_revision, load_base_model
from t2l.config.recipe import BaseModelConfig, TrainerConfig
from t2l.mini.base_model import build_model, episode_batch, fill_row, start_from, train_base_model
from t2l.tasks.procedural.world import procedural_tasks
from t2l.tasks.source import Sample
from t2l.template.arrow import encode_lines, encode_prompt
from t2l.template.characters import (
    ARROW,
    BOS,
    CONTROL_CODES,
    END,
    PAD,
    TOKEN_IDS,
    VOCABULARY,
    build_tokenizer,
)
from t2l.template.rows import IGNORED, collate

TINY = BaseModelConfig(
    hidden=16,
    layers=1,
    heads=2,
    intermediate=32,
    steps=6,
    coded=0.5,
    coded_episodes=3,
    episodes=2,
    row=64,
    warmup=2,
)
TASKS = procedural_tasks(limit=12).train
CPU = Device("cpu", bfloat16=False)
ALWAYS = TrainerConfig(checkpoint_minutes=1e-9, tensorboard=False)  # a checkpoint every step
ASSETS = Path(__file__).parents[3] / "src" / "assets"
FIRST_VOCABULARY = (
    *("<pad>", "<bos>", "<eos>", " -> ", "\n", " "),
    *"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    *"!#*()+,-./:=?_'\";&%@<>[]",
)
"""Tokens of version 1, whose weights later versions continue."""


def test_the_vocabulary_begins_with_that_of_version_1_and_goes_on_with_the_codes() -> None:
    assert VOCABULARY == (*FIRST_VOCABULARY, *CONTROL_CODES)
    assert len(set(VOCABULARY)) == len(VOCABULARY)
    for task in procedural_tasks().report:
        assert all(code in TOKEN_IDS for code in task.codes), task.name


def test_the_model_that_ships_has_this_vocabulary_or_its_beginning() -> None:
    path = ASSETS / "base-models" / "t2l-mini-base" / "tokenizer.json"
    shipped = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    assert len(shipped) >= len(FIRST_VOCABULARY)
    assert tuple(sorted(shipped, key=shipped.__getitem__)) == VOCABULARY[: len(shipped)]


def test_tokens_are_those_of_the_fast_tokenizer() -> None:
    samples = [Sample("cat sun", "SUN, CAT"), Sample("4 7 -> 1", "x*y")]
    text = "".join(f"{s.input}{ARROW}{s.output}{END}" for s in samples[:1])
    ids, _ = encode_lines(samples[:1])
    assert build_tokenizer()(text).input_ids == ids
    assert build_tokenizer().decode(ids[1:]) == text


@pytest.mark.parametrize("prompt", [f"cat sun{ARROW}", f"4 7{ARROW}7 4{END}1 2{ARROW}"])
def test_a_prompt_s_tokens_are_those_of_the_fast_tokenizer(prompt: str) -> None:
    assert encode_prompt(prompt) == build_tokenizer()(prompt).input_ids


def test_anyone_s_tokenizer_reads_a_control_code_as_one_token() -> None:
    sample, codes = Sample("cat sun", "cats,suns"), ("<append>", "s", "<join>", ",")
    ids, _ = encode_lines([sample], codes)
    text = f"{''.join(codes)}{sample.input}{ARROW}{sample.output}{END}"
    assert build_tokenizer()(text).input_ids == ids
    assert ids[1 : 1 + len(codes)] == [TOKEN_IDS[code] for code in codes]


def test_an_episode_with_codes_begins_with_them_once_and_has_no_loss_on_them() -> None:
    task = next(task for task in TASKS if len(task.steps) > 1)
    ids, is_output = fill_row(task, task.codes, 4, 200, random.Random(0))
    begin = 1 + len(task.codes)
    assert ids[:begin] == [BOS, *(TOKEN_IDS[code] for code in task.codes)]
    assert not any(is_output[:begin])
    assert ids.count(TOKEN_IDS[ARROW]) == 4
    controls = {TOKEN_IDS[code] for code in CONTROL_CODES}
    assert not controls & set(ids[begin:])
    outputs = [token for token, output in zip(ids, is_output, strict=True) if output]
    assert outputs.count(TOKEN_IDS[END]) == 4


def test_all_episodes_of_a_step_have_codes_or_none_has() -> None:
    first_code = len(FIRST_VOCABULARY)
    with_codes = dataclasses.replace(TINY, coded=1.0)
    without = dataclasses.replace(TINY, coded=0.0)
    for step in range(5):
        tokens, _ = episode_batch(TASKS, with_codes, step)
        assert tokens.shape[0] == TINY.coded_episodes
        assert (tokens[:, 1] >= first_code).all()
        tokens, _ = episode_batch(TASKS, without, step)
        assert tokens.shape[0] == TINY.episodes
        assert (tokens < first_code).all()


def test_loss_is_on_outputs_and_line_ends_only() -> None:
    _, labels, _ = collate([encode_lines([Sample("ab", "BA"), Sample("c", "C")])], PAD)
    kept = [token for token in labels[0].tolist() if token != IGNORED]
    assert kept == [TOKEN_IDS[c] for c in "BA\nC\n"]


def test_rows_stay_within_their_length_and_begin_with_bos() -> None:
    for step in range(8):
        tokens, labels = episode_batch(TASKS, TINY, step)
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
    whole = train_base_model(TINY, TASKS, tmp_path / "whole", CPU)
    calls = 0

    def cut(tasks: object, config: BaseModelConfig, step: int) -> object:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise KeyboardInterrupt
        return episode_batch(TASKS, config, step)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("t2l.mini.base_model.episode_batch", cut)
        train_base_model(TINY, TASKS, tmp_path / "cut", CPU, ALWAYS)
    resumed = train_base_model(TINY, TASKS, tmp_path / "cut", CPU, ALWAYS)
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


def save_weights(folder: Path, config: BaseModelConfig, tokens: int) -> dict[str, torch.Tensor]:
    """An earlier model's file, its vocabulary cut or extended to a number of tokens."""
    weights = build_model(dataclasses.replace(config, seed=9)).state_dict()
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        weights[name] = torch.cat([weights[name]] * 2)[:tokens].clone()
    folder.mkdir()
    save_file({name: value.half() for name, value in weights.items()}, folder / "model.safetensors")
    return weights


def test_going_on_from_an_earlier_model_keeps_its_weights_and_draws_the_rows_of_new_tokens(
    tmp_path: Path,
) -> None:
    known = len(FIRST_VOCABULARY)
    old = save_weights(tmp_path / "old", TINY, known)
    drawn = build_model(TINY).state_dict()
    model = build_model(TINY)
    start_from(model, tmp_path / "old")
    for name, value in model.state_dict().items():
        rows = old[name].shape[0]
        assert torch.equal(value[:rows], old[name].half().float()), name
        assert torch.equal(value[rows:], drawn[name][rows:]), name
    assert model.lm_head.weight.shape[0] == len(VOCABULARY) > known


@pytest.mark.parametrize(
    ("changes", "tokens"),
    [
        ({"hidden": 32}, len(FIRST_VOCABULARY)),
        ({"layers": 2}, len(FIRST_VOCABULARY)),
        ({"intermediate": 16}, len(FIRST_VOCABULARY)),
        ({}, len(VOCABULARY) + 1),
    ],
)
def test_a_model_of_another_shape_cannot_be_gone_on_from(
    tmp_path: Path, changes: dict[str, int], tokens: int
) -> None:
    save_weights(tmp_path / "old", dataclasses.replace(TINY, **changes), tokens)
    with pytest.raises(ValueError, match="wanted"):
        start_from(build_model(TINY), tmp_path / "old")


def test_training_goes_on_from_the_configured_model(tmp_path: Path) -> None:
    old = save_weights(tmp_path / "old", TINY, len(FIRST_VOCABULARY))
    config = dataclasses.replace(TINY, steps=0, continue_from=str(tmp_path / "old"))
    trained = train_base_model(config, TASKS, tmp_path / "new", CPU)
    name = "model.layers.0.mlp.up_proj.weight"
    assert torch.equal(trained.state_dict()[name], old[name].half().float())


def test_a_missing_base_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="run the `base` stage"):
        load_base_model(tmp_path)
