"""Questions about sentences: answers stand in the sentence, and no words of testing in training."""

import re

import pytest
from skill_checks import PARTS, check_book, check_skill, drawn, samples

from t2l.tasks.language.patterns import holes_of, slot_words
from t2l.tasks.language.questions import ABOUT, ASKED, HELD_OUT, SKILLS
from t2l.tasks.language.vocabulary import read_words

BY_NAME = {skill.name: skill for skill in SKILLS}


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_draws(skill) -> None:
    check_skill(skill)


def test_book() -> None:
    check_book(SKILLS)
    assert set(HELD_OUT) < set(BY_NAME)


def test_answers_stand_in_the_sentence() -> None:
    keys = [skill.entry for skill in SKILLS if skill.name != "answer_yes_no"]
    for skill, sample in samples(SKILLS, *keys):
        said = re.sub(r"\ban?\b|\bthe\b", "", sample.input.lower())
        answer = re.sub(r"\ban?\b|\bthe\b", "", sample.output.lower())
        assert answer.strip() in said, (skill.name, sample)


def test_yes_and_no_are_about_as_frequent() -> None:
    for part in PARTS:
        answers = [sample.output for sample in drawn(BY_NAME["answer_yes_no"], part)]
        assert set(answers) == {"yes", "no"} and 70 < answers.count("yes") < 130


def test_no_question_of_a_held_out_subject_is_asked_in_training() -> None:
    subjects = {subject for rows, _ in ABOUT.values() for subject in rows}
    asked = {name for name in ASKED if f"ask_{name}" in HELD_OUT}
    assert asked and not asked & subjects


def test_comparisons_agree_with_the_words() -> None:
    for skill, sample in samples(SKILLS, "ask_bigger", "ask_smaller", "ask_older"):
        found = re.fullmatch(r"(.+) is (\w+) than (.+)\.", sample.input)
        assert found is not None
        first, adjective, second = found.groups()
        more = adjective == skill.name.removeprefix("ask_")
        assert sample.output.lower() == (first if more else second).lower()


def test_every_hole_has_words_of_its_own_in_both_parts() -> None:
    table = read_words("questions")
    patterns = [row[place] for rows in table.values() for row in rows for place in ("text", "ask")]
    for hole in {hole.rstrip("2") for hole in holes_of(*patterns)} - {"name"}:
        train, test = slot_words(hole, "train"), slot_words(hole, "test")
        assert len(test) >= 2 and not set(train) & set(test), hole
