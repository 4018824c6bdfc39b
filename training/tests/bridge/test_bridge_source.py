"""The other encoder of a bridge is opened in each of its forms, and says what the edge must do."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from mini_bundle_for_tests import ENCODER
from services_for_tests import serving

from t2l.bridge.source import open_source
from t2l.encoders.embedding_service import EmbeddingService
from t2l.encoders.onnx_encoder import MODEL_FILE, TOKENIZER_FILE, OnnxEncoder

TEXT = "Sort the words."
BGE = "@cf/baai/bge-small-en-v1.5"


def test_a_model_of_workers_ai_is_asked_with_the_pooling_that_the_edge_will_ask(tmp_path: Path):
    row = [0.0] * 383 + [-2.0]
    path = f"/ai/run/{BGE}"
    with serving({path: (200, {"result": {"data": [row]}})}) as service:
        running = EmbeddingService(service.url, "workers-ai")
        source = open_source(f"workers-ai:{BGE}", running, tmp_path)
        vector = source.encode(TEXT)
    assert vector.tolist() == [0.0] * 383 + [-1.0]
    assert service.bodies(path) == [{"text": [TEXT], "pooling": "cls"}]
    document = source.info.to_json()
    assert document["kind"] == "workers-ai" and document["model"] == BGE
    assert (document["dim"], document["pooling"], document["normalize"]) == (384, "cls", True)
    assert "files" not in document and source.tokens([TEXT]) is None
    source.install(tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_model_behind_a_service_has_the_length_that_it_answers_with(tmp_path: Path):
    with serving({"/embed": (200, [[3.0, 0.0, 4.0]])}) as service:
        source = open_source("http:a/model:v2", EmbeddingService(service.url, "tei"), tmp_path)
        np.testing.assert_allclose(source.encode(TEXT), [0.6, 0, 0.8], rtol=1e-6)
    assert (source.info.kind, source.info.model, source.info.dim) == ("http", "a/model:v2", 3)


def test_an_embedded_encoder_gives_its_own_vectors_tokens_and_files(tmp_path: Path):
    source = open_source(str(ENCODER), None, tmp_path)
    encoder = OnnxEncoder(ENCODER)
    torch.testing.assert_close(source.encode(TEXT), encoder.encode([TEXT])[0], rtol=0, atol=1e-6)
    assert source.tokens([TEXT, "Sort."]) == (
        tuple(encoder.tokens(TEXT)),
        tuple(encoder.tokens("Sort.")),
    )
    assert dict(source.info.files) == {
        "model": f"encoders/{ENCODER.name}/{MODEL_FILE}",
        "tokenizer": f"encoders/{ENCODER.name}/{TOKENIZER_FILE}",
    }
    for _ in range(2):  # what is there already stays
        source.install(tmp_path)
        for file in (MODEL_FILE, TOKENIZER_FILE):
            installed = tmp_path / "encoders" / ENCODER.name / file
            assert installed.read_bytes() == (ENCODER / file).read_bytes()


def test_an_encoder_does_not_take_the_name_of_another(tmp_path: Path):
    taken = tmp_path / "encoders" / ENCODER.name
    taken.mkdir(parents=True)
    (taken / TOKENIZER_FILE).write_text("{}")
    with pytest.raises(ValueError, match=f"{taken / TOKENIZER_FILE} is of another encoder than"):
        open_source(str(ENCODER), None, tmp_path)
    moved = tmp_path / "mine"
    shutil.copytree(ENCODER, moved)
    assert open_source(str(moved), None, tmp_path).info.model == "mine"


def test_the_published_encoder_has_a_name_of_its_own(tmp_path: Path, published_encoder: Path):
    (tmp_path / "encoders").mkdir()
    (tmp_path / "encoders" / "all-minilm-l6-v2").symlink_to(published_encoder)
    source = open_source("minilm", None, tmp_path)
    assert source.info.model == "sentence-transformers/all-MiniLM-L6-v2"
    wanted = OnnxEncoder(published_encoder).encode([TEXT])[0]
    torch.testing.assert_close(source.encode(TEXT), wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nowhere", "the encoder nowhere must be minilm, a folder with"),
        ("http:", "the encoder http: must be minilm"),
        ("ftp:model", "must be minilm, a folder with .*, workers-ai:MODEL or http:MODEL"),
        ("http:model", "http:model has to be asked somewhere now: give --from-url"),
        (f"workers-ai:{BGE}", "has to be asked somewhere now"),
    ],
)
def test_another_form_or_a_missing_service_is_refused(tmp_path: Path, text: str, words: str):
    with pytest.raises(ValueError, match=words):
        open_source(text, None, tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_model_that_workers_ai_does_not_have_is_refused_with_those_it_has(tmp_path: Path):
    with pytest.raises(ValueError, match=f"bge-tiny is not known; Workers AI has {BGE}, "):
        open_source("workers-ai:bge-tiny", EmbeddingService("http://x", "workers-ai"), tmp_path)
