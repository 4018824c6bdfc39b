"""Sizes are those that were asked for, and impossible ones are refused in a sentence."""

from __future__ import annotations

import re

import pytest
from bench_for_tests import TINY, options_of, tiny_sizes
from command_for_tests import Command

from t2l.base.layers import read_shape
from t2l.commands.bench.sizes import sizes_of
from t2l.commands.bench.subject import prepare


def test_a_step_has_the_sizes_that_were_asked_for() -> None:
    sizes = tiny_sizes("--answers=3")
    subject = prepare(sizes, "cpu")
    assert subject.tokens == 3 * 2 * 8 and subject.batch.answer_tokens == 3 * 2 * 3
    assert len(subject.batch.parts) == 1
    config = subject.reader.model.config
    assert (config.num_hidden_layers, config.hidden_size) == (2, 32)
    modules = {module.name: module for module in read_shape(subject.reader.model).modules}
    assert sizes.target.modules == (modules["q_proj"], modules["v_proj"])


def test_a_shipped_target_keeps_its_own_sizes() -> None:
    sizes = sizes_of(options_of("--target=mistral-7b"))
    assert (sizes.shape.hidden, sizes.shape.layers, sizes.shape.kv_heads) == (4096, 32, 8)
    assert (sizes.rows, sizes.length, sizes.bfloat16) == (8, 512, True)
    assert sizes.target.module_names == ("q_proj", "v_proj")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--width=100"], "--width must be a multiple of 16, got 100"),
        (["--tasks=0"], "--tasks must be at least 1, got 0"),
        (["--rounds=-1"], "--rounds must be at least 1, got -1"),
        (["--answers=9"], "--answers 9 is more than the 8 tokens of an example"),
        (["--target=mistral-7b"], "--target mistral-7b has its own layers: leave --layers out"),
        (["--threads=0"], "--threads must be at least 1, got 0"),
        (["--peak-tflops=0"], "--peak-tflops must be above 0, got 0"),
        (["--out=nowhere/figures.jsonl"], "nowhere is not a folder: make it, or change --out"),
        (["--out=."], "is a folder: --out must name a file"),
    ],
)
def test_options_that_cannot_be_are_refused(
    refused_by_t2l: Command, options: list[str], message: str
) -> None:
    assert re.search(re.escape(message), refused_by_t2l("bench", *TINY, *options))
