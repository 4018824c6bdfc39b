"""Classification: classes are balanced and apart, labels and conditions are those of the split."""

import random
import re
from collections import Counter

import pytest

from t2l.tasks.language.classify import CLASSIFY, conditions, frames
from t2l.tasks.language.criteria import criteria
from t2l.tasks.language.labels import label_words, mixed, rows, schemes
from t2l.tasks.language.phrases import SPLITS, read_book
from t2l.tasks.language.vocabulary import read_words, words_of

PARTS = ("train", "test")
CLAUSES = {"train": 8, "selection": 2, "held_out": 4}
NOUNS = {"train": 3, "selection": 1, "held_out": 2}
FLOORS = {"train": 45, "selection": 8, "held_out": 16}  # of frames
BY_NAME = {row.name: row for row in criteria()}


def drawn(criterion, part: str, count: int = 200) -> list[tuple[str, int]]:
    rng = random.Random(f"{criterion.name}|{part}")
    return [criterion.draw(rng, part) for _ in range(count)]


@pytest.mark.parametrize("criterion", criteria(), ids=lambda row: row.name)
def test_texts_of_a_criterion(criterion) -> None:
    classes = len(criterion.classes)
    inputs = {}
    for part in PARTS:
        found = drawn(criterion, part)
        assert found == drawn(criterion, part)
        inputs[part] = {text for text, _ in found}
        labels = Counter(label for _, label in found)
        assert set(labels) == set(range(classes))
        assert min(labels.values()) > 0.6 * 200 / classes
        for text, _ in found:
            assert text and len(text.split()) <= 20 and "<" not in text and "|" not in text
    assert not inputs["train"] & inputs["test"]


@pytest.mark.parametrize("criterion", criteria(), ids=lambda row: row.name)
def test_classes_share_no_text(criterion) -> None:
    for index, texts in enumerate(criterion.texts):
        assert len(set(texts)) == len(texts) >= 12
        assert len(words_of(texts, "test")) >= 2
        for other in criterion.texts[index + 1 :]:
            assert not set(texts) & set(other)
    kept = {}
    for text, label in (*drawn(criterion, "train"), *drawn(criterion, "test")):
        assert kept.setdefault(text, label) == label, text


def test_what_can_be_seen_agrees_with_the_class() -> None:
    slots = read_words("slots")
    names, numbers = {*slots["boy"], *slots["girl"]}, {*slots["number"], *slots["digits"]}
    denials = set("not no never nobody nothing isn't can't don't won't hasn't".split())
    rules = {
        "has_number": lambda words: bool(numbers & set(words)),
        "has_colour": lambda words: bool(set(slots["colour"]) & set(words)),
        "has_name": lambda words: bool(names & set(words)),
        "negation": lambda words: bool(denials & {word.lower() for word in words}),
        "length": lambda words: len(words) > 5,
        "vowel": lambda words: words[0][0] in "aeiou",
        "parity": lambda words: int(words[0]) % 2 == 0,
        "over_fifty": lambda words: int(words[0]) > 50,
    }
    for name, rule in rules.items():
        for part in PARTS:
            for text, label in drawn(BY_NAME[name], part):
                words = re.findall(r"[\w'-]+", text.replace("'s ", " "))
                assert rule(words) == (label == 0), (name, text)
    for name in ("question", "sentence_kind"):
        asked = BY_NAME[name].classes.index("kind/question")
        for text, label in (*drawn(BY_NAME[name], "train"), *drawn(BY_NAME[name], "test")):
            assert text.endswith("?") == (label == asked), text


def test_there_are_enough_criteria_and_some_are_held_out() -> None:
    assert len(BY_NAME) == len(criteria()) >= 45
    assert 8 <= sum(row.held_out for row in criteria()) <= 12
    trained = {key for row in criteria() if not row.held_out for key in row.classes}
    unseen = {key for row in criteria() if row.held_out for key in row.classes}
    assert not trained & unseen


def test_conditions_are_enough_and_differ_by_split() -> None:
    for row in criteria():
        for index, key in enumerate(row.classes):
            said = {}
            for split in SPLITS:
                clauses, nouns = conditions(row, index, split)
                assert len(clauses) >= CLAUSES[split] and len(nouns) >= NOUNS[split], key
                said[split] = {phrase for core in (*clauses, *nouns) for phrase in core}
                for phrase in said[split]:
                    assert phrase and not phrase.endswith("?"), phrase
                    assert not re.search(r"[<>|]", phrase), phrase
            assert not said["train"] & said["selection"], key
            assert not (said["train"] | said["selection"]) & said["held_out"], key


