"""Readers say which steps a description has, and believe what people wrote more than grammars."""

from __future__ import annotations

import torch

from t2l.export.bundle.reading import fit_reader, step_table

NAMES = ("sort", "join", "upper")
AXES = torch.eye(6, dtype=torch.float64)


def phrasings(count: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    """Vectors that are the sum of their steps' axes and some noise, and the steps."""
    generator = torch.Generator().manual_seed(0)
    steps = (torch.rand(count, len(NAMES), generator=generator) > 0.5).double()
    steps[steps.sum(dim=1) == 0, 0] = 1
    noise = torch.randn(count, 6, generator=generator, dtype=torch.float64)
    return steps @ AXES[: len(NAMES)] + 0.02 * noise, steps


def test_steps_are_read_off_unit_vectors_of_any_length() -> None:
    vectors, steps = phrasings()
    reader = fit_reader(NAMES, vectors, steps)
    read = reader(vectors)
    assert bool(((read > 0.5) == (steps > 0.5)).all())
    torch.testing.assert_close(reader(7 * vectors), read)
    assert torch.equal(reader.weight, reader.weight.half().double())


def test_what_people_wrote_outweighs_what_a_grammar_says() -> None:
    vectors, steps = phrasings()
    odd = AXES[5][None].repeat(3, 1)  # people say `upper` in a way that no grammar has
    wanted = torch.tensor([[0.0, 0, 1]]).double().repeat(3, 1)
    alone = fit_reader(NAMES, vectors, steps)(odd)
    both = fit_reader(NAMES, vectors, steps, odd, wanted)(odd)
    assert float(both[0, 2]) > 0.9 and float(both[0, :2].abs().max()) < 0.1
    assert float((both - wanted).abs().sum()) < float((alone - wanted).abs().sum())


def test_no_texts_by_people_change_nothing() -> None:
    vectors, steps = phrasings()
    alone = fit_reader(NAMES, vectors, steps)
    empty = fit_reader(NAMES, vectors, steps, vectors[:0], steps[:0])
    assert torch.equal(alone.weight, empty.weight) and torch.equal(alone.bias, empty.bias)


def test_steps_without_a_reader_are_left_out_of_the_table() -> None:
    table = step_table(("a", "b"), [("b", "x"), (), ("a", "b")])
    assert table.tolist() == [[0, 1], [0, 0], [1, 1]]
