"""Extraction: what is asked for is in the sentence once, among other facts."""

import re

import pytest
from skill_checks import PARTS, check_book, check_skill, drawn, samples

from t2l.tasks.language.extraction import FACTS, SKILLS, patterns, patterns_for
from t2l.tasks.language.vocabulary import read_words

LOOKS = {  # of answers that a pattern can check
    "find_date": r"\d{1,2} [A-Z]\w+|[A-Z]\w+ \d{1,2}",
    "find_year": r"19\d\d|20[0-2]\d",
    "find_weekday": r"\w+day",
    "find_price": r"[$£€]\d+(\.\d\d)?",
    "find_email": r"[a-z.]+@[a-z.]+",
    "find_phone": r"[\d -]+",
    "find_time": r"\d{1,2}:\d\d( [ap]m)?",
    "find_url": r"(www\.|https://)[a-z./]+",
    "find_number": r"\d{1,2}",
    "find_age": r"\d\d",
    "find_hashtag": r"#[a-z]+",
    "find_caps": r"[A-Z]{4,}",
    "find_quantity": r"\d+ [a-z]+",
    "find_address": r"\d+ [A-Z]\w+ [A-Z]\w+",
}
CLOSED = ("find_month", "find_weekday")  # few values, so only sentences tell the parts apart


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_draws(skill) -> None:
    check_skill(skill)


def test_book() -> None:
    check_book(SKILLS)


def test_there_are_enough_sentences_of_every_fact() -> None:
    for fact in FACTS:
        assert len(patterns_for(fact)) >= 9, fact
        several = [row for row in patterns_for(fact) if len(set(row.facts)) >= 2]
        assert len(several) >= 8, fact


def test_sentences_are_different_and_written_properly() -> None:
    texts = [row.text for row in patterns()]
    assert len(set(texts)) == len(texts)
    for text in texts:
        assert text.endswith((".", "?", '."', "}")), text
        assert not re.search(r"\b[aA] \{", text), text


def test_the_answer_is_in_the_sentence_once_and_looks_right() -> None:
    for skill, sample in samples(SKILLS, *(skill.name for skill in SKILLS)):
        assert sample.input.lower().count(sample.output.lower()) == 1
        if skill.name in LOOKS:
            assert re.fullmatch(LOOKS[skill.name], sample.output), sample
            if skill.name in ("find_price", "find_email", "find_time", "find_url", "find_year"):
                found = re.findall(rf"(?<![\w#])(?:{LOOKS[skill.name]})(?!\w)", sample.input)
                assert len(found) == 1, sample


def test_only_one_word_is_in_capitals() -> None:
    for _, sample in samples(SKILLS, "find_caps"):
        assert re.findall(r"\b[A-Z]{2,}\b", sample.input) == [sample.output]


def test_quotes_enclose_the_answer() -> None:
    for _, sample in samples(SKILLS, "find_quoted"):
        assert f'"{sample.output}"' in sample.input and sample.input.count('"') == 2


def test_the_number_is_the_only_one() -> None:
    for _, sample in samples(SKILLS, "find_number"):
        assert re.findall(r"\d+", sample.input) == [sample.output]


def test_articles_fit() -> None:
    for _, sample in samples(SKILLS, *(skill.name for skill in SKILLS)):
        assert not re.search(r"\b[Aa] [aeiou]", sample.input), sample.input
        assert not re.search(r"\b[Aa]n [^aeiou]", sample.input), sample.input


def test_answers_of_the_parts_differ() -> None:
    for skill in SKILLS:
        answers = {part: {row.output for row in drawn(skill, part)} for part in PARTS}
        assert not answers["train"] & answers["test"], skill.name
        assert len(answers["test"]) >= (3 if skill.name in CLOSED else 5), skill.name


def test_values_are_unique() -> None:
    for fact, values in read_words("extraction_values").items():
        assert len(set(values)) == len(values), fact
