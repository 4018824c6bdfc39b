"""A bundle on this machine makes the adapters that training measures, or says what is wrong."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mini_bundle_for_tests import (
    BUNDLE,
    DESCRIPTION,
    INT8_STEP,
    bundle_with,
    differ,
    encoder_of_kind,
)
from services_for_tests import Answer, serving
from torch import Tensor

from t2l import generate_lora, load_t2l
from t2l.api.bundle_generator import BundleGenerator
from t2l.api.generated import Lora
from t2l.encoders.info import TUNED
from t2l.encoders.service import ServiceError
from t2l.export.bundle.manifest import BundleError
from t2l.export.bundle.run import BundleNetwork


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_the_weights_are_those_that_measuring_the_bundle_uses(
    precision: str, vector: Tensor
) -> None:
    t2l = load_t2l(BUNDLE, precision=precision)
    assert isinstance(t2l, BundleGenerator)
    made, encoded = generate_lora(t2l, DESCRIPTION), t2l.encode(DESCRIPTION)
    torch.testing.assert_close(encoded, vector, rtol=0, atol=1e-7)
    wanted = BundleNetwork(BUNDLE, precision)(encoded[None])
    assert list(made.weights) == ["q_proj", "v_proj"]
    for name, pair in made.weights.items():
        for mine, theirs in zip(pair, wanted[name], strict=True):
            assert mine.dtype == torch.float32 and mine.device.type == "cpu"
            assert torch.equal(mine, theirs[0])


def test_without_a_precision_the_manifest_chooses(lora: Lora) -> None:
    int8 = generate_lora(load_t2l(BUNDLE, precision="int8"), DESCRIPTION)
    float32 = generate_lora(load_t2l(BUNDLE, precision="float32"), DESCRIPTION)
    assert differ(lora, int8) == 0 < differ(lora, float32)


def test_an_update_far_beyond_those_of_training_is_refused(tmp_path: Path) -> None:
    def small(manifest: dict[str, Any]) -> None:
        manifest["norms"]["v_proj"] = {"mean": [1e-3] * 6, "deviation": [0] * 6}

    with pytest.raises(ValueError, match="update of v_proj in layer 0 has norm .* beyond 0.0014"):
        generate_lora(load_t2l(bundle_with(tmp_path, small)), DESCRIPTION)


def test_a_bundle_without_norms_and_fit_still_generates(lora: Lora, tmp_path: Path) -> None:
    folder = bundle_with(tmp_path, lambda manifest: manifest.pop("norms"))
    assert differ(generate_lora(load_t2l(folder), DESCRIPTION), lora) == 0


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no bundle: it has no manifest.json"):
        load_t2l(tmp_path)
    with pytest.raises(BundleError, match="no int4 graph; it has float32, int8"):
        load_t2l(BUNDLE, precision="int4")
    with pytest.raises(ValueError, match="leave out encoder_url"):
        load_t2l(BUNDLE, encoder_url="http://127.0.0.1:9")
    with pytest.raises(ValueError, match="encoder_token is for the service at encoder_url"):
        load_t2l(BUNDLE, encoder_token="a-token")


@pytest.mark.parametrize("file", ["hypernet.int8.onnx", "hypernet.float32.onnx", "fit.f16"])
def test_a_changed_byte_in_a_bundle_is_noticed(file: str, tmp_path: Path) -> None:
    folder = bundle_with(tmp_path, lambda manifest: None)
    data = bytearray((folder / file).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / file).write_bytes(data)
    with pytest.raises(BundleError, match=f"{file} differs from what the manifest says"):
        load_t2l(folder)


@pytest.mark.parametrize("kind", ["given", "workers-ai"])
def test_a_bundle_without_an_encoder_here_takes_embeddings_only(
    kind: str, lora: Lora, vector: Tensor, tmp_path: Path
) -> None:
    t2l = load_t2l(bundle_with(tmp_path, encoder_of_kind(kind)))
    with pytest.raises(ValueError, match="takes no description here.* give embedding=, 384"):
        generate_lora(t2l, DESCRIPTION)
    assert differ(generate_lora(t2l, embedding=vector), lora) < INT8_STEP


@pytest.mark.parametrize("dialect", ["openai", "tei"])
def test_an_embedding_service_is_asked_and_its_vector_finished_as_the_manifest_says(
    dialect: str, vector: Tensor, tmp_path: Path
) -> None:
    row = (vector * 3).tolist()
    change = encoder_of_kind("http", template="Task: {description}", ending="full-stop")
    folder = bundle_with(tmp_path, change)
    routes: dict[str, Answer] = {
        "/x/v1/embeddings": (200, {"data": [{"embedding": row}]}),
        "/x/embed": (200, [row]),
    }
    with serving(routes) as service:
        options: dict[str, Any] = {"encoder_url": f"{service.url}/x/", "encoder_dialect": dialect}
        options["encoder_token"] = "a-token"
        t2l = load_t2l(folder, precision="float32", **options)
        made = generate_lora(t2l, DESCRIPTION.rstrip("."))
    wanted = generate_lora(load_t2l(BUNDLE, precision="float32"), embedding=vector)
    assert differ(made, wanted) < 1e-5
    text = f"Task: {DESCRIPTION}"
    (asked,) = service.asked
    assert asked.headers["authorization"] == "Bearer a-token"
    if dialect == "openai":
        model = TUNED.model
        assert asked.body == {"model": model, "input": [text], "encoding_format": "float"}
    else:
        assert asked.body == {"inputs": [text], "normalize": False, "truncate": True}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((200, {"data": [{"embedding": [1.0, 2.0]}]}), "gave 2 numbers where 384 are expected"),
        ((200, {"data": []}), "answered something else than expected: data"),
        ((200, {"data": [{"embedding": ["1.0"] * 384}]}), "something else than expected: data"),
        ((200, {"data": [{"embedding": [0.0] * 384}]}), "zero or not finite"),
        ((503, b"overloaded"), "answered 503: overloaded"),
    ],
)
def test_an_embedding_service_that_fails_is_named(
    given: Answer, message: str, tmp_path: Path
) -> None:
    folder = bundle_with(tmp_path, encoder_of_kind("http"))
    with serving({"/v1/embeddings": given}) as service:
        with pytest.raises((ValueError, ServiceError), match=message):
            generate_lora(load_t2l(folder, encoder_url=service.url), DESCRIPTION)
    with pytest.raises(ServiceError, match="cannot be reached"):
        generate_lora(load_t2l(folder, encoder_url=service.url), DESCRIPTION)
    with pytest.raises(ValueError, match="give load_t2l the encoder_url"):
        generate_lora(load_t2l(folder), DESCRIPTION)
