"""The edge serves the adapter that is made here, and an endpoint that lies is told from it."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from mini_bundle_for_tests import BUNDLE, DESCRIPTION, REFERENCE, ROOT, differ
from services_for_tests import serving
from torch import Tensor

from t2l import generate_lora, load_t2l
from t2l.api.bundle_generator import BundleGenerator
from t2l.api.generated import Lora
from t2l.base.peft_io import CONFIG_FILE, WEIGHTS_FILE
from t2l.encoders.service import ServiceError
from t2l.export.onnx.hypernet import update_cosines


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The origin of the real Worker in workerd, with empty stores."""
    script = tmp_path_factory.mktemp("edge") / "endpoint.mjs"
    script.write_text(
        f"import {{ startEndpoint }} from '{(ROOT / 'scripts' / 'endpoint.ts').as_uri()}';\n"
        "const endpoint = await startEndpoint();\n"
        "console.log(endpoint.origin);\n"
        "for await (const _ of process.stdin);\n"
        "await endpoint.close();\n"
        "process.exit(0);\n"
    )
    arguments = [ROOT / "node_modules" / "node" / "bin" / "node", script]
    pipe = subprocess.PIPE
    with subprocess.Popen(arguments, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("http"):
                yield line.strip()
                break
        else:
            raise RuntimeError("the endpoint did not start")
        process.communicate(timeout=60)


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-5), ("int8", 1e-4)])
def test_the_edge_serves_the_same_adapter(
    precision: str, tolerance: float, edge: str, tmp_path: Path
) -> None:
    here = load_t2l(BUNDLE, precision=precision)
    there = load_t2l(f"{edge}#{REFERENCE}", precision=precision)
    assert isinstance(here, BundleGenerator)
    embedding = here.encode(DESCRIPTION)
    pair = (generate_lora(t2l, embedding=embedding) for t2l in (here, there))
    assert differ(*pair) < tolerance  # of values up to 4
    mine, theirs = generate_lora(here, DESCRIPTION), generate_lora(there, f"\n {DESCRIPTION}  ")
    if precision == "float32":
        assert differ(mine, theirs) < 1e-5
    for name, weights in mine.weights.items():  # in int8 a value may take the step beside it
        assert update_cosines(weights, theirs.weights[name]).min() > 0.9999
    # an endpoint does not say how heads split the rows: nothing in PEFT's layout needs it
    assert (replace(mine.target, attention=None), mine.hypernet, mine.description) == (
        theirs.target,
        theirs.hypernet,
        theirs.description,
    )
    theirs.save_pretrained(tmp_path)
    body = {"description": DESCRIPTION, "precision": precision, "dtype": "float32"}
    request = Request(
        f"{edge}/v1/adapters", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urlopen(request) as response:
        files = json.loads(response.read())["files"]
    for name in (WEIGHTS_FILE, CONFIG_FILE):
        stored = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        assert stored == files[name]["sha256"], name


def test_the_edge_s_refusal_is_repeated(edge: str) -> None:
    with pytest.raises(ServiceError, match="answered 400: description must be well-formed Unicode"):
        load_t2l(edge).generate("a\0b")


def endpoint_routes(lora: Lora, folder: Path) -> dict[str, Any]:
    """What an endpoint says about one adapter; the files are those of the API itself."""
    lora.save_pretrained(folder)
    manifest = json.loads((BUNDLE / "manifest.json").read_text())
    hypernet = lora.hypernet
    version = {
        "version": hypernet.version,
        "digest": hypernet.digest,
        "base_model": manifest["target"]["base_model"],
        "rank": 8,
        "layers": 6,
        "target_modules": ["q_proj", "v_proj"],
        "precisions": ["float32", "int8"],
        "encoder": {"kind": "onnx", "model": "x", "dim": 384},
    }
    older = {**version, "version": "2.0.0", "digest": "0" * 64}
    family = {"name": hypernet.name, "active": hypernet.digest, "versions": [older, version]}
    routes: dict[str, Any] = {
        "/v1/hypernets": (200, {"default": hypernet.name, "hypernets": [family]})
    }
    document: dict[str, Any] = {
        "id": "a" * 64,
        "hypernet": {"digest": hypernet.digest},
        "fit": {"score": 0.25, "verdict": "unfit", "reason": {"code": "far", "text": "far away"}},
        "files": {},
    }
    for name in (WEIGHTS_FILE, CONFIG_FILE):
        data = (folder / name).read_bytes()
        entry = {"url": "x", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        document["files"][name] = entry
        routes[f"/v1/adapters/{document['id']}/{name}"] = (200, data)
    routes["/v1/adapters"] = (201, document)
    return routes


def test_an_endpoint_s_adapter_is_asked_for_and_read(
    lora: Lora, vector: Tensor, tmp_path: Path
) -> None:
    routes = endpoint_routes(lora, tmp_path)
    with serving(routes) as service:
        url = service.url
        for source, options in [
            (url, {}),
            (f"{url}/#{REFERENCE}", {"precision": "float32"}),
            (url, {"hypernet": "t2l-mini"}),
            (url, {"hypernet": lora.hypernet.digest}),
        ]:
            t2l = load_t2l(source, **options)
            assert t2l.hypernet == lora.hypernet
            made = generate_lora(t2l, f" {DESCRIPTION}\n")
            assert differ(made, lora) == 0
            assert made.target == replace(lora.target, attention=None)
            assert made.description == DESCRIPTION
            assert (made.id, str(made.fit)) == ("a" * 64, "unfit (0.25): far away")
        generate_lora(load_t2l(url), embedding=vector)
        with pytest.raises(ValueError, match=r"takes 384 numbers"):
            generate_lora(load_t2l(url), embedding=vector[:5])
        with pytest.raises(ValueError, match=r"no active .* other; it has t2l-mini@2.0.0, t2l-min"):
            load_t2l(f"{url}#other")
        with pytest.raises(ValueError, match="no int4 graph"):
            load_t2l(url, precision="int4")
    wanted = {"hypernet": lora.hypernet.digest, "dtype": "float32", "strength": 1}
    text = {**wanted, "description": DESCRIPTION}
    assert service.bodies("/v1/adapters") == [
        text,
        {**text, "precision": "float32"},
        text,
        text,
        {**wanted, "embedding": vector.tolist()},
    ]


def test_an_endpoint_that_refuses_or_lies_is_named(lora: Lora, tmp_path: Path) -> None:
    good = endpoint_routes(lora, tmp_path)
    weights = f"/v1/adapters/{'a' * 64}/{WEIGHTS_FILE}"
    changed = bytearray(good[weights][1])
    changed[-1] ^= 1
    other = {**good["/v1/adapters"][1], "hypernet": {"digest": "f" * 64}}
    problem = {"detail": "The generated update is beyond the limit.", "code": "x"}
    for route, given, message in [
        ("/v1/adapters", (422, problem), "answered 422: The generated update is beyond the limit"),
        ("/v1/adapters", (201, other), "of another digest"),
        ("/v1/adapters", (201, {"id": "../x"}), "something else than expected: id"),
        (weights, (200, bytes(changed)), "another sha256"),
        (weights, (404, b""), "answered 404"),
    ]:
        with serving({**good, route: given}) as service:
            with pytest.raises(ServiceError, match=message):
                generate_lora(load_t2l(service.url), DESCRIPTION)
    with pytest.raises(ServiceError, match="cannot be reached"):
        load_t2l(service.url)
    with serving({"/v1/hypernets": (200, b"<html>")}) as service:
        with pytest.raises(ServiceError, match="something else than expected"):
            load_t2l(service.url)
    refused: tuple[dict[str, Any], ...] = (
        {"encoder_url": "http://x"},
        {"encoder_token": "a-token"},
    )
    for options in refused:
        with pytest.raises(ValueError, match="an endpoint has its own encoder"):
            load_t2l(service.url, **options)


def test_a_token_and_wishes_go_with_every_request(
    lora: Lora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("T2L_TOKEN", "of-the-variable")
    with serving(endpoint_routes(lora, tmp_path)) as service:
        generate_lora(load_t2l(service.url), DESCRIPTION)
        t2l = load_t2l(service.url, token="mine", unlisted=True, allow_unfit=False)
        generate_lora(t2l, DESCRIPTION)
    # each time the listing, the adapter and two files
    tokens = [asked.headers.get("authorization") for asked in service.asked]
    assert tokens == ["Bearer of-the-variable"] * 4 + ["Bearer mine"] * 4
    body = service.bodies("/v1/adapters")[-1]
    assert (body["unlisted"], body["allow_unfit"]) == (True, False)
    refused: tuple[dict[str, Any], ...] = (
        {"token": "mine"},
        {"unlisted": True},
        {"allow_unfit": True},
    )
    for options in refused:
        with pytest.raises(ValueError, match="belong to the URL of an endpoint"):
            load_t2l(BUNDLE, **options)
