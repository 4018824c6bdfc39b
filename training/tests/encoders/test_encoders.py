"""Encoders by name: what each keeps of a description, and what is said when there is none."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import torch
from adapters_for_tests import CONFIG, MINI, tiny_base
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from t2l.config.encoder import EncoderKind
from t2l.config.recipe import BundleConfig, Config, EncoderConfig, TasksConfig
from t2l.encoders.bag_of_words import BagOfWords, bag_of_words
from t2l.encoders.base_last_token import BaseLastToken
from t2l.encoders.open import ENCODERS, open_encoder
from t2l.tasks.procedural.world import procedural_tasks


def test_a_bag_of_words_loses_the_order_and_nothing_else() -> None:
    bag = BagOfWords(["Reverse the list, then sort it.", "Write 3 dots."])
    first, second, other = bag.encode(
        ["reverse it, then sort the list", "sort the list, then reverse it", "sort the list"]
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    torch.testing.assert_close(first.norm(), torch.tensor(1.0))


def test_words_outside_the_bag_are_nothing() -> None:
    bag = BagOfWords(["sort the list"])
    assert not bag.encode(["whatever else"]).any()
    assert torch.equal(bag.encode(["sort whatever"]), bag.encode(["SORT"]))


def test_the_bag_holds_training_words_only() -> None:
    config = replace(CONFIG, tasks=TasksConfig(limit=16))
    bag = bag_of_words(config)
    tasks = procedural_tasks(16)
    texts = [text for task in tasks.train for text in task.descriptions("train", 12, seed=0)]
    assert bag.dim == BagOfWords(texts).dim
    held_out = [text for task in tasks.report for text in task.descriptions("held_out", 4, 0)]
    assert bag.dim < BagOfWords([*texts, *held_out]).dim


def test_the_base_model_s_reading_is_a_unit_vector_whatever_stands_beside(tmp_path: Path) -> None:
    model, _ = tiny_base(tmp_path)
    assert isinstance(model, LlamaForCausalLM)
    encoder = BaseLastToken(model)
    texts = ["Reverse the list.", "naïve 你好", "", "word " * 200]
    vectors = encoder.encode(texts)
    assert vectors.shape == (4, encoder.dim) == (4, MINI.hidden)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(4))
    for text, vector in zip(texts, vectors, strict=True):
        torch.testing.assert_close(encoder.encode([text])[0], vector, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(vectors[0], encoder.encode(["Sort the list."])[0])
    assert encoder.encode([]).shape == (0, encoder.dim)


def with_encoder(folder: Path, kind: str) -> Config:
    assets = BundleConfig(assets=str(folder / "assets"))
    encoder = EncoderConfig(kind=cast(EncoderKind, kind))  # which refuses any other
    return replace(CONFIG, runs=str(folder), bundle=assets, encoder=encoder)


def test_every_encoder_can_be_chosen_and_no_other(tmp_path: Path) -> None:
    for kind in ENCODERS:
        assert with_encoder(tmp_path, kind).encoder.kind == kind
    with pytest.raises(
        ValueError, match="'tuned', 'contrast', 'minilm', 'bag_of_words' or 'base_last_token'"
    ):
        with_encoder(tmp_path, "word2vec")


@pytest.mark.parametrize(
    ("kind", "stage"),
    [("tuned", "encoder"), ("contrast", "encoder"), ("base_last_token", "base")],
)
def test_an_encoder_that_was_not_made_names_the_stage_to_run(
    tmp_path: Path, kind: str, stage: str
) -> None:
    assert kind in ENCODERS
    with pytest.raises(FileNotFoundError, match=f"run the `{stage}` stage first"):
        open_encoder(with_encoder(tmp_path, kind))
