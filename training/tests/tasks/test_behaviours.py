"""Behaviours are split before anything is trained, and their replies are read or refused."""

import random
from pathlib import Path

import pytest

from t2l.tasks.behaviours.book import kinds
from t2l.tasks.behaviours.questions import questions
from t2l.tasks.behaviours.replies import (
    Reply,
    behaviour_tasks,
    chosen,
    line_of,
    read_replies,
)
from t2l.tasks.behaviours.world import UNSEEN, Behaviour, behaviours, of_groups
from t2l.tasks.json_files import TaskFileError
from t2l.tasks.source import Sample

EVERY = behaviours(pairs=300, seed=0)
HEAD = '{"made_by": {"base_model": "x"}}\n'


def test_no_wording_of_a_kind_is_in_two_splits() -> None:
    for kind in kinds():
        value = (*kind.values, *kind.unseen)[0]
        phrases = [set(kind.phrases(value, split)) for split in kind.patterns]
        assert sum(map(len, phrases)) == len(set.union(*phrases)), kind.name
        assert all(value in text for some in phrases for text in some), kind.name


def test_what_is_unseen_is_in_no_training_behaviour() -> None:
    def named(one: Behaviour) -> frozenset[tuple[str, str]]:
        return frozenset((kind.name, value) for kind, value in one.parts)

    known = of_groups(EVERY, ("train", "selection"))
    trained = frozenset.union(*map(named, known))
    unseen = of_groups(EVERY, UNSEEN)
    assert len(unseen) >= 30
    assert {one.group for one in unseen} == set(UNSEEN)
    for one in unseen:
        if one.group == "pair":
            assert named(one) <= trained and named(one) not in set(map(named, known))
        else:
            [(kind, value)] = one.parts
            assert (kind.name, value) not in trained
            assert kind.whole == (one.group == "kind")
            assert one.group == "value" or kind.name not in {name for name, _ in trained}
    names = [one.name for one in EVERY]
    assert len(names) == len(set(names))


def test_more_pairs_change_neither_what_is_reported_nor_what_is_chosen_with() -> None:
    fewer = behaviours(pairs=10, seed=0)
    groups = ("selection", *UNSEEN)
    assert of_groups(fewer, groups) == of_groups(EVERY, groups)
    assert len(of_groups(EVERY, ("train",))) - len(of_groups(fewer, ("train",))) == 290


def test_descriptions_are_seeded_and_of_their_split() -> None:
    [one] = [one for one in EVERY if one.name == "persona/a-pirate"]
    train = one.descriptions("train", 16, seed=0)
    assert train == one.descriptions("train", 16, seed=0)
    assert "You are a pirate." in train and len(set(train)) == len(train) >= 6
    assert not set(train) & set(one.descriptions("held_out", 16, seed=0))
    [pair] = [one for one in EVERY if one.group == "pair"][:1]
    assert all(text.count(".") == 2 for text in pair.descriptions("held_out", 4, seed=0))


def test_what_is_asked_for_test_is_never_trained_on() -> None:
    assert not set(questions("train")) & set(questions("test"))
    assert min(len(questions("train")) / 3, len(questions("test"))) > 50


def write(path: Path, limit: int) -> None:
    """A file with a reply of each part for every behaviour."""
    lines = [HEAD]
    for one in chosen(300, 0, limit):
        for part in ("train", "test"):
            sample = Sample(f"question of {part}?", f"{one.name}\n“so”\u2028\u0085")
            lines.append(line_of(one.name, Reply(part, "Be so.", sample)))
    path.write_text("".join(lines), encoding="utf-8")


def test_replies_are_the_examples_of_tasks(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    write(path, 60)
    tasks = behaviour_tasks(path, 300, 0, 60)
    assert tasks.train and tasks.selection and tasks.report
    assert set(tasks.groups) == set(UNSEEN)
    [task, *_] = tasks.train
    assert task.sample(random.Random(0), "test") == Sample(
        "question of test?", f"{task.name}\n“so”\u2028\u0085"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("{}\n", r"replies\.jsonl:1: made_by: Field required"),
        (HEAD + "[]\n", r"replies\.jsonl:2: "),
        (
            HEAD + '{"behaviour": "x", "part": "later", "told": "", "input": "", "output": ""}\n',
            "part",
        ),
        (HEAD, r"60 of 60 behaviours have no reply yet, language/French among them"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "replies.jsonl"
    with pytest.raises(TaskFileError, match="run the `replies` stage first"):
        behaviour_tasks(path, 300, 0, 60)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TaskFileError, match=message):
        behaviour_tasks(path, 300, 0, 60)


def test_what_a_cut_left_of_a_line_counts_as_not_written(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    write(path, 60)
    whole = read_replies(path)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"behaviour": "tone/')
    cut = read_replies(path)
    assert (cut.by_name, cut.size) == (whole.by_name, whole.size)
