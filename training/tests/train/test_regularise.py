"""Against learning by heart: as PEFT, transformers and PyTorch do it, and resumable."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from adapters_for_tests import CONFIG, CPU, DIM, open_tiny, tiny_base, tiny_corpus
from families_for_tests import tiny_model
from safetensors.torch import load_file
from torch import nn
from training_for_tests import cut_at, train
from transformers.integrations.neftune import neftune_post_forward_hook

from t2l.base.adapter_weights import AdapterWeights
from t2l.base.applying import apply_adapters
from t2l.base.peft_io import tensor_name
from t2l.base.target import BaseModelRecord, TargetModule, TargetSpec
from t2l.config.load import config_of
from t2l.config.recipe import TrainerConfig
from t2l.template.arrow import ArrowTemplate
from t2l.train.loss import answer_losses
from t2l.train.meta_batch import make_batch
from t2l.train.objectives.meta_loss import Terms, batch_step
from t2l.train.objectives.sft import build_hypernetwork
from t2l.train.regularise import Regularisers, noisy_embeddings
from t2l.train.rows import KeptRows
from t2l.train.zero_shot import frozen_reader

ALL = {"smoothing": 0.1, "neftune": 5.0, "lora_dropout": 0.2, "output_decay": 0.01}
TOKENS = torch.tensor([[5, 9, 200, 31, 7], [8, 8, 1, 90, 44]])


def target_of_tiny() -> TargetSpec:
    record = BaseModelRecord("someone/tiny", "0" * 40, "llama", "apache-2.0")
    modules = (
        TargetModule("q_proj", "self_attn.q_proj", 32, 32),
        TargetModule("v_proj", "self_attn.v_proj", 32, 16),
    )
    return TargetSpec(record, 2, modules, rank=2, alpha=2.0)


def random_adapter(target: TargetSpec) -> AdapterWeights:
    torch.manual_seed(1)
    return {
        module.name: (
            torch.randn(1, target.layers, target.rank, module.in_features),
            torch.randn(1, target.layers, module.out_features, target.rank),
        )
        for module in target.modules
    }


def test_labels_are_smoothed_as_pytorch_does(tmp_path: Path) -> None:
    tiny_base(tmp_path)
    model, _ = open_tiny(tmp_path)
    reader, rows = frozen_reader(model, CPU), KeptRows(ArrowTemplate())
    batch = make_batch(tiny_corpus(), CONFIG.sft, 0, rows)
    for part in batch.parts:
        sheets = reader.sheets(part.rows, 1)
        found = answer_losses(reader, sheets, smoothing=0.1)
        loss = nn.CrossEntropyLoss(reduction="sum", label_smoothing=0.1)
        assert found.sums.sum().item() == pytest.approx(
            loss(found.logits, sheets.wanted).item(), rel=1e-5
        )
        plain = answer_losses(reader, sheets)
        assert plain.sums.sum() != found.sums.sum()


def test_noise_on_embeddings_is_that_of_transformers() -> None:
    model = tiny_model("llama")
    embeddings: Any = model.get_input_embeddings()
    plain = model(input_ids=TOKENS).logits
    torch.manual_seed(4)
    with noisy_embeddings(model, 5.0):
        ours = model(input_ids=TOKENS).logits
    embeddings.neftune_noise_alpha = 5.0
    embeddings.train()
    handle = embeddings.register_forward_hook(neftune_post_forward_hook)
    torch.manual_seed(4)
    theirs = model(input_ids=TOKENS).logits
    handle.remove()
    torch.testing.assert_close(ours, theirs)
    assert not torch.allclose(ours, plain)
    with noisy_embeddings(model, 0.0):
        torch.testing.assert_close(model(input_ids=TOKENS).logits, plain)


def test_inputs_of_loras_are_dropped_as_peft_does() -> None:
    target = target_of_tiny()
    weights = random_adapter(target)
    model = tiny_model("llama")
    torch.manual_seed(4)
    with apply_adapters(model, target, weights, 1, dropout=0.3):
        ours = model(input_ids=TOKENS).logits
    options = peft.LoraConfig(
        r=2, lora_alpha=2, target_modules=["q_proj", "v_proj"], lora_dropout=0.3
    )
    adapted = peft.get_peft_model(tiny_model("llama"), options)
    tensors = {
        tensor_name(module.path, layer, side): weights[module.name]["AB".index(side)][0, layer]
        for module in target.modules
        for layer in range(target.layers)
        for side in "AB"
    }
    found = peft.set_peft_model_state_dict(adapted, tensors)
    assert not found.unexpected_keys
    adapted.train()
    torch.manual_seed(4)
    theirs = adapted(input_ids=TOKENS).logits
    torch.testing.assert_close(ours, theirs)
    with apply_adapters(model, target, weights, 1):
        assert not torch.allclose(ours, model(input_ids=TOKENS).logits)


def test_generated_weights_are_drawn_to_zero_by_the_gradient_of_their_squares(
    tmp_path: Path,
) -> None:
    tiny_base(tmp_path)
    model, target = open_tiny(tmp_path)
    reader, corpus = frozen_reader(model, CPU), tiny_corpus()
    batch = make_batch(corpus, CONFIG.sft, 0, KeptRows(ArrowTemplate()))

    def gradients(terms: Terms, penalty: float = 0.0) -> dict[str, torch.Tensor]:
        network = build_hypernetwork(CONFIG, target, DIM).eval()
        torch.manual_seed(3)
        for parameter in network.parameters():
            parameter.data.add_(0.1 * torch.randn_like(parameter))
        found = batch_step(reader, network, batch, terms)
        if penalty:
            sides = [side for sides in network(batch.embeddings).values() for side in sides]
            loss = penalty * torch.stack([side.square().mean() for side in sides]).sum()
            loss.backward()
            return {"": loss.detach(), **_gradients(network)}
        return {"": torch.tensor(found.decayed), **_gradients(network)}

    wanted = gradients(Terms(), penalty=0.5)
    ours = gradients(Terms(against=Regularisers(output_decay=0.5)))
    plain = gradients(Terms())
    assert ours.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(ours[name], value, atol=1e-5, rtol=1e-4)
    assert any(not torch.allclose(plain[name], value) for name, value in wanted.items())


def _gradients(network: nn.Module) -> dict[str, torch.Tensor]:
    return {
        name: parameter.grad
        for name, parameter in network.named_parameters()
        if parameter.grad is not None
    }


@pytest.mark.parametrize("checkpointing", [False, True])
def test_a_run_with_all_of_it_that_is_cut_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpointing: bool
) -> None:
    tiny_base(tmp_path / "base")
    options = TrainerConfig(
        checkpoint_minutes=1e-9, tensorboard=False, gradient_checkpointing=checkpointing
    )
    train(tmp_path / "base", tmp_path / "whole", options, **ALL)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("t2l.train.objectives.sft.make_batch", cut_at(3))
        train(tmp_path / "base", tmp_path / "cut", options, **ALL)
    train(tmp_path / "base", tmp_path / "cut", options, **ALL)
    train(tmp_path / "base", tmp_path / "plain", options)
    whole, cut, plain = (
        load_file(tmp_path / name / "final" / "hypernetwork.safetensors")
        for name in ("whole", "cut", "plain")
    )
    assert all(torch.equal(value, cut[name]) for name, value in whole.items())
    assert any(not torch.equal(value, plain[name]) for name, value in whole.items())


@pytest.mark.parametrize("name", ["lora_dropout", "output_decay"])
def test_what_is_for_loras_is_refused_of_other_kinds(name: str) -> None:
    target = {"output": "ia3", "rank": 1, "alpha": 1.0}
    with pytest.raises(ValueError, match=f"sft.{name} 0.1 is for LoRAs, and target.output is ia3"):
        config_of({"runs": "x", "target": target, "sft": {name: 0.1}})
    assert replace(config_of({"runs": "x"}).sft, **{name: 0.1})
