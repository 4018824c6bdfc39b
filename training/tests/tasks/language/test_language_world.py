"""The whole world of language: counts, honest splits, the same on every machine."""

import random
import subprocess
import sys
from collections import Counter
from itertools import combinations

import pytest

from t2l.tasks.language.carriers import subjects
from t2l.tasks.language.classify import ClassifyTask
from t2l.tasks.language.phrases import SPLITS, faults
from t2l.tasks.language.show import shown
from t2l.tasks.language.sides import GROUPS, UNSEEN, WorldTask, side_of
from t2l.tasks.language.skill import Skill
from t2l.tasks.language.task import LanguageTask
from t2l.tasks.language.world import every_skill, fewer, language_tasks

TASKS = language_tasks()
NOT_TRAINED = (*TASKS.selection, *TASKS.report)
EVERY = (*TASKS.train, *NOT_TRAINED)
SKILLS = {row.name: row for row in every_skill()}


def steps_of(task: WorldTask) -> tuple[Skill, ...]:
    """The skills of a task; none for one of classification."""
    return task.steps if isinstance(task, LanguageTask) else ()


TRAINED = {steps_of(task)[0].name for task in TASKS.train if len(steps_of(task)) == 1}


def test_there_are_enough_tasks_on_every_side_and_of_every_group() -> None:
    assert len(EVERY) >= 1500 and len(TASKS.train) >= 1400
    assert 35 <= len(TASKS.selection) <= 50 and 150 <= len(TASKS.report) <= 190
    sizes = {name: len(rows) for name, rows in TASKS.groups.items()}
    assert tuple(sizes) == GROUPS
    assert sizes["composition"] == 60 and sizes["labels"] == 45
    assert 50 <= sizes["whole"] <= 65 and 10 <= sizes["parameter"] <= 20
    assert sum(sizes.values()) == len(TASKS.report)
    assert {task.group for task in TASKS.selection} == set(GROUPS)


def test_no_kind_floods_the_compositions() -> None:
    for side in ("train", "report"):
        rows = [task for task in getattr(TASKS, side) if len(steps_of(task)) > 1]
        assert max(Counter(task.family for task in rows).values()) <= len(rows) / 8
        later = Counter(step.name for task in rows for step in task.steps[1:])
        assert max(later.values()) <= len(rows) / 24


def test_names_are_unique_and_no_task_is_on_two_sides() -> None:
    assert len({task.name for task in EVERY}) == len(EVERY)
    assert len(SKILLS) == len(every_skill())


def test_training_sees_no_skill_or_criterion_that_is_held_out() -> None:
    seen = {step.name for task in TASKS.train for step in steps_of(task)}
    assert not any(SKILLS[name].held_out for name in seen)
    criteria = {task.criterion.name for task in TASKS.train if isinstance(task, ClassifyTask)}
    for task in NOT_TRAINED:
        if isinstance(task, ClassifyTask):
            assert (task.criterion.name in criteria) == (task.group == "labels"), task.name


def test_unseen_compositions_are_of_trained_skills_and_unseen_parts_are_what_their_group_says() -> (
    None
):
    entries = {(row.book, row.entry) for row in SKILLS.values() if not row.held_out}
    for task in NOT_TRAINED:
        unseen = [step for step in steps_of(task) if step.held_out]
        if task.group == "composition":
            assert {step.name for step in steps_of(task)} <= TRAINED
        elif steps_of(task):
            known = [(step.book, step.entry) in entries for step in unseen]
            assert unseen and all(known) == (task.group == "parameter"), task.name


def test_selection_and_report_share_no_held_out_skill_or_criterion() -> None:
    found = []
    for rows in (TASKS.selection, TASKS.report):
        skills = {step.name for task in rows for step in steps_of(task) if step.held_out}
        criteria = {task.criterion.name for task in rows if task.group == "whole"
                    and isinstance(task, ClassifyTask)}  # fmt: skip
        found.append(skills | criteria)
    assert not found[0] & found[1]


