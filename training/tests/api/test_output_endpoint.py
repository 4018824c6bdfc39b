"""DoRA and IA3 from an endpoint: the files tell which kind they are of, and what they fit."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from families_for_tests import tiny_model
from outputs_for_tests import OTHERS, target_for
from services_for_tests import serving

from t2l import apply_lora, generate_lora, load_t2l
from t2l.api.generated import Lora
from t2l.base.peft_io import CONFIG_FILE, WEIGHTS_FILE
from t2l.base.target import OutputKind
from t2l.export.random_bundle import export_random

DIM = 12
VECTOR = torch.randn(DIM, generator=torch.Generator().manual_seed(3))
TOKENS = torch.arange(9)[None] + 10


def routes_of(adapter: Lora, folder: Path) -> dict[str, Any]:
    """What an endpoint answers that has one hypernetwork, and makes this adapter of anything."""
    adapter.save_pretrained(folder)
    hypernet, target = adapter.hypernet, adapter.target
    version = {
        "version": hypernet.version,
        "digest": hypernet.digest,
        "base_model": asdict(target.base_model),
        "rank": target.rank,
        "layers": target.layers,
        "target_modules": list(target.module_names),
        "precisions": ["float32", "int8"],
        "encoder": {"dim": DIM},
    }
    family = {"name": hypernet.name, "active": hypernet.digest, "versions": [version]}
    document: dict[str, Any] = {
        "id": "a" * 64,
        "hypernet": {"digest": hypernet.digest},
        "fit": {"score": None, "verdict": "unknown"},
        "files": {},
    }
    routes: dict[str, Any] = {}
    for name in (WEIGHTS_FILE, CONFIG_FILE):
        data = (folder / name).read_bytes()
        document["files"][name] = {
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        routes[f"/v1/adapters/{document['id']}/{name}"] = (200, data)
    listing = {"default": hypernet.name, "hypernets": [family]}
    return {**routes, "/v1/hypernets": (200, listing), "/v1/adapters": (201, document)}


@pytest.mark.parametrize("output", OTHERS)
def test_an_endpoint_s_adapter_acts_as_the_one_that_is_made_here(
    output: OutputKind, tmp_path: Path
) -> None:
    target = target_for(tiny_model("llama"), output)
    export_random("S", target, DIM, "random", tmp_path, latent=16, head_in=20)
    here = generate_lora(load_t2l(tmp_path / "random" / "0.0.0"), embedding=VECTOR)
    with serving(routes_of(here, tmp_path / "files")) as service:
        there = generate_lora(load_t2l(service.url), embedding=VECTOR)
    assert there.target.output == output
    assert [m.feedforward for m in there.target.modules] == [m.feedforward for m in target.modules]
    assert list(there.tensors) == list(here.tensors)
    assert all(torch.equal(tensor, here.tensors[name]) for name, tensor in there.tensors.items())
    with torch.no_grad():
        ours, theirs = (
            apply_lora(tiny_model("llama"), adapter)(TOKENS).logits for adapter in (here, there)
        )
    assert torch.equal(ours, theirs)
