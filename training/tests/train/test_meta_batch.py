"""Batches of meta-training: distinct tasks, vectors near their phrasings, examples told and not."""

import dataclasses
import random

import pytest
import torch
from adapters_for_tests import CONFIG, DIM, tiny_corpus

from t2l.template.characters import BOS, PAD, VOCABULARY
from t2l.train.meta_batch import draw_vector, make_batch


def test_a_step_takes_distinct_tasks_and_groups_their_rows() -> None:
    batch = make_batch(tiny_corpus(), CONFIG.sft, step=0)
    places = torch.cat([part.rows for part in batch.parts]).tolist()
    assert sorted(places) == list(range(CONFIG.sft.tasks))
    for part in batch.parts:
        assert part.tokens.shape == part.labels.shape
        assert part.tokens.shape[0] == len(part.rows) * CONFIG.sft.examples


def test_batches_depend_on_the_step_only() -> None:
    corpus = tiny_corpus()
    one, same = make_batch(corpus, CONFIG.sft, 1), make_batch(corpus, CONFIG.sft, 1)
    assert torch.equal(one.embeddings, same.embeddings)
    assert torch.equal(one.parts[0].tokens, same.parts[0].tokens)
    assert not torch.equal(one.embeddings, make_batch(corpus, CONFIG.sft, 2).embeddings)


def test_the_same_examples_are_also_told_behind_their_task_s_codes() -> None:
    corpus = tiny_corpus()
    codes = {task.codes for task in corpus.tasks}
    for part in make_batch(corpus, CONFIG.sft, 0).parts:
        assert len(part.told) == len(part.shifts) == len(part.tokens)
        rows = zip(part.tokens.tolist(), part.told.tolist(), part.shifts.tolist(), strict=True)
        for plain, told, shift in rows:
            plain, told = ([token for token in row if token != PAD] for row in (plain, told))
            assert told == [BOS, *told[1 : 1 + shift], *plain[1:]]
            assert tuple(VOCABULARY[token] for token in told[1 : 1 + shift]) in codes


def test_a_step_s_vector_is_a_phrasing_s_or_lies_between_two_of_them() -> None:
    phrasings = torch.randn(5, DIM, generator=torch.Generator().manual_seed(2))
    plain = dataclasses.replace(CONFIG.sft, mix=False, noise=0.0)
    mixed = dataclasses.replace(plain, mix=True)
    for seed in range(20):
        vector = draw_vector(phrasings, plain, random.Random(seed))
        assert any(torch.equal(vector, row) for row in phrasings)
        vector = draw_vector(phrasings, mixed, random.Random(seed))
        around = [
            (vector - a).norm() + (vector - b).norm() - (a - b).norm()
            for a in phrasings
            for b in phrasings
        ]
        assert min(around) < 1e-4


def test_noise_has_the_configured_deviation_and_is_the_same_at_every_run() -> None:
    phrasings = torch.zeros(1, 4000)
    config = dataclasses.replace(CONFIG.sft, noise=0.3)
    one, same, other = (draw_vector(phrasings, config, random.Random(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert one.std().item() == pytest.approx(0.3, rel=0.1)
