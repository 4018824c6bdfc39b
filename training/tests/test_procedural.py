"""The task family: right answers, honest split, enough ways to say each task."""

import random
import subprocess
import sys

import pytest

from t2l.tasks.operations import operations, patterns
from t2l.tasks.procedural import DOMAINS, MAX_OUTPUT, Task, procedural_tasks

TASKS = procedural_tasks()
EVERY = (*TASKS.train, *TASKS.unseen)


def task(domain: str, *names: str) -> Task:
    """A task by the names of its steps."""
    rows = {row.name: row for row in operations(domain)}
    return Task(domain, tuple(rows[name] for name in names))


@pytest.mark.parametrize(
    ("domain", "names", "items", "answer"),
    [
        ("words", ["reverse"], "cat sun map", "map sun cat"),
        ("words", ["sort", "upper", "join:,"], "sun cat map", "CAT,MAP,SUN"),
        ("words", ["containing:a"], "cat sun map", "cat map"),
        ("words", ["append:t"], "cat sun map", "catt sunt mapt"),
        ("words", ["judge:sorted"], "cat map sun", "yes"),
        ("words", ["drop_vowels"], "boat egg sun", "bt gg sn"),
        ("digits", ["evens", "double"], "4 7 6", "8 12"),
        ("digits", ["sum"], "4 7 6", "17"),
        ("digits", ["sort_descending", "join:-"], "4 7 6", "7-6-4"),
        ("letters", ["reverse"], "n o t e", "eton"),
        ("letters", ["count:t"], "t o t", "2"),
        ("letters", ["mirror"], "a b", "abba"),
    ],
)
def test_answers(domain: str, names: list[str], items: str, answer: str) -> None:
    assert task(domain, *names).solve(tuple(items.split())) == answer


def test_there_are_several_hundred_tasks_and_a_tenth_is_set_aside() -> None:
    assert len(EVERY) >= 400
    assert 0.08 <= len(TASKS.unseen) / len(EVERY) <= 0.15
    assert not {t.name for t in TASKS.train} & {t.name for t in TASKS.unseen}


def test_unseen_tasks_use_steps_that_training_knows() -> None:
    known = {(t.domain, step.name.split(":")[0]) for t in TASKS.train for step in t.steps}
    assert {(t.domain, s.name.split(":")[0]) for t in TASKS.unseen for s in t.steps} <= known


def test_no_unseen_task_computes_what_a_training_task_computes() -> None:
    rng = random.Random(5)
    for unseen in TASKS.unseen:
        samples = [unseen.sample(rng) for _ in range(40)]
        separator = None if unseen.domain == "letters" else " "
        for seen in TASKS.train:
            if seen.domain != unseen.domain:
                continue
            inputs = (tuple(s.input.split(separator) if separator else s.input) for s in samples)
            answers = [seen.solve(items) for items in inputs]
            assert answers != [sample.output for sample in samples], (unseen.name, seen.name)


def test_every_task_has_forty_training_phrasings_and_some_held_out_ones() -> None:
    for one in EVERY:
        train = one.descriptions("train", 40, seed=0)
        held = one.descriptions("held_out", 4, seed=0)
        assert len(train) >= 40, one.name
        assert len(held) >= 4, one.name
        assert not set(train) & set(held)


def test_held_out_phrases_and_frames_are_never_trained_on() -> None:
    for domain in DOMAINS:
        for row in operations(domain):
            train, held = (set(patterns(domain, row, split)) for split in ("train", "held_out"))
            assert train and held
            assert not train & held, row.name


def test_samples_are_fresh_seeded_and_never_copy_the_input() -> None:
    for one in EVERY:
        rows = [one.sample(random.Random(seed)) for seed in range(8)]
        again = [one.sample(random.Random(seed)) for seed in range(8)]
        assert rows == again
        assert len({row.input for row in rows}) > 1
        for row in rows:
            assert row.input != row.output
            assert 0 < len(row.output) <= MAX_OUTPUT


def test_parameter_letters_occur_in_the_input() -> None:
    rng = random.Random(1)
    for _ in range(50):
        assert "e" in task("words", "containing:e").sample(rng).input
        assert "t" in task("letters", "remove:t").sample(rng).input


def test_yes_and_no_are_equally_frequent() -> None:
    rng = random.Random(2)
    answers = [task("words", "judge:sorted").sample(rng).output for _ in range(400)]
    assert 150 < answers.count("yes") < 250


def test_the_family_does_not_depend_on_the_hash_seed() -> None:
    code = (
        "from t2l.tasks.procedural import procedural_tasks as p; t = p();"
        "print([x.name for x in t.train + t.unseen], t.train[9].descriptions('train', 9, 3))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
