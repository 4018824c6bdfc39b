"""Logits at the places of answers are the model's own, in every family, together or alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from families_for_tests import FAMILIES, SAMPLES, tiny_model, tiny_tokenizer
from torch import Tensor
from transformers.modeling_utils import PreTrainedModel
from transformers.models.auto.configuration_auto import AutoConfig
from transformers.models.auto.modeling_auto import AutoModelForCausalLM

from t2l.base.device import Device
from t2l.base.reader import Reader
from t2l.template.chat import ChatTemplate
from t2l.template.rows import Row

CPU = Device("cpu", bfloat16=False)
SIZES: dict[str, Any] = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "pad_token_id": 0,
}


def other_model(family: str, **changes: Any) -> PreTrainedModel:
    config = AutoConfig.for_model(family, **{**SIZES, **changes})
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(4)
    return model


def random_rows(vocabulary: int, groups: int, each: int) -> list[Row]:
    """Rows of several lengths; those of a group begin alike."""
    generator = torch.Generator().manual_seed(3)
    rows: list[Row] = []
    for group in range(groups):
        begin = [group + 1, group + 2, group + 3]
        for row in range(each):
            count = 4 + (group + row) % 5
            ids = torch.randint(1, vocabulary, (count,), generator=generator).tolist()
            rows.append((begin + ids, [False] * (2 + count) + [True]))
            rows[-1][1][-2] = True
    return rows


def own_logits(model: PreTrainedModel, rows: list[Row]) -> Tensor:
    """The whole logits of every row alone, at its answers."""
    found = []
    with torch.no_grad():
        for ids, is_answer in rows:
            logits = model(input_ids=torch.tensor([ids])).logits[0]
            found.append(logits[:-1][torch.tensor(is_answer[1:])])
    return torch.cat(found)


def check(reader: Reader, rows: list[Row], groups: int) -> None:
    with torch.no_grad():
        found = reader(reader.sheets(rows, groups)).logits
    torch.testing.assert_close(found, own_logits(reader.model, rows), atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_s_logits_in_its_own_chat_template(family: str) -> None:
    """Rows here are longer than the sliding windows, which own masks must not lose."""
    model = tiny_model(family)
    template = ChatTemplate(tiny_tokenizer(family), None)
    rows = [template.row(sample) for sample in SAMPLES[:4]]
    reader = Reader(model, CPU)
    assert reader.plain_head and reader.packs
    check(reader, rows, 2)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_s_logits_with_a_task_s_rows_together(family: str) -> None:
    reader = Reader(tiny_model(family), CPU)
    rows = [(ids[:8], answer[-8:]) for ids, answer in random_rows(400, 2, 3)]
    sheets = reader.sheets(rows, 2)
    assert sheets.tokens.shape[0] == 2
    check(reader, rows, 2)


@pytest.mark.parametrize(
    ("family", "changes"),
    [("cohere", {"logit_scale": 0.3}), ("granite", {"logits_scaling": 4.0})],
)
def test_scaled_logits(family: str, changes: dict[str, float]) -> None:
    reader = Reader(other_model(family, **changes), CPU)
    assert reader.plain_head and reader.packs
    check(reader, random_rows(64, 2, 2), 2)


@pytest.mark.parametrize("kept", [True, False])
def test_a_head_that_does_more_is_left_to_the_model(
    kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = other_model("llama")
    whole = type(model).forward

    def cubed(self: Any, input_ids: Tensor, logits_to_keep: Any = 0, **options: Any) -> Any:
        out = whole(self, input_ids=input_ids, logits_to_keep=logits_to_keep, **options)
        out.logits = out.logits**3
        return out

    def without(self: Any, input_ids: Tensor, **options: Any) -> Any:
        return cubed(self, input_ids, **options)

    monkeypatch.setattr(type(model), "forward", cubed if kept else without)
    reader = Reader(model, CPU)
    assert not reader.plain_head
    check(reader, random_rows(64, 2, 2), 2)


def test_positions_in_the_attention_s_bias_need_a_sheet_a_row() -> None:
    model = other_model("bloom", n_layer=2, n_head=4, hidden_size=32)
    reader = Reader(model, CPU)
    assert not reader.packs
    check(reader, random_rows(64, 2, 2), 2)


def test_states_are_those_of_every_row_alone() -> None:
    reader = Reader(tiny_model("llama"), CPU)
    rows = random_rows(400, 2, 2)
    sheets = reader.sheets(rows, 2, whole=True)
    with torch.no_grad():
        states = reader.states(sheets)
        also = reader(sheets, states=True).states
        for index, (ids, _) in enumerate(rows):
            alone = reader.model(input_ids=torch.tensor([ids]), output_hidden_states=True)
            for ours, same, theirs in zip(states, also, alone.hidden_states[1:], strict=True):
                found = ours.flatten(0, 1)[sheets.cells[index, : len(ids)]]
                torch.testing.assert_close(found, theirs[0], atol=1e-4, rtol=1e-4)
                torch.testing.assert_close(ours, same)


def test_few_of_a_batch_s_places_go_through_the_head(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(tiny_model("qwen2"), CPU)
    rows = random_rows(400, 4, 2)
    seen = SimpleNamespace(rows=0)
    reader.model.lm_head.register_forward_hook(
        lambda _module, inputs, _out: setattr(seen, "rows", seen.rows + inputs[0].shape[0])
    )
    reader(reader.sheets(rows, 4))
    assert seen.rows == sum(sum(is_answer) for _, is_answer in rows)
