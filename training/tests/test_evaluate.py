"""The report: greedy answers as transformers makes them, honest pairing, results that survive."""

import json
from pathlib import Path

import pytest
import torch

from t2l.base_model import build_model, build_tokenizer
from t2l.config import BaseModelConfig
from t2l.device import Device
from t2l.evaluate import (
    MAX_ANSWER,
    TaskResult,
    answer,
    few_shot_prompt,
    fresh_samples,
    interval,
    read_results,
    summarise,
)
from t2l.tasks.procedural import procedural_tasks

CPU = Device("cpu", bfloat16=False)


def test_batched_answers_equal_one_prompt_at_a_time() -> None:
    model = build_model(BaseModelConfig(hidden=16, layers=2, heads=2, intermediate=32)).eval()
    prompts = ["cat -> ", "4 7 1 2 9 -> ", "tea -> "]
    tokenizer = build_tokenizer()
    for prompt, given in zip(prompts, answer(model, prompts, CPU), strict=True):
        ids = tokenizer(prompt, return_tensors="pt").input_ids
        for _ in range(MAX_ANSWER):
            with torch.no_grad():
                ids = torch.cat([ids, model(ids).logits[:, -1:].argmax(-1)], dim=1)
        text = tokenizer.decode(ids[0, len(tokenizer(prompt).input_ids) :])
        expected = text.split("\n")[0].replace("<pad>", "").replace("<bos>", "")
        assert given == expected


def test_few_shot_prompts_never_show_the_question_s_own_sample_stream() -> None:
    task = procedural_tasks(limit=12).train[0]
    sample = fresh_samples(task, 1, seed=7)[0]
    prompt = few_shot_prompt(task, sample, shots=3, seed=7)
    assert prompt.count("\n") == 3
    assert prompt.endswith(f"{sample.input} -> ")


def test_results_are_read_back_by_task_and_split(tmp_path: Path) -> None:
    rows = [TaskResult("a", "f", False, {"matched": 0.5}), TaskResult("a", "f", True, {"x": 1.0})]
    path = tmp_path / "r.jsonl"
    path.write_text("".join(json.dumps(row.__dict__) + "\n" for row in rows))
    assert list(read_results(path).values()) == rows


def test_summary_is_the_mean_over_tasks_inside_its_interval() -> None:
    rows = [TaskResult(str(i), "f", False, {"matched": i / 10}) for i in range(11)]
    summary = summarise(rows)["matched"]
    assert summary["exact_match"] == pytest.approx(0.5)
    edges = summary["interval"]
    assert isinstance(edges, list)
    low, high = edges
    assert 0.2 < low < 0.5 < high < 0.8


def test_the_interval_of_equal_values_has_no_width() -> None:
    assert interval([0.25] * 8) == (0.25, 0.25)
