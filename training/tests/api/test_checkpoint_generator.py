"""The Python API takes a released checkpoint as it is, and means what the imported bundle means."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from reference_checkpoints import TINY_LLAMA, case, expected, write_checkpoint

from t2l import generate_lora, load_t2l
from t2l.sakana.checkpoint import CheckpointError

NAME = "recon-zscore-S-learned-hash0"
TOLERANCE = 1e-5


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    TINY_LLAMA.save(tmp_path / "target.json")
    return write_checkpoint(NAME, tmp_path / "checkpoint")


def test_makes_the_lora_of_the_reference_at_its_strength(checkpoint: Path):
    t2l = load_t2l(checkpoint, target=checkpoint.parent / "target.json")
    facts, tensors = case(NAME)
    lora = generate_lora(t2l, embedding=tensors["input"][0])
    right = expected(NAME, 0)
    assert sorted(lora.tensors) == sorted(right)
    for name, values in right.items():
        wanted = values * (facts["scaling"] if "lora_B" in name else 1)
        assert (lora.tensors[name] - wanted).abs().max() / wanted.abs().max() < TOLERANCE
    assert (lora.target.alpha, lora.target.use_rslora) == (lora.target.rank, False)


def test_a_description_needs_the_encoder(checkpoint: Path):
    t2l = load_t2l(checkpoint, target=checkpoint.parent / "target.json")
    with pytest.raises(ValueError, match="encoder_url"):
        generate_lora(t2l, "Sort the words.")


def test_bad_sources_and_options_are_named(checkpoint: Path):
    target = checkpoint.parent / "target.json"
    with pytest.raises(CheckpointError, match="python -m t2l target models/tiny-llama"):
        load_t2l(checkpoint)
    with pytest.raises(ValueError, match="import it for int8"):
        load_t2l(checkpoint, target=target, precision="int8")
    with pytest.raises(ValueError, match="embedding has shape"):
        generate_lora(load_t2l(checkpoint, target=target), embedding=torch.ones(3))
    (checkpoint / "args.yaml").unlink()
    with pytest.raises(CheckpointError, match="args.yaml is missing"):
        load_t2l(checkpoint, target=target)
