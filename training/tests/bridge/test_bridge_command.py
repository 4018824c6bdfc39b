"""`python -m t2l bridge` as a user meets it, from a tiny bundle and from the shipped one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from bridge_for_tests import NEW_DIM, TASKS, embed, encoders, export_tiny
from command_for_tests import Command
from mini_bundle_for_tests import BUNDLE
from services_for_tests import serving

from t2l import generate_lora, load_t2l
from t2l.export.bundle.manifest import verify_bundle
from t2l.tasks.descriptions import TaskDescriptions

FIGURES = ["tasks", "texts", "penalty", "unexplained", "cosine", "cosine_low", "other_task"]


def written(folder: Path, tasks: tuple[TaskDescriptions, ...] = TASKS) -> Path:
    path = folder / "tasks.jsonl"
    lines = [json.dumps({"task": task.task, "descriptions": task.texts}) for task in tasks]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_bundle_gets_another_encoder_and_the_figures_are_printed(
    run_t2l: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("T2L_ENCODER_TOKEN", "own")
    monkeypatch.setenv("T2L_FROM_TOKEN", "other")
    bundle, out = export_tiny(tmp_path), tmp_path / "bridged" / "2.0.0"
    with encoders() as service:
        options = ["--encoder-url", service.url, "--from", "http:related"]
        options += ["--from-url", service.url, "--descriptions", written(tmp_path)]
        report = json.loads(run_t2l("bridge", bundle, *options, "--per-task", 4, "--out", out))
        made = load_t2l(out, encoder_url=service.url)
        assert made.embedding_dim == NEW_DIM
        assert generate_lora(made, " Do task 3 \n").description == "Do task 3"
    assert list(report) == FIGURES
    assert (report["tasks"], report["texts"]) == (2, 8)
    assert report["unexplained"] < 1e-6 and report["cosine"] > 0.999
    verify_bundle(tmp_path, "bridged", "2.0.0")
    tokens = {
        (asked.body["model"], asked.headers.get("authorization")) for asked in service.asked[:-1]
    }
    assert tokens == {("old", "Bearer own"), ("related", "Bearer other")}


def test_the_shipped_bundle_whose_graphs_have_no_name_for_the_encoded_task_can_be_bridged(
    run_t2l: Command, tmp_path: Path
):
    out = tmp_path / "t2l-mini-http" / "1.0.0"
    tasks = tuple(TaskDescriptions(task.task, task.texts[:2]) for task in TASKS)
    with encoders() as service:
        options = ["--from", "http:unrelated", "--from-url", service.url]
        printed = run_t2l(
            "bridge", BUNDLE, *options, "--descriptions", written(tmp_path, tasks), "--out", out
        )
        verify_bundle(tmp_path, "t2l-mini-http", "1.0.0")
        lora = generate_lora(load_t2l(out, encoder_url=service.url), "Reverse the words.")
    assert json.loads(printed)["unexplained"] > 0.3
    assert all(np.isfinite(tensor.numpy()).all() for tensor in lora.tensors.values())
    assert not (tmp_path / "encoders").exists()


def test_a_dialect_goes_with_the_kind_of_encoder(run_t2l: Command, tmp_path: Path):
    model = "@cf/baai/bge-small-en-v1.5"
    bundle, out = export_tiny(tmp_path), tmp_path / "bridged" / "1.0.0"

    def answer(body: dict) -> tuple[int, object]:
        rng = np.random.default_rng(len(body["text"][0]))
        return 200, {"result": {"data": [rng.standard_normal(384).tolist()]}}

    with serving({"/v1/embeddings": embed, f"/x/ai/run/{model}": answer}) as service:
        options = ["--from", f"workers-ai:{model}", "--from-url", f"{service.url}/x"]
        options += ["--encoder-url", service.url, "--descriptions", written(tmp_path)]
        run_t2l("bridge", bundle, *options, "--per-task", 1, "--out", out)
    assert len(service.bodies(f"/x/ai/run/{model}")) == len(TASKS)
    assert json.loads((out / "manifest.json").read_text())["encoder"]["kind"] == "workers-ai"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"--per-task": "0"}, "--per-task must be at least 1, got 0"),
        ({"--from": "http:related"}, "http:related has to be asked somewhere now: give --from-url"),
        ({"--from": "nothing"}, "the encoder nothing must be minilm"),
        ({"--descriptions": "none.jsonl"}, "none.jsonl cannot be read"),
        ({"--from-dialect": "cohere"}, "--from-dialect: invalid choice: 'cohere'"),
        ({"--encoder-url": "http://127.0.0.1:9"}, "leave out encoder_url"),
        ({"bundle": "nowhere"}, "nowhere is no bundle: it has no manifest.json"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    refused_by_t2l: Command, tmp_path: Path, options: dict[str, str], words: str
):
    given = {"--from": "minilm", "--descriptions": written(tmp_path), "--out": tmp_path / "a/1.0.0"}
    given |= {"bundle": BUNDLE, **options}
    bundle = given.pop("bundle")
    rest = [part for pair in given.items() for part in pair]
    assert words in refused_by_t2l("bridge", bundle, *rest)
    assert not (tmp_path / "a").exists()


def test_a_bad_line_of_the_descriptions_is_named(refused_by_t2l: Command, tmp_path: Path):
    path = written(tmp_path)
    path.write_text(path.read_text() + '\n{"task": "x"}\n')
    out = tmp_path / "a" / "1.0.0"
    message = refused_by_t2l(
        "bridge", BUNDLE, "--from", "minilm", "--descriptions", path, "--out", out
    )
    assert f"{path}, line 13: a description must be a text, got None" in message
