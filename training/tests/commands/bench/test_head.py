"""Logits at answers and at all places give one loss; the model is whole again afterwards."""

from __future__ import annotations

import pytest
import torch
from bench_for_tests import tiny_subject

from t2l.commands.bench.head import ANSWERS, EVERYWHERE, heads_of, without_layers


def test_both_ways_give_the_same_loss() -> None:
    heads = heads_of(tiny_subject("--answers=3"))
    assert heads[ANSWERS]() == pytest.approx(heads[EVERYWHERE](), rel=1e-5)


def test_a_model_has_its_layers_again_also_after_an_error() -> None:
    model = tiny_subject().reader.model
    tokens = torch.tensor([[1, 2, 3]])
    with torch.no_grad():
        whole = model(input_ids=tokens).logits
        with pytest.raises(RuntimeError), without_layers(model, "model.layers"):
            assert not torch.allclose(model(input_ids=tokens).logits, whole)
            raise RuntimeError
        assert torch.equal(model(input_ids=tokens).logits, whole)
