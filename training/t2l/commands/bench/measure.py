"""Takes the measurements of a subject: times in turns, what is saved, and a GPU's peak memory."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from t2l.commands.bench.head import heads_of
from t2l.commands.bench.rounds import Rounds, take_turns
from t2l.commands.bench.saved import saved_bytes
from t2l.commands.bench.steps import Step, steps_of
from t2l.commands.bench.subject import Subject


@dataclass(frozen=True)
class Measured:
    """What was measured.

    :param tokens: that run through the base model in a step.
    :param answers: how many of them predict an answer's token.
    :param steps: what each kind of step took.
    :param heads: what each way to logits took.
    :param saved: bytes that each kind of step keeps for its backward pass, without weights.
    :param allocated: the most bytes that each kind of step takes on a GPU beyond what was there.
    """

    tokens: int
    answers: int
    steps: Rounds
    heads: Rounds
    saved: dict[str, int]
    allocated: dict[str, int] | None


def measure(subject: Subject, rounds: int) -> Measured:
    """Take every kind of step so many times, and once before for each thing that is counted."""
    steps, heads = steps_of(subject), heads_of(subject)
    device = subject.reader.device.name
    weights = (subject.reader.model, subject.hypernetwork)
    saved = {name: saved_bytes(step, weights) for name, step in steps.items()}
    on_gpu = device == "cuda"
    allocated = {name: _allocated(step) for name, step in steps.items()} if on_gpu else None
    for head in heads.values():
        head()
    return Measured(
        tokens=subject.tokens,
        answers=subject.batch.answer_tokens,
        steps=take_turns(steps, rounds, device),
        heads=take_turns(heads, rounds, device),
        saved=saved,
        allocated=allocated,
    )


def _allocated(step: Step) -> int:
    """The most memory of a GPU that a step takes beyond what was taken before it."""
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    step()
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before
