"""Distillation: the teacher is the base model that is told, read at the student's positions."""

import random

import pytest
import torch
from adapters_for_tests import CONFIG, CPU, DIM, random_adapters, tiny_base, tiny_corpus, tiny_tasks

from t2l.base.lora import apply_lora
from t2l.template.arrow import encode_lines
from t2l.template.rows import collate
from t2l.train.meta_batch import make_batch
from t2l.train.objectives.distillation import distance, teacher_states
from t2l.train.objectives.sft import batch_loss, build_hypernetwork


def rows_of_tasks() -> list[tuple[list[int], list[int], int]]:
    """A question of some tasks, untold and told, and how many tokens it was told with."""
    rows = []
    for task in (*tiny_tasks().train[:2], *tiny_tasks().train[-2:]):
        sample = task.sample(random.Random(task.name))
        told = encode_lines([sample], task.codes)[0]
        rows.append((encode_lines([sample])[0], told, len(task.codes)))
    assert len({shift for _, _, shift in rows}) > 1
    return rows


def padded(rows: list[list[int]]) -> torch.Tensor:
    return collate([(row, [False] * len(row)) for row in rows])[0]


def test_every_token_s_target_is_the_state_of_that_token_when_told(tmp_path) -> None:
    model, _ = tiny_base(tmp_path)
    rows = rows_of_tasks()
    tokens, told = padded([row[0] for row in rows]), padded([row[1] for row in rows])
    shifts = torch.tensor([shift for _, _, shift in rows])
    found = teacher_states(model, told, shifts, tokens.shape[1], CPU)
    assert len(found) == model.config.num_hidden_layers
    for index, (plain, row, shift) in enumerate(rows):
        alone = model(input_ids=torch.tensor([row]), output_hidden_states=True).hidden_states[1:]
        for layer, state in enumerate(found):
            assert row[1 + shift :] == plain[1:]
            wanted = alone[layer][0, 1 + shift :]
            torch.testing.assert_close(state[index, 1 : len(plain)], wanted, atol=1e-4, rtol=1e-3)


def test_the_distance_is_relative_and_leaves_padding_and_the_first_token_out() -> None:
    generator = torch.Generator().manual_seed(0)
    teacher = tuple(torch.randn(2, 5, 4, generator=generator) for _ in range(3))
    tokens = padded([[1, 7, 8, 9, 10], [1, 7, 8]])
    assert distance(teacher, teacher, tokens).item() == 0
    assert distance([2 * state for state in teacher], teacher, tokens).item() == pytest.approx(1)
    student = [state.clone() for state in teacher]
    for state in student:
        state[:, 0] += 5
        state[1, 3:] += 5
    assert distance(student, teacher, tokens).item() == 0


def test_an_untold_base_model_is_at_a_distance_that_training_lowers(tmp_path) -> None:
    model, target = tiny_base(tmp_path)
    network = build_hypernetwork(CONFIG, target, DIM).train()
    batch = make_batch(tiny_corpus(), CONFIG.sft, 0)
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    distances = []
    for _ in range(30):
        found = batch_loss(model, network, batch, CPU, distill=True)
        found.distilled.backward()
        optimizer.step()
        optimizer.zero_grad()
        distances.append(found.distilled.item())
    assert 0 < min(distances[-5:]) < 0.9 * distances[0]


def test_a_batch_s_distance_is_that_of_its_rows_under_their_own_adapters(tmp_path) -> None:
    model, target = tiny_base(tmp_path)
    batch = make_batch(tiny_corpus(), CONFIG.sft, 0)
    weights = random_adapters(target, CONFIG.sft.tasks)

    class Given(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.target = target

        def forward(self, _: torch.Tensor):
            return weights

    found = batch_loss(model, Given(), batch, CPU, distill=True)
    total, count = 0.0, 0
    for part in batch.parts:
        own = {name: (a[part.rows], b[part.rows]) for name, (a, b) in weights.items()}
        with apply_lora(model, target, own):
            states = model(input_ids=part.tokens, output_hidden_states=True).hidden_states[1:]
        length = part.tokens.shape[1]
        teacher = teacher_states(model, part.told, part.shifts, length, CPU)
        here = int((part.labels[:, 1:] >= 0).sum())
        total += distance(states, teacher, part.tokens).item() * here
        count += here
    assert found.distilled.item() == pytest.approx(total / count, rel=1e-4)
