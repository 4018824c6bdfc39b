"""Distillation: the teacher is the base model that is told, read at the student's positions."""

import pytest
import torch
from adapters_for_tests import CONFIG, CPU, DIM, random_adapters, tiny_base, tiny_corpus

from t2l.base.applying import apply_adapters
from t2l.template.arrow import ArrowTemplate
from t2l.train.meta_batch import Batch, make_batch
from t2l.train.objectives.distillation import (
    common_end,
    distance,
    divergence,
    teacher_logits,
    teacher_states,
)
from t2l.train.objectives.meta_loss import Terms, batch_step
from t2l.train.objectives.sft import build_hypernetwork, frozen_reader
from t2l.train.objectives.teacher import CodesTeacher
from t2l.train.rows import KeptRows

ROWS = KeptRows(ArrowTemplate())


def told_batch() -> Batch:
    return make_batch(tiny_corpus(), CONFIG.sft, 0, ROWS, CodesTeacher(ROWS))


def test_every_token_s_target_is_the_state_of_that_token_when_told(tmp_path) -> None:
    model, _ = tiny_base(tmp_path)
    reader = frozen_reader(model, CPU)
    for part in told_batch().parts:
        sheets = reader.sheets(part.rows, len(part.places), whole=True)
        taught = teacher_states(reader, part, sheets)
        assert len(taught.states) == model.config.num_hidden_layers
        tokens = sheets.tokens.flatten()[taught.places].tolist()
        assert tokens == [token for ids, _ in part.rows for token in ids[1:]]
        start = 0
        for (ids, _), (told, _) in zip(part.rows, part.told, strict=True):
            count = len(ids) - 1
            alone = model(input_ids=torch.tensor([told]), output_hidden_states=True)
            for state, own in zip(taught.states, alone.hidden_states[1:], strict=True):
                found = state[start : start + count]
                torch.testing.assert_close(found, own[0, -count:], atol=1e-4, rtol=1e-3)
            start += count


def test_the_distance_is_relative() -> None:
    generator = torch.Generator().manual_seed(0)
    teacher = [torch.randn(5, 4, generator=generator) for _ in range(3)]
    assert distance(teacher, teacher).item() == 0
    assert distance([2 * state for state in teacher], teacher).item() == pytest.approx(1)


def test_an_untold_base_model_is_at_a_distance_that_training_lowers(tmp_path) -> None:
    model, target = tiny_base(tmp_path)
    reader = frozen_reader(model, CPU)
    network = build_hypernetwork(CONFIG, target, DIM).train()
    batch = told_batch()
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    distances = []
    for _ in range(30):
        found = batch_step(reader, network, batch, Terms(distill=100.0))
        optimizer.step()
        optimizer.zero_grad()
        distances.append(found.distilled)
    assert 0 < min(distances[-5:]) < 0.9 * distances[0]


def test_a_batch_s_distance_is_that_of_its_rows_under_their_own_adapters(tmp_path) -> None:
    model, target = tiny_base(tmp_path)
    reader = frozen_reader(model, CPU)
    batch = told_batch()
    weights = random_adapters(target, CONFIG.sft.tasks)

    class Given(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.target = target

        def forward(self, _: torch.Tensor):
            return weights

    found = batch_step(reader, Given(), batch, Terms(distill=1.0))
    total = 0.0
    for part in batch.parts:
        own = {name: (a[part.places], b[part.places]) for name, (a, b) in weights.items()}
        sheets = reader.sheets(part.rows, len(part.places), whole=True)
        taught = teacher_states(reader, part, sheets)
        with apply_adapters(model, target, own):
            states = reader.states(sheets)
        total += distance(taught.tokens_of(states), taught.states).item() * part.answer_tokens
    assert found.distilled == pytest.approx(total / batch.answer_tokens, rel=1e-4)


def test_only_what_told_and_untold_rows_end_with_in_common_is_compared() -> None:
    untold = ([1, 5, 6, 7], [False, False, True, True])
    assert common_end(untold, ([1, 9, 9, 5, 6, 7], [])) == 3
    assert common_end(untold, ([1, 9, 8, 6, 7], [])) == 2
    assert common_end(untold, ([9, 1, 5, 6, 7], [])) == 3  # never the first token


def test_the_divergence_is_that_of_the_distributions() -> None:
    generator = torch.Generator().manual_seed(0)
    ours, theirs = (torch.randn(5, 7, generator=generator) for _ in range(2))
    assert divergence(theirs, theirs).item() == pytest.approx(0, abs=1e-6)
    p, q = theirs.softmax(-1), ours.softmax(-1)
    assert divergence(ours, theirs).item() == pytest.approx((p * (p / q).log()).sum().item())


def test_expected_tokens_are_those_of_the_told_model_and_training_nears_them(tmp_path) -> None:
    model, target = tiny_base(tmp_path)
    reader = frozen_reader(model, CPU)
    batch = told_batch()
    for part in batch.parts:
        logits = teacher_logits(reader, part, reader.sheets(part.rows, len(part.places)))
        alone = []
        for told, is_answer in part.told:
            own = model(input_ids=torch.tensor([told])).logits[0, :-1]
            alone.append(own[torch.tensor(is_answer[1:])])
        torch.testing.assert_close(logits, torch.cat(alone), atol=1e-4, rtol=1e-3)
    network = build_hypernetwork(CONFIG, target, DIM).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    found = []
    for _ in range(30):
        found.append(batch_step(reader, network, batch, Terms(distill=100.0, signal="logits")))
        optimizer.step()
        optimizer.zero_grad()
    assert 0 < min(one.distilled for one in found[-5:]) < 0.9 * found[0].distilled