def test_no_training_task_has_two_labels_of_unseen_ones() -> None:
    classified = [task for task in TASKS.train if isinstance(task, ClassifyTask)]
    trained = [{word.lower() for word in task.labels} for task in classified]
    for task in NOT_TRAINED:
        if task.group == "labels":
            assert isinstance(task, ClassifyTask)
            unseen = {word.lower() for word in task.labels}
            assert not any(len(unseen & labels) > 1 for labels in trained), task.name


def test_a_task_stays_on_its_side_when_content_is_left_out() -> None:
    for side in ("train", *UNSEEN):
        for task in getattr(TASKS, side):
            if steps_of(task):
                assert side_of(task, 0) == side


def test_phrase_books_are_complete() -> None:
    assert faults(every_skill()) == []


def test_every_kind_of_input_has_a_name_in_every_split() -> None:
    for takes in {row.takes for row in SKILLS.values()}:
        named = [set(subjects(takes, split)) for split in SPLITS]
        assert all(len(rows) >= 2 for rows in named), takes
        assert not any(one & other for one, other in combinations(named, 2)), takes


def test_samples_are_seeded_short_and_never_copy_the_input() -> None:
    for task in EVERY:
        for part in ("train", "test"):
            rows, again = ([task.sample(random.Random(seed), part) for seed in range(2)]
                           for _ in range(2))  # fmt: skip
            assert rows == again, task.name
            for row in rows:
                assert row.input != row.output and row.output.strip(), task.name
                assert len(row.output.split()) <= 14 and len(row.output) <= 90, (task.name, row)
                assert len(row.input.split()) <= 30 and len(row.input) <= 170, (task.name, row)


def test_descriptions_are_many_and_no_split_shares_one() -> None:
    for index, task in enumerate(EVERY):
        count = 12 if index % 6 == 0 else 3
        found = {split: set(task.descriptions(split, count, seed=0)) for split in SPLITS}
        assert all(len(rows) == count for rows in found.values()), task.name
        for split, other in combinations(SPLITS, 2):
            assert not found[split] & found[other], (task.name, found[split] & found[other])
        for text in (text for rows in found.values() for text in rows):
            assert text.strip() == text and "  " not in text and len(text) <= 400, text
    for task in [row for row in TASKS.train if steps_of(row)][::80]:
        assert len(task.descriptions("train", 200, seed=1)) == 200, task.name


@pytest.mark.parametrize("limit", [24, 120])
def test_a_small_world_has_something_of_everything(limit: int) -> None:
    tasks = fewer(TASKS, limit, seed=0)
    assert limit <= len((*tasks.train, *tasks.selection, *tasks.report)) + 1 <= limit + 8
    assert {task.group for task in tasks.report} == set(GROUPS)
    names = {steps_of(task)[0].name for task in tasks.train if len(steps_of(task)) == 1}
    for task in (*tasks.selection, *tasks.report):
        assert {step.name for step in steps_of(task) if not step.held_out} <= names, task.name


def test_people_can_read_a_task() -> None:
    lines = list(shown(TASKS.report[0], "report", "held_out", samples=2, descriptions=3))
    assert len(lines) == 6 and lines[0].startswith(TASKS.report[0].name)


def test_the_world_does_not_depend_on_the_hash_seed() -> None:
    code = (
        "import random; from t2l.tasks.language.world import language_tasks; t = language_tasks();"
        "rows = (t.train, t.selection, t.report); print([[x.name for x in s] for s in rows]);"
        "few = [x for s in rows for x in s[::13]];"
        "print([x.sample(random.Random(3), 'test') for x in few]);"
        "print([x.descriptions(s, 2, 3) for x in few for s in ('train', 'held_out')])"
    )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    one, other = (run.communicate()[0] for run in runs)
    assert one == other and len(one) > 1000
