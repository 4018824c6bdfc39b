"""Each dialect asks its service in its own words; the vector is finished as the edge does it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from services_for_tests import Answer, serving

from t2l.encoders.embedding_service import (
    EmbeddingService,
    finish_vector,
    pooling_parameter,
    prepare_text,
)
from t2l.encoders.info import EncoderInfo
from t2l.encoders.service import ServiceError

BGE = "@cf/baai/bge-base-en-v1.5"
VECTOR = [3.0, 0, -4.0]  # a whole number is a number too
PATHS = {"openai": "/x/v1/embeddings", "tei": "/x/embed", "workers-ai": f"/x/ai/run/{BGE}"}
ANSWERS: dict[str, Any] = {
    "openai": {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": VECTOR}],
    },
    "tei": [VECTOR],
    "workers-ai": {
        "result": {"shape": [1, 3], "data": [VECTOR], "pooling": "cls"},
        "success": True,
        "errors": [],
    },
}
BODIES: dict[str, Any] = {
    "openai": {"model": BGE, "input": ["Sort é."], "encoding_format": "float"},
    "tei": {"inputs": ["Sort é."], "normalize": False, "truncate": True},
    "workers-ai": {"text": ["Sort é."], "pooling": "cls"},
}


def spec(**changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {"kind": "http", "model": BGE, "dim": 3, "pooling": "cls"}
    return EncoderInfo(**{**fields, **changes}).to_json()


@pytest.mark.parametrize("dialect", sorted(PATHS))
def test_a_dialect_has_its_path_body_and_answer(dialect: str):
    with serving({PATHS[dialect]: (200, ANSWERS[dialect])}) as service:
        made = EmbeddingService(f"{service.url}/x", dialect).encode(spec(), "Sort é.")
        EmbeddingService(f"{service.url}/x/", dialect, "secret").encode(spec(), "Sort é.")
    np.testing.assert_allclose(made.numpy(), [0.6, 0, -0.8], rtol=1e-7)
    assert made.dtype.is_floating_point and made.dtype.itemsize == 4
    assert service.bodies(PATHS[dialect]) == [BODIES[dialect]] * 2
    plain, with_token = (asked.headers for asked in service.asked)
    assert plain["content-type"] == "application/json" and "authorization" not in plain
    assert with_token["authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("@cf/baai/bge-small-en-v1.5", {"pooling": "cls"}),
        ("@cf/baai/bge-large-en-v1.5", {"pooling": "cls"}),
        ("@cf/baai/bge-m3", {}),
        ("@cf/qwen/qwen3-embedding-0.6b", {}),
    ],
)
def test_pooling_is_told_to_the_models_that_know_the_word(model: str, sent: dict[str, str]):
    assert pooling_parameter(spec(model=model)) == sent
    path = f"/ai/run/{model}"
    with serving({path: (200, ANSWERS["workers-ai"])}) as service:
        EmbeddingService(service.url, "workers-ai").encode(spec(model=model), "Sort.")
    assert service.bodies(path) == [{"text": ["Sort."], **sent}]


@pytest.mark.parametrize("dialect", sorted(PATHS))
def test_the_length_of_a_model_s_vectors_is_found_by_asking(dialect: str):
    path = PATHS[dialect].removeprefix("/x")
    with serving({path: (200, ANSWERS[dialect])}) as service:
        assert EmbeddingService(service.url, dialect).dim(BGE) == 3


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((401, {"detail": "No token."}), "answered 401: No token."),
        ((400, {"error": {"message": "too long"}}), "answered 400: .*too long"),
        ((503, b"\xff overloaded " * 100), "answered 503: . overloaded"),
        ((200, b"<html>"), "something else than expected: : Invalid JSON"),
        ((200, {"data": []}), "something else than expected: data"),
        ((200, {"data": [{"embedding": VECTOR}] * 2}), "something else than expected: data"),
        ((200, {"data": [{"embedding": "AAAA"}]}), "expected: data.0.embedding"),
        ((200, {"data": [{"embedding": [1, None, 2]}]}), "expected: data.0.embedding.1"),
    ],
)
def test_an_answer_that_is_no_vector_is_told_with_its_url(answer: Answer, words: str):
    with serving({"/v1/embeddings": answer}) as service:
        with pytest.raises(ServiceError, match=f"{service.url}/v1/embeddings .*{words}") as found:
            EmbeddingService(service.url).encode(spec(), "Sort.")
    assert len(str(found.value)) < 400


def test_a_service_that_is_not_there_is_named():
    with serving({}) as service:
        with pytest.raises(ServiceError, match="answered 404: There is nothing at /v1/embeddings"):
            EmbeddingService(service.url).encode(spec(), "Sort.")
    with pytest.raises(ServiceError, match=f"{service.url}/v1/embeddings cannot be reached"):
        EmbeddingService(service.url).encode(spec(), "Sort.")


def test_another_dialect_is_refused():
    with pytest.raises(ValueError, match="openai, tei, workers-ai, got 'cohere'"):
        EmbeddingService("http://127.0.0.1:9", "cohere")


def test_a_vector_of_another_length_is_refused():
    with serving({"/embed": (200, [VECTOR])}) as service:
        with pytest.raises(ValueError, match=f"{BGE} gave 3 numbers where 4 are expected"):
            EmbeddingService(service.url, "tei").encode(spec(dim=4), "Sort.")


@pytest.mark.parametrize("row", [[0.0, 0.0], [1.0, float("nan")], [1.0, float("inf")]])
def test_a_vector_without_direction_is_refused(row: list[float]):
    with pytest.raises(ValueError, match="zero or not finite"):
        finish_vector(spec(dim=2), np.array(row))


@pytest.mark.parametrize(
    ("normalize", "scale", "wanted"),
    [(True, 1.0, [0.6, -0.8]), (True, 5.0, [3.0, -4.0]), (False, 0.5, [1.5, -2.0])],
)
def test_normalisation_and_scale_are_the_manifest_s(normalize: bool, scale: float, wanted: list):
    made = finish_vector(spec(dim=2, normalize=normalize, scale=scale), np.array([3.0, -4.0]))
    np.testing.assert_allclose(made.numpy(), wanted, rtol=1e-7)


@pytest.mark.parametrize(
    ("ending", "description", "wanted"),
    [
        (None, "Sort the words", "Sort the words"),
        ("full-stop", "Sort the words", "Sort the words."),
        ("full-stop", "Trie les mots épelés à côté", "Trie les mots épelés à côté."),
        ("full-stop", "Sort the words!", "Sort the words!"),
        ("full-stop", "Sort by part 2", "Sort by part 2"),
    ],
)
def test_a_full_stop_ends_what_ends_with_a_letter(ending, description: str, wanted: str):
    assert prepare_text(spec(ending=ending), description) == wanted
    template = spec(ending=ending, template="{description} Task: {description}\\1")
    assert prepare_text(template, description) == f"{wanted} Task: {wanted}\\1"
