"""Batches of meta-training: distinct tasks, vectors near their phrasings, examples told and not."""

import dataclasses
import random
from typing import Any

import pytest
import torch
from adapters_for_tests import CONFIG, DIM, tiny_corpus

from t2l.tasks.procedural.world import Task
from t2l.tasks.source import Sample
from t2l.template.arrow import ArrowTemplate
from t2l.template.characters import BOS, VOCABULARY
from t2l.template.rows import Row
from t2l.train.meta_batch import draw_vector, make_batch
from t2l.train.objectives.meta_loss import map_shares
from t2l.train.objectives.teacher import CodesTeacher
from t2l.train.parallel import World
from t2l.train.rows import KeptRows


def rows() -> KeptRows:
    return KeptRows(ArrowTemplate())


def test_a_step_takes_distinct_tasks_and_groups_their_rows() -> None:
    batch = make_batch(tiny_corpus(), CONFIG.sft, 0, rows())
    places = torch.cat([part.places for part in batch.parts]).tolist()
    assert sorted(places) == list(range(CONFIG.sft.tasks))
    for part in batch.parts:
        assert len(part.rows) == len(part.places) * CONFIG.sft.examples
        assert not part.told
    assert batch.answer_tokens == sum(sum(a) for part in batch.parts for _, a in part.rows)


def test_tasks_with_short_rows_come_first() -> None:
    batch = make_batch(tiny_corpus(), CONFIG.sft, 0, rows())
    longest = [max(len(ids) for ids, _ in part.rows) for part in batch.parts]
    assert longest == sorted(longest) and longest[0] < longest[-1]


def test_batches_depend_on_the_step_only() -> None:
    corpus = tiny_corpus()
    one, same = (make_batch(corpus, CONFIG.sft, 1, rows()) for _ in range(2))
    assert torch.equal(one.embeddings, same.embeddings)
    assert one.parts[0].rows == same.parts[0].rows
    other = make_batch(corpus, CONFIG.sft, 2, rows())
    assert not torch.equal(one.embeddings, other.embeddings)


def test_the_same_examples_are_also_told_behind_their_task_s_codes() -> None:
    corpus, kept = tiny_corpus(), rows()
    codes = {task.codes for task in corpus.tasks if isinstance(task, Task)}
    batch = make_batch(corpus, CONFIG.sft, 0, kept, CodesTeacher(kept))
    for part, plain in zip(batch.parts, make_batch(corpus, CONFIG.sft, 0, kept).parts, strict=True):
        assert part.rows == plain.rows  # a teacher changes no example
        for (untold, _), (told, _) in zip(part.rows, part.told, strict=True):
            shift = len(told) - len(untold)
            assert told == [BOS, *told[1 : 1 + shift], *untold[1:]]
            assert tuple(VOCABULARY[token] for token in told[1 : 1 + shift]) in codes


def test_a_share_of_the_examples_has_a_description_in_the_prompt() -> None:
    corpus = tiny_corpus()
    seen: list[str | None] = []

    class Template(ArrowTemplate):
        def row(self, sample: Sample, shown: object = (), told: str | None = None) -> Row:
            seen.append(told)
            return super().row(sample)

    for step in range(30):
        make_batch(corpus, CONFIG.sft, step, KeptRows(Template()), definitions=0.3)
    said = [text for text in seen if text is not None]
    assert set(said) <= {text for row in corpus.descriptions for text in row}
    assert 0.15 < len(said) / len(seen) < 0.5


def test_an_example_that_comes_again_is_tokenised_once() -> None:
    calls = 0

    class Template(ArrowTemplate):
        def row(self, *arguments: Any, **more: Any) -> Row:
            nonlocal calls
            calls += 1
            return super().row(*arguments, **more)

    kept, sample = KeptRows(Template()), Sample("a b", "B")
    assert kept.row(sample) == kept.row(sample) == ArrowTemplate().row(sample)
    assert calls == 1
    kept.row(sample, shown=(Sample("c", "C"),))
    assert calls == 2


def test_processes_share_the_tasks_of_every_part() -> None:
    kept = rows()
    batch = make_batch(tiny_corpus(), CONFIG.sft, 0, kept, CodesTeacher(kept))
    for part in batch.parts:
        shares = [part.share(World(rank, 2)) for rank in range(2)]
        assert sorted(torch.cat([s.places for s in shares]).tolist()) == sorted(
            part.places.tolist()
        )
        for share in shares:
            for index, place in enumerate(share.places):
                at = part.places.tolist().index(int(place))
                each = CONFIG.sft.examples
                ours = share.rows[index * each : (index + 1) * each]
                assert ours == part.rows[at * each : (at + 1) * each]
                assert len(share.told) == len(share.rows)


@pytest.mark.parametrize("processes", [2, 3, 5, 8])
def test_processes_have_as_many_tasks_of_a_step_as_any_other_or_one_fewer(processes: int) -> None:
    kept = rows()
    batch = make_batch(tiny_corpus(), CONFIG.sft, 0, kept, CodesTeacher(kept))
    found = [map_shares(batch, World(rank, processes)) for rank in range(processes)]
    places = [[int(place) for part in parts for place in part.places] for parts in found]
    assert sorted(place for own in places for place in own) == list(range(len(batch.embeddings)))
    assert max(map(len, places)) - min(map(len, places)) <= 1


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
