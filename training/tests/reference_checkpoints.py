"""Checkpoints that the reference implementation saved, put back on disk as it wrote them.

The fixtures keep tensors and JSON only; here they become `hypermod.pt` again, keys in their order.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import load_file
from torch import Tensor

from t2l.base.target import BaseModelRecord, TargetModule, TargetSpec

FIXTURES = Path(__file__).parent / "fixtures" / "reference"
CASES = sorted(path.stem for path in (FIXTURES / "cases").glob("*.json"))
PER_RANK = [name for name in CASES if "per-rank" in name]  # none of the variants L, M and S
IMPORTABLE = [name for name in CASES if name not in PER_RANK]

BASE = BaseModelRecord("models/tiny-llama", "0" * 40, "llama", "apache-2.0")
TINY_LLAMA = TargetSpec(
    BASE,
    layers=3,
    modules=tuple(
        TargetModule(name, f"{block}.{name}", n_in, n_out)
        for name, block, n_in, n_out in (
            ("q_proj", "self_attn", 24, 24),
            ("k_proj", "self_attn", 24, 12),
            ("v_proj", "self_attn", 24, 12),
            ("o_proj", "self_attn", 24, 24),
            ("gate_proj", "mlp", 24, 40),
            ("up_proj", "mlp", 24, 40),
            ("down_proj", "mlp", 40, 24),
        )
    ),
    rank=4,
    alpha=8,
)


def case(name: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """A case's facts and tensors; some large weights lie on a grid of 8 bits, to be small."""
    path = FIXTURES / "cases" / name
    facts = json.loads(path.with_suffix(".json").read_text())
    return facts, load_file(path.with_suffix(".safetensors"))


def write_checkpoint(name: str, folder: Path) -> Path:
    """Put a case's three files into `folder`."""
    facts, tensors = case(name)
    folder.mkdir(parents=True, exist_ok=True)
    state = OrderedDict((key, tensors[f"state/{key}"].float()) for key in facts["key_order"])
    torch.save(state, folder / "hypermod.pt")
    (folder / "args.yaml").write_text(yaml.dump(facts["args"]))
    (folder / "adapter_config.json").write_text(json.dumps(facts["adapter_config"]))
    return folder


def expected(name: str, number: int) -> dict[str, Tensor]:
    """What the reference generates for one of a case's inputs, under its names."""
    prefix = f"lora/{number}/"
    _, tensors = case(name)
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


MISTRAL_SIZES = ("L", "S-learned")


def mistral_facts(name: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Facts and samples of what the reference gives at the sizes of Mistral-7B."""
    path = FIXTURES / "mistral_sizes" / name
    facts = json.loads(path.with_suffix(".json").read_text())
    return facts, load_file(path.with_suffix(".safetensors"))


def mistral_input() -> Tensor:
    """The embeddings that went in, [2, 1024]."""
    return load_file(FIXTURES / "mistral_sizes" / "input.safetensors")["input"]


def write_mistral_checkpoint(name: str, folder: Path) -> Path:
    """Draw a checkpoint of 55 M (L) or 5 M weights by the fixture's rule and write its files."""
    facts, _ = mistral_facts(name)
    drawn = {entry["key"]: torch.zeros(entry["shape"]) for entry in facts["zeros"]}
    for entry in facts["weights"]:
        generator = torch.Generator().manual_seed(entry["seed"])
        values = torch.randn(entry["shape"], generator=generator) * entry["scale"]
        drawn[entry["key"]] = values + entry["add"] if entry["add"] else values
        assert torch.isclose(
            drawn[entry["key"]].double().sum(), torch.tensor(entry["sum"]).double(), rtol=1e-6
        ), f"torch draws other numbers for {entry['key']} than the fixture was made with"
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(OrderedDict((key, drawn[key]) for key in facts["key_order"]), folder / "hypermod.pt")
    (folder / "args.yaml").write_text(yaml.dump(facts["args"]))
    (folder / "adapter_config.json").write_text(json.dumps(facts["adapter_config"]))
    return folder
