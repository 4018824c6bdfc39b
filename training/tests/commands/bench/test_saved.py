"""What is kept for the backward pass is counted by storage, and ours keeps far less of it."""

from __future__ import annotations

import pytest
import torch
from bench_for_tests import tiny_subject
from torch import nn

from t2l.commands.bench.repetition import repeated_bytes
from t2l.commands.bench.saved import saved_bytes
from t2l.commands.bench.steps import FLOOR, OURS, REPETITION, steps_of


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_a_storage_counts_once_and_weights_do_not(device: str) -> None:
    layer = nn.Linear(4, 4, bias=False, device=device)
    x = torch.ones(8, 4, device=device, requires_grad=True)

    def run() -> None:
        y = layer(x)  # keeps x, 8 * 4 values, and the weight
        (y * y.view(4, 8).view(8, 4)).sum().backward()  # keeps y twice, one storage

    assert saved_bytes(run, [layer]) == 4 * (32 + 32)
    assert saved_bytes(run) == 4 * (32 + 32 + 16)


def test_steps_keep_the_same_every_time_and_ours_little() -> None:
    subject = tiny_subject("--width=128", "--tasks=2", "--examples=4", "--length=64")
    weights = (subject.reader.model, subject.hypernetwork)
    steps = steps_of(subject)
    first = {name: saved_bytes(step, weights) for name, step in steps.items()}
    again = {name: saved_bytes(step, weights) for name, step in steps.items()}
    assert first == again
    copies = first[REPETITION] - first[OURS]
    wanted = repeated_bytes(subject.hypernetwork.target, subject.tokens, 4)
    assert copies == pytest.approx(wanted, rel=0.05)
    assert 0 < first[FLOOR] < first[OURS]
    assert first[OURS] - first[FLOOR] < 0.25 * (first[REPETITION] - first[FLOOR])
