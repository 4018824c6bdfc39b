"""Gradients part by part are those of one pass, with gradient checkpointing too."""

from __future__ import annotations

import pytest
import torch
from families_for_tests import FAMILIES, SAMPLES, tiny_model, tiny_tokenizer
from torch import Tensor, nn

from t2l.base.adapter_weights import AdapterWeights
from t2l.base.applying import apply_adapters
from t2l.base.device import Device
from t2l.base.memory import recompute_activations
from t2l.base.reader import Reader
from t2l.base.target import BaseModelRecord, TargetModule, TargetSpec
from t2l.template.characters import PAD
from t2l.template.chat import ChatTemplate
from t2l.template.rows import IGNORED, Row, collate
from t2l.train.loss import answer_losses, completion_loss
from t2l.train.meta_batch import Drawn, Part, by_length
from t2l.train.step import adapted_backward

CPU = Device("cpu", bfloat16=False)
TASKS = 4


class Generator(nn.Module):
    """Adapters from one number a task, through weights that all share."""

    def __init__(self, target: TargetSpec) -> None:
        super().__init__()
        self.pairs = nn.ParameterDict()
        generator = torch.Generator().manual_seed(2)
        for module in target.modules:
            for side, shape in (
                ("a", (target.layers, target.rank, module.in_features)),
                ("b", (target.layers, module.out_features, target.rank)),
            ):
                values = 0.2 * torch.randn(shape, generator=generator)
                self.pairs[f"{module.name}_{side}"] = nn.Parameter(values)
        self.names = target.module_names

    def forward(self) -> AdapterWeights:
        factors = torch.arange(1, TASKS + 1)[:, None, None, None] / TASKS
        return {
            n: (self.pairs[f"{n}_a"] * factors, self.pairs[f"{n}_b"] * factors) for n in self.names
        }


def make(family: str) -> tuple[Reader, TargetSpec, list[list[Row]]]:
    model = tiny_model(family).requires_grad_(False)
    layer = model.model.layers[0]
    modules = tuple(
        TargetModule(path.rsplit(".")[-1], path, *layer.get_submodule(path).weight.shape[::-1])
        for path in ("self_attn.q_proj", "self_attn.v_proj", "mlp.down_proj")
    )
    record = BaseModelRecord("a/b", "0" * 40, family, "apache-2.0")
    target = TargetSpec(record, 2, modules, rank=2, alpha=3)
    template = ChatTemplate(tiny_tokenizer(family), None)
    rows = [template.row(sample) for sample in (*SAMPLES, *SAMPLES[:3])]
    return Reader(model, CPU), target, [rows[i : i + 2] for i in range(0, 2 * TASKS, 2)]


def in_parts(
    reader: Reader, target: TargetSpec, groups: list[list[Row]], weights: AdapterWeights
) -> float:
    parts = by_length([Drawn(place, rows, []) for place, rows in enumerate(groups)], 2)
    count = sum(part.answer_tokens for part in parts)
    total = 0.0

    def run(part: Part, own: AdapterWeights) -> None:
        nonlocal total
        with apply_adapters(reader.model, target, own, len(part.places)):
            sheets = reader.sheets(part.rows, len(part.places))
            loss = answer_losses(reader, sheets).sums.sum() / count
            if loss.requires_grad:
                loss.backward()
        total += loss.item()

    adapted_backward(weights, [(part.places, part) for part in parts], run)
    return total


def at_once(
    reader: Reader, target: TargetSpec, groups: list[list[Row]], weights: AdapterWeights
) -> Tensor:
    """The whole batch's whole logits, in one pass and one graph."""
    tokens, labels, _ = collate([row for rows in groups for row in rows], PAD)
    with apply_adapters(reader.model, target, weights, TASKS):
        mask = (tokens != 0).long() | (labels != IGNORED)
        loss = completion_loss(reader.model(input_ids=tokens, attention_mask=mask).logits, labels)
        loss.backward()
    return loss.detach()


def gradients(module: nn.Module) -> dict[str, Tensor]:
    found = {name: p.grad.clone() for name, p in module.named_parameters() if p.grad is not None}
    module.zero_grad()
    return found


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("recompute", [False, True])
def test_gradients_are_those_of_one_pass_over_everything(family: str, recompute: bool) -> None:
    reader, target, groups = make(family)
    network = Generator(target)
    expected = at_once(reader, target, groups, network())
    wanted = gradients(network)
    if recompute:
        recompute_activations(reader.model)
    found = in_parts(reader, target, groups, network())
    assert found == pytest.approx(expected.item(), rel=1e-5)
    ours = gradients(network)
    assert ours.keys() == wanted.keys() == dict(network.named_parameters()).keys()
    for name, value in wanted.items():
        torch.testing.assert_close(
            ours[name], value, atol=1e-5 * float(value.abs().max()), rtol=1e-3
        )
    assert all(parameter.grad is None for parameter in reader.model.parameters())


def test_activations_are_computed_again_and_not_kept() -> None:
    reader, target, groups = make("llama")
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    reader.model.model.layers[0].mlp.register_forward_pre_hook(count)
    in_parts(reader, target, groups, Generator(target)())
    plain, calls = calls, 0
    recompute_activations(reader.model)
    in_parts(reader, target, groups, Generator(target)())
    assert calls == 2 * plain
    assert not reader.model.model.layers[0].mlp.training  # no dropout


def test_without_gradients_parts_only_run() -> None:
    reader, target, groups = make("llama")
    network = Generator(target)
    with torch.no_grad():
        found = in_parts(reader, target, groups, network())
    assert found > 0 and gradients(network) == {}
