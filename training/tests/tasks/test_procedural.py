"""The task family: right answers, honest splits, enough ways to say each task."""

import random
import subprocess
import sys
from collections.abc import Iterable
from itertools import combinations

import pytest

from t2l.tasks.phrasing import expand_all
from t2l.tasks.procedural.phrases import frames
from t2l.tasks.procedural.registry import DOMAINS
from t2l.tasks.procedural.world import (
    MAX_OUTPUT,
    Task,
    known_before,
    procedural_tasks,
    wider_compositions,
    wider_tasks,
)
from t2l.tasks.source import Sample

TASKS = procedural_tasks()
UNSEEN = (*TASKS.selection, *TASKS.report, *TASKS.left_out)
EVERY = (*TASKS.train, *UNSEEN)
SPLITS = ("train", "selection", "held_out")


def task(domain: str, *names: str) -> Task:
    """A task by the names of its steps."""
    rows = {row.name: row for row in DOMAINS[domain].operations}
    return Task(domain, tuple(rows[name] for name in names))


def named(tasks: Iterable[Task]) -> set[str]:
    return {one.name for one in tasks}


def shapes(tasks: Iterable[Task]) -> set[str]:
    return {one.family for one in tasks}


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


def test_there_are_over_a_thousand_tasks_and_a_tenth_is_set_aside() -> None:
    trainable = (*TASKS.train, *TASKS.selection, *TASKS.report)
    assert len(trainable) >= 1200
    assert len(TASKS.report) >= 100 and len(TASKS.selection) >= 60 and len(TASKS.left_out) >= 100
    assert 0.08 <= (len(TASKS.report) + len(TASKS.selection)) / len(trainable) <= 0.15


@pytest.mark.parametrize("limit", [None, 24])
def test_no_task_is_in_two_splits(limit: int | None) -> None:
    tasks = procedural_tasks(limit)
    splits = [named(rows) for rows in (tasks.train, tasks.selection, tasks.report, tasks.left_out)]
    assert all(splits)
    for one, other in combinations(splits, 2):
        assert not one & other


def test_nothing_that_an_earlier_base_model_was_trained_on_counts_as_unseen() -> None:
    assert len(known_before()) > 400
    assert not known_before() & named(UNSEEN)


def test_left_out_shapes_are_in_no_training_at_all() -> None:
    left_out = shapes(TASKS.left_out)
    assert len(left_out) >= 5
    assert not left_out & shapes((*TASKS.train, *TASKS.selection, *TASKS.report))
    assert not left_out & shapes(wider_compositions(TASKS))


def test_wider_compositions_hold_nothing_back_that_is_measured() -> None:
    wider = named(wider_compositions(TASKS))
    assert len(wider) > 10 * len(TASKS.train)
    assert not wider & named(UNSEEN)


def test_the_report_has_single_steps_and_compositions_of_two_and_three() -> None:
    for tasks in (TASKS.report, TASKS.selection):
        assert {len(one.steps) for one in tasks} == {1, 2, 3}
    assert sum(len(one.steps) == 3 for one in TASKS.report) >= 20


def test_unseen_tasks_use_steps_that_training_knows() -> None:
    known = {(one.domain, step.control) for one in TASKS.train for step in one.steps}
    assert {(one.domain, step.control) for one in UNSEEN for step in one.steps} <= known


def test_unseen_tasks_use_parameters_that_training_knows() -> None:
    known = {(one.domain, step.parameter) for one in TASKS.train for step in one.steps}
    assert {(one.domain, step.parameter) for one in UNSEEN for step in one.steps} <= known


def test_no_unseen_task_computes_what_a_training_task_computes() -> None:
    rng = random.Random(5)
    for unseen in UNSEEN:
        samples = [unseen.sample(rng) for _ in range(40)]
        rows = [(items_of(sample, unseen), sample) for sample in samples]
        for seen in TASKS.train:
            if seen.domain == unseen.domain:
                # most pairs differ at the first input
                same = all(seen.solve(items) == sample.output for items, sample in rows)
                assert not same, (unseen.name, seen.name)


def items_of(sample: Sample, one: Task) -> tuple[str, ...]:
    """The items an input was made of."""
    separator = DOMAINS[one.domain].separator
    return tuple(sample.input.split(separator) if separator else sample.input)


def test_every_task_has_forty_training_phrasings_and_some_of_every_other_split() -> None:
    for one in EVERY:
        found = {split: set(one.descriptions(split, 40, seed=0)) for split in SPLITS}
        assert len(found["train"]) == 40, one.name
        assert len(found["selection"]) >= 4, one.name
        assert len(found["held_out"]) >= 4, one.name
        for split, other in combinations(SPLITS, 2):
            assert not found[split] & found[other], one.name


@pytest.mark.parametrize("name", DOMAINS)
def test_splits_share_no_phrase_of_any_step(name: str) -> None:
    domain = DOMAINS[name]
    for row in domain.operations:
        slots = {**domain.nouns, **row.slots}
        phrases = {s: set(expand_all(domain.patterns(row, s), slots)) for s in SPLITS}
        assert all(phrases.values()), row.name
        for split, other in combinations(SPLITS, 2):
            shared = phrases[split] & phrases[other]
            assert not shared, (row.name, split, other, shared)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_splits_share_no_sentence_frame(steps: int) -> None:
    for split, other in combinations(SPLITS, 2):
        assert frames(steps, split)
        assert not set(frames(steps, split)) & set(frames(steps, other)), (split, other)


def test_control_codes_name_every_step_and_its_parameter_in_order() -> None:
    assert task("words", "reverse").codes == ("<reverse>",)
    wanted = ("<append>", "s", "<join>", ",")
    assert task("words", "append:s", "join:,").codes == wanted
    assert task("words", "judge:sorted").codes == ("<judge:sorted>",)
    assert task("letters", "judge:has:t").codes == ("<judge:has>", "t")
    codes = [(one.domain, one.codes) for one in EVERY]
    assert len(set(codes)) == len(codes)


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
        "from t2l.tasks.procedural.world import procedural_tasks as p; t = p();"
        "print([[x.name for x in s] for s in (t.train, t.selection, t.report, t.left_out)]);"
        "print([t.report[9].descriptions(s, 9, 3) for s in ('train', 'selection', 'held_out')])"
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


def test_wider_tasks_are_new_and_hold_nothing_back() -> None:
    wider = wider_tasks(TASKS, 5, seed=0)
    names = {one.name for one in wider}
    assert len(names) == len(wider) > 100
    others = (*TASKS.train, *TASKS.selection, *TASKS.report, *TASKS.left_out)
    assert not names & {one.name for one in others}
    assert not {one.family for one in wider} & {one.family for one in TASKS.left_out}
    assert wider == wider_tasks(TASKS, 5, seed=0)
    for one in wider[::10]:
        assert one.sample(random.Random(1)).output
