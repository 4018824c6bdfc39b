"""`import-sakana` writes a bundle that verifies, and says exactly how its text is to be encoded."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from reference_checkpoints import (
    FIXTURES,
    IMPORTABLE,
    TINY_LLAMA,
    case,
    expected,
    write_checkpoint,
)

from t2l import __main__ as command_line
from t2l.base.peft_io import tensor_name
from t2l.encoders.embedding_service import prepare_text
from t2l.export.bundle.manifest import read_manifest, verify_bundle
from t2l.export.onnx.hypernet import build_hypernet_graph, hypernet_runner
from t2l.sakana.checkpoint import CheckpointError, read_checkpoint
from t2l.sakana.convert import convert
from t2l.sakana.encoder_info import encoder_of
from t2l.sakana.known_targets import known_target

NAME = "sft-S-rotary-hash3"
TOLERANCE = 1e-5


@pytest.fixture
def target(tmp_path: Path) -> Path:
    TINY_LLAMA.save(tmp_path / "target.json")
    return tmp_path / "target.json"


def run(monkeypatch, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["t2l", *map(str, arguments)])
    try:
        command_line.main()
    except SystemExit as stop:
        assert isinstance(stop.code, int)
        return stop.code
    return 0


@pytest.mark.parametrize("name", IMPORTABLE)
def test_graph_gives_the_lora_of_the_reference(name: str, tmp_path: Path):
    """In native ONNX Runtime, with the scale in B; `test/imported` does it in workerd."""
    network = convert(read_checkpoint(write_checkpoint(name, tmp_path)), TINY_LLAMA)
    generate = hypernet_runner(build_hypernet_graph(network, "float32"))
    facts, tensors = case(name)
    for number, embedding in enumerate(tensors["input"]):
        lora, right = generate(embedding), expected(name, number)
        for module in network.target.modules:
            for side, values in zip("AB", lora[module.name], strict=True):
                factor = facts["scaling"] if side == "B" else 1
                for layer in range(TINY_LLAMA.layers):
                    wanted = right[tensor_name(module.path, layer, side)] * factor
                    error = (values[layer] - wanted).abs().max()
                    assert error / wanted.abs().max().clamp(min=1e-30) < TOLERANCE


def test_writes_a_bundle_that_verifies(tmp_path: Path, target: Path, monkeypatch, capsys):
    checkpoint = write_checkpoint(NAME, tmp_path / "checkpoint")
    out = tmp_path / "hypernets" / "tiny" / "1.0.0"
    assert run(monkeypatch, "import-sakana", checkpoint, "--target", target, "--out", out) == 0
    digest = verify_bundle(tmp_path / "hypernets", "tiny", "1.0.0")
    assert capsys.readouterr().out.strip() == digest
    manifest, _ = read_manifest(out)
    assert [module["name"] for module in manifest["target"]["modules"]] == ["q_proj", "v_proj"]
    assert manifest["training"]["imported_from"] == "text-to-lora"
    assert "fit" not in manifest and "norms" not in manifest


def test_known_targets_are_those_of_the_paper(tmp_path: Path):
    checkpoint = read_checkpoint(write_checkpoint(NAME, tmp_path))
    for model, layers in (
        ("mistralai/Mistral-7B-Instruct-v0.2/", 32),
        ("meta-llama/Llama-3.1-8B-Instruct", 32),
        ("google/gemma-2-2b-it", 26),
    ):
        args = checkpoint.args.model_copy(update={"model_dir": model})
        assert known_target(replace(checkpoint, args=args)).layers == layers
    with pytest.raises(CheckpointError, match="python -m t2l target models/tiny-llama"):
        known_target(checkpoint)


@pytest.mark.parametrize(
    ("model", "kind", "pooling", "ending"),
    [
        ("Alibaba-NLP/gte-large-en-v1.5", "http", "cls", "full-stop"),
        ("Salesforce/SFR-Embedding-2_R", "http", "last", None),
        ("", "given", "last", "full-stop"),
    ],
)
def test_encoder_is_that_of_the_reference(
    model: str, kind: str, pooling: str, ending: str | None, tmp_path: Path
):
    checkpoint = read_checkpoint(write_checkpoint(NAME, tmp_path))
    args = checkpoint.args.model_copy(update={"emb_model": model})
    info = encoder_of(replace(checkpoint, args=args), 1024)
    assert (info.kind, info.pooling, info.ending) == (kind, pooling, ending)
    assert (info.normalize, info.scale) == (True, 32.0)


def test_an_encoder_the_reference_does_not_know_is_refused(tmp_path: Path):
    checkpoint = read_checkpoint(write_checkpoint(NAME, tmp_path))
    args = checkpoint.args.model_copy(update={"emb_model": "some/bge"})
    with pytest.raises(CheckpointError, match="emb_model some/bge is not known"):
        encoder_of(replace(checkpoint, args=args), 1024)


def test_text_is_prepared_as_the_reference_does(tmp_path: Path):
    checkpoint = read_checkpoint(write_checkpoint(NAME, tmp_path))
    args = checkpoint.args.model_copy(update={"emb_model": "Alibaba-NLP/gte-large-en-v1.5"})
    spec = encoder_of(replace(checkpoint, args=args), 1024).to_json()
    pairs = json.loads((FIXTURES / "text_preparation.json").read_text())["add_full_stop"]
    assert len(pairs) > 5
    for text, wanted in pairs:
        assert prepare_text(spec, text.strip()) == wanted


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda c: (c / "hypermod.pt").unlink(), "hypermod.pt is missing"),
        (lambda c: torch.save({"x": torch.ones(1)}, c / "hypermod.pt"), "no module"),
    ],
)
def test_a_bad_checkpoint_exits_with_2_and_leaves_nothing(
    spoil, words: str, tmp_path: Path, target: Path, monkeypatch, capsys
):
    checkpoint = write_checkpoint(NAME, tmp_path / "checkpoint")
    spoil(checkpoint)
    out = tmp_path / "hypernets" / "tiny" / "1.0.0"
    assert run(monkeypatch, "import-sakana", checkpoint, "--target", target, "--out", out) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "hypernets").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--out", "h/tiny/1"], "version '1' must be a semantic version"),
        (["--out", "h/Tiny/1.0.0"], "bundle name 'Tiny'"),
        (["--descriptions", "nowhere.jsonl"], "nowhere.jsonl cannot be read"),
        (["--target", "nowhere.json"], "nowhere.json"),
        (["--chunk-bytes", "0"], "at least 1 byte"),
        (["--encoder-url", "http://127.0.0.1:9"], "no embedding service"),
    ],
)
def test_bad_options_are_named(
    options: list[str], words: str, tmp_path: Path, target: Path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    checkpoint = write_checkpoint(NAME, tmp_path / "checkpoint")
    args = (checkpoint / "args.yaml").read_text()
    (checkpoint / "args.yaml").write_text(
        args.replace("emb_model: models/gte-tiny", "emb_model: ''")
    )
    usual = ["--target", target, "--out", "h/tiny/1.0.0"]
    assert run(monkeypatch, "import-sakana", checkpoint, *usual, *options) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "h").exists()


def test_descriptions_need_someone_who_encodes_them(
    tmp_path: Path, target: Path, monkeypatch, capsys
):
    file = tmp_path / "tasks.jsonl"
    file.write_text('{"task": "a", "descriptions": ["Do a."]}\n')
    checkpoint = write_checkpoint(NAME, tmp_path / "checkpoint")
    out = tmp_path / "h" / "tiny" / "1.0.0"
    usual = ["import-sakana", checkpoint, "--target", target, "--out", out]
    assert run(monkeypatch, *usual, "--descriptions", file) == 2
    assert "--encoder-url" in capsys.readouterr().err