def test_clauses_of_one_class_are_of_no_other() -> None:
    for row in criteria():
        for split in SPLITS:
            every = [conditions(row, index, split) for index in range(len(row.classes))]
            texts = [{phrase for way in ways for core in way for phrase in core} for ways in every]
            for index, found in enumerate(texts):
                assert not any(found & other for other in texts[index + 1 :]), row.name


def test_the_book_has_no_entry_too_many() -> None:
    assert set(read_book("criteria")) == {key for row in criteria() for key in row.classes}


def test_frames_are_enough_and_differ_by_split() -> None:
    for classes in (2, 3):
        said = {}
        for split, floor in FLOORS.items():
            cores = frames(classes, split)
            assert len(cores) >= floor
            said[split] = {frame for core in cores for frame in core}
            for frame in said[split]:
                assert all(f"<{place}>" in frame for place in "pqr"[:classes]), frame
        assert not said["train"] & said["selection"]
        assert not (said["train"] | said["selection"]) & said["held_out"]


def test_training_has_the_words_of_unseen_labels_but_no_two_of_them_together() -> None:
    trained = [{label.lower() for label in row.labels} for row in CLASSIFY if row.group != "labels"]
    unseen = [{label.lower() for label in row.labels} for row in CLASSIFY if row.group == "labels"]
    assert not any(len(labels & others) > 1 for labels in unseen for others in trained)
    words = set().union(*unseen)
    assert words <= label_words("held_out")
    assert len(words & set().union(*trained)) > 0.9 * len(words)
    assert not label_words("held_out") & label_words("train")
    every = len(label_words("train")) + len(label_words("held_out"))
    assert every >= 150 and 0.6 <= len(label_words("train")) / every <= 0.8
    for words in ("train", "held_out"):
        assert all(len(row) == 2 for kind in ("values", "pairs") for row in rows(kind, words))
        assert all(len(row) == 3 for row in rows("threes", words))


def test_schemes_are_the_same_again_and_many() -> None:
    found = schemes(BY_NAME["sentiment"], 0, 6, "train")
    assert found == schemes(BY_NAME["sentiment"], 0, 6, "train")
    assert found[0] == ("positive", "negative") and len(set(found)) == 6
    used = {frozenset(task.labels) for task in CLASSIFY if task.group == "train"}
    assert len(used) >= 600
    for criterion in BY_NAME.values():
        found = mixed(criterion, 0, 4)
        assert found == mixed(criterion, 0, 4) and len({frozenset(row) for row in found}) == 4
        assert {len(row) for row in found} == {len(criterion.classes)}
    # A pair that could stand either way round does: the order says nothing.
    orders = Counter(task.labels for task in CLASSIFY if set(task.labels) == {"A", "B"})
    assert len(orders) == 2


def test_tasks_are_named_once_and_of_every_group() -> None:
    assert len({task.name for task in CLASSIFY}) == len(CLASSIFY)
    assert {task.group for task in CLASSIFY} == {"train", "labels", "whole"}
    for task in CLASSIFY:
        assert (task.group == "whole") == task.criterion.held_out
        assert task.name.startswith(f"classify/{task.criterion.name}=") and task.family in task.name


def test_samples_answer_with_labels_in_any_case() -> None:
    rng = random.Random(0)
    for task in CLASSIFY:
        for part in PARTS:
            sample = task.sample(rng, part)
            assert sample.output in task.labels
            assert {sample.output.lower(), sample.output.upper()} <= set(sample.answers)
            assert sample.input.lower() not in {label.lower() for label in task.labels}


def test_descriptions_name_every_label() -> None:
    for task in CLASSIFY:
        for split in SPLITS:
            said = task.descriptions(split, 3, 0)
            assert len(said) == 3 and said == task.descriptions(split, 3, 0)
            for text in said:
                assert all(label.lower() in text.lower() for label in task.labels), text
                assert not re.search(r"<\w+>|\|", text) and ".." not in text, text
                assert len(text) <= 400, text
