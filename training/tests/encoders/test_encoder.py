"""An exported encoder is its original model, in one byte form, whatever else is encoded."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from onnx import TensorProto
from tokenizers import Tokenizer
from transformers.models.bert.modeling_bert import BertModel

from t2l.encoders import onnx_encoder as module
from t2l.encoders.onnx_encoder import (
    MODEL_FILE,
    TOKENIZER_FILE,
    OnnxEncoder,
    build_graph,
    source_folder,
)
from t2l.graph.builder import GraphBuilder, quantise_columns
from t2l.graph.session import run_session

HYPERNETS = Path(__file__).parents[3] / "src/assets/hypernets"
PUBLISHED_BYTES = {
    MODEL_FILE: "6f5ef6ea05a289b0f704cafdcabdaaed1e32c60ba73d9c8f2619a37219c07a04",
    TOKENIZER_FILE: "5fd1c882abbd30517dced455a2c9768945ec726b96727927e4959348d9de550b",
}
TEXTS = (
    "reverse the list",
    "Sort the words alphabetically, then keep only the first two of them.",
    "answer yes if the number 7 is in the list, otherwise no",
    "do not summarise the text",
    "naïve café, Ünïcödé 你好",
    "count",
)


@pytest.fixture(scope="module")
def published(published_encoder: Path) -> OnnxEncoder:
    return OnnxEncoder(published_encoder)


@pytest.fixture(scope="module")
def reference() -> torch.Tensor:
    """transformers' BERT with sentence-transformers' pooling, one text at a time."""
    model = BertModel.from_pretrained(source_folder()).eval()
    tokenizer = Tokenizer.from_file(str(source_folder() / TOKENIZER_FILE))
    tokenizer.no_padding()
    rows = []
    with torch.no_grad():
        for text in TEXTS:
            ids = torch.tensor([tokenizer.encode(text).ids])
            mean = model(ids).last_hidden_state.mean(dim=1)
            rows.append(torch.nn.functional.normalize(mean, dim=-1)[0])
    return torch.stack(rows)


def cosines(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cosine_similarity(a, b, dim=-1)


def test_float_graph_is_the_original_model(
    tmp_path: Path, reference: torch.Tensor, published_encoder: Path
):
    (tmp_path / MODEL_FILE).write_bytes(build_graph(source_folder(), "float32"))
    tokenizer = (published_encoder / TOKENIZER_FILE).read_bytes()
    (tmp_path / TOKENIZER_FILE).write_bytes(tokenizer)
    torch.testing.assert_close(OnnxEncoder(tmp_path).encode(TEXTS), reference, atol=1e-5, rtol=0)


def test_int8_file_is_close_to_the_original(published: OnnxEncoder, reference: torch.Tensor):
    vectors = published.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert cosines(vectors, reference).min() > 0.998
    torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(len(TEXTS)))


def test_sentence_transformers_agrees(published: OnnxEncoder):
    library = pytest.importorskip("sentence_transformers")
    model = library.SentenceTransformer(str(source_folder()), device="cpu")
    theirs = torch.from_numpy(model.encode(list(TEXTS), normalize_embeddings=True))
    assert cosines(published.encode(TEXTS), theirs).min() > 0.998


def test_padding_does_not_move_a_text(published: OnnxEncoder):
    """The graph with a padded batch, against the same texts alone."""
    ids = [published.tokens(text) for text in TEXTS[:3]]
    width = max(len(row) for row in ids) + 5
    feeds = {
        "input_ids": [row + [0] * (width - len(row)) for row in ids],
        "attention_mask": [[1] * len(row) + [0] * (width - len(row)) for row in ids],
    }
    padded = published._session.run(["embedding"], feeds)[0]
    alone = published.encode(TEXTS[:3])
    torch.testing.assert_close(torch.from_numpy(padded), alone, atol=1e-6, rtol=0)


def test_other_texts_and_order_change_no_bit(published: OnnxEncoder, published_encoder: Path):
    fresh = OnnxEncoder(published_encoder)
    together = published.encode(TEXTS)
    assert torch.equal(fresh.encode(TEXTS[::-1]).flip(0), together)
    assert torch.equal(OnnxEncoder(published_encoder).encode([TEXTS[1]])[0], together[1])


def test_long_texts_are_cut_and_keep_the_closing_token(published: OnnxEncoder):
    ids = published.tokens("word " * 500)
    assert len(ids) == 128 and ids[0] == 101 and ids[-1] == 102


def test_tokenizer_leaves_padding_and_cutting_to_the_caller(published_encoder: Path):
    tokenizer = Tokenizer.from_file(str(published_encoder / TOKENIZER_FILE))
    assert tokenizer.padding is None and tokenizer.truncation is None
    original = Tokenizer.from_file(str(source_folder() / TOKENIZER_FILE))
    original.no_padding()
    for text in TEXTS:
        assert tokenizer.encode(text).ids == original.encode(text).ids


@pytest.mark.parametrize("seed", ["3", "5"])
def test_export_gives_the_known_bytes_under_any_hash_seed(tmp_path: Path, seed: str):
    script = (
        "import sys; from pathlib import Path;"
        "from t2l.encoders.onnx_encoder import export_encoder;"
        "print(sorted(export_encoder(Path(sys.argv[1])).items()))"
    )
    output = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert output == f"{sorted(PUBLISHED_BYTES.items())}\n"
    for name, wanted in PUBLISHED_BYTES.items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == wanted


def test_the_encoder_that_ships_is_the_one_its_bundle_names():
    index = json.loads((HYPERNETS / "index.json").read_text())
    for bundle in index["bundles"]:
        folder = HYPERNETS / bundle["name"] / bundle["version"]
        manifest = json.loads((folder / "manifest.json").read_text())
        files = manifest["encoder"]["files"]
        for file in files.values():
            data = (HYPERNETS / file).read_bytes()
            assert hashlib.sha256(data).hexdigest() == manifest["files"][file]["sha256"], file
        shipped = OnnxEncoder((HYPERNETS / files["model"]).parent)
        assert shipped.dim == manifest["encoder"]["dim"]
        vectors = shipped.encode(TEXTS)
        torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(len(TEXTS)))
        assert cosines(vectors[0], vectors[1]) < 0.95


def test_cache_survives_and_belongs_to_one_encoder(
    tmp_path: Path, monkeypatch, published_encoder: Path
):
    first = OnnxEncoder(published_encoder, cache_dir=tmp_path)
    vectors = first.encode(TEXTS)
    again = OnnxEncoder(published_encoder, cache_dir=tmp_path)
    monkeypatch.setattr(again, "_run", lambda text: pytest.fail(f"{text!r} was encoded again"))
    assert torch.equal(again.encode(TEXTS), vectors)
    other = OnnxEncoder(published_encoder, cache_dir=tmp_path, max_tokens=3)
    assert not torch.equal(other.encode(TEXTS), vectors)
    assert len(list(tmp_path.glob("*.safetensors"))) == 2


def test_encoders_side_by_side_keep_each_others_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published_encoder: Path
) -> None:
    left, right = (OnnxEncoder(published_encoder, cache_dir=tmp_path) for _ in range(2))
    left.encode(TEXTS[:1])
    right.encode(TEXTS[1:2])  # it opened the cache before the other wrote to it
    later = OnnxEncoder(published_encoder, cache_dir=tmp_path)
    monkeypatch.setattr(later, "_run", lambda text: pytest.fail(f"{text!r} was encoded again"))
    assert later.encode(TEXTS[:2]).shape == (2, 384)


def test_nothing_to_encode(published: OnnxEncoder):
    assert published.encode([]).shape == (0, 384)


def test_stored_bytes_are_widened_without_rounding_the_input():
    """The graph's product against the same bytes and scales multiplied out in float64."""
    generator = np.random.default_rng(0)
    weight = generator.normal(size=(48, 256)).astype(np.float32)
    x = generator.normal(size=(3, 256)).astype(np.float32)
    graph = GraphBuilder("product")
    given = graph.input("x", TensorProto.FLOAT, [3, 256])
    graph.output(
        "y", graph.linear_stored_int8(given, "w", weight, None), TensorProto.FLOAT, [3, 48]
    )
    (found,) = run_session(ort.InferenceSession(graph.serialise()), None, {"x": x})
    stored, scales = quantise_columns(weight.T)
    wanted = x.astype(np.float64) @ ((stored.astype(np.float64) - 128) * scales)
    np.testing.assert_allclose(found, wanted, atol=1e-4, rtol=0)
    with pytest.raises(ValueError, match="no multiple of 16"):
        graph.linear_stored_int8(given, "v", weight[:, :100], None)


def test_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="int8 or float32"):
        module.build_graph(source_folder(), "int4")
