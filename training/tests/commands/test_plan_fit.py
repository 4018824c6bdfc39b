"""What GPUs have no room for is refused with what would make it fit; so are wrong options."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_for_tests import Command
from plan_for_tests import CONFIGS, changed_recipe

from t2l.commands.plan_base import outline
from t2l.commands.plan_memory import LargestPart
from t2l.commands.plan_runs import kept_scores, largest_on
from t2l.config.load import load_config


@pytest.mark.parametrize(
    ("gpu", "parts", "said"),
    [
        (
            "rtx-4090",
            {"base": {"dtype": "float32"}},
            r"takes about \S+ GB on each of 1 rtx-4090, \S+ GB more than its 24.0 GB, most of it "
            r"base model \(43.5 GB\): set base.dtype to bfloat16, or take --gpu l40s$",
        ),
        (
            "rtx-4090",
            {"trainer": {"gradient_checkpointing": False}},
            "set trainer.gradient_checkpointing to true, or lower sft.tasks to 6, or set "
            "sft.base_quantization to nf4, or share",
        ),
        (
            "h100-80gb",
            {"trainer": {"gradient_checkpointing": False}, "sft": {"tasks": 64}},
            "most of it activations .*: set trainer.gradient_checkpointing to true, or lower "
            "sft.tasks to 63, or set sft.base_quantization to nf4, or share a step among 2 of "
            r"them \(--gpus 2\), or take --gpu h200$",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(
    gpu: str,
    parts: dict[str, dict[str, object]],
    said: str,
    refused_by_t2l: Command,
    tmp_path: Path,
) -> None:
    path = changed_recipe(tmp_path, **parts)
    message = refused_by_t2l("plan", "--config", path, "--gpu", gpu, "--gpus", "1")
    assert re.search(said, message), message


def test_a_remedy_is_one(refused_by_t2l: Command, run_t2l: Command, tmp_path: Path) -> None:
    trainer = {"gradient_checkpointing": False}
    options = ("--gpu", "rtx-4090", "--gpus", "1")
    path = changed_recipe(tmp_path, trainer=trainer)
    message = refused_by_t2l("plan", "--config", path, *options)
    found = re.search(r"lower sft.tasks to (\d+)", message)
    assert found is not None, message
    fewer = int(found[1])
    path = changed_recipe(tmp_path, trainer=trainer, sft={"tasks": fewer})
    assert "not measured" in run_t2l("plan", "--config", path, *options)
    path = changed_recipe(tmp_path, trainer=trainer, sft={"tasks": fewer + 1})
    refused_by_t2l("plan", "--config", path, *options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--gpu", "tpu"), "--gpu tpu is not in the table; choose one of rtx-4090, a100-40gb"),
        (("--gpus", "1,none"), "--gpus 1,none must be whole numbers from 1 to 1024"),
        (("--gpus", "0"), "--gpus 0 must be whole numbers"),
        (("--utilisation", "0"), "--utilisation 0 must be above 0 and at most 100"),
        (("--price", "-1"), "--price -1 must be a number of dollars, 0 or more"),
        (("--price", "nan"), "--price nan must be"),
    ],
)
def test_options_out_of_their_range_are_refused(
    options: tuple[str, ...], said: str, refused_by_t2l: Command
) -> None:
    assert said in refused_by_t2l("plan", "--config", CONFIGS / "mistral-7b.yaml", *options)


def test_float32_products_are_not_planned_at_the_speed_of_bfloat16(
    refused_by_t2l: Command, tmp_path: Path
) -> None:
    path = changed_recipe(tmp_path, trainer={"precision": "float32"})
    assert "set it to bfloat16 or auto" in refused_by_t2l("plan", "--config", path)


def test_the_largest_part_is_shared_by_tasks() -> None:
    part = LargestPart(sheets=6, length=100, answers=30)  # of three tasks, of eight in a step
    assert largest_on(part, 8, 8, 1) == part
    assert largest_on(part, 8, 8, 2) == LargestPart(4, 100, 20)
    assert largest_on(part, 8, 8, 8) == LargestPart(2, 100, 10)
    assert largest_on(part, 8, 3, 1) == LargestPart(2, 100, 10)


def test_attention_that_is_written_out_keeps_its_scores() -> None:
    gemma, mistral = (load_config(CONFIGS / f"{n}.yaml") for n in ("gemma-2-2b", "mistral-7b"))
    assert kept_scores(gemma, outline(gemma).model) == 4
    assert kept_scores(mistral, outline(mistral).model) == 0
