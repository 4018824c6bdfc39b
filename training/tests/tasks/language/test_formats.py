"""Formats: texts are written as asked, and nothing of them is lost."""

import json
import re

import pytest
from skill_checks import applied, check_book, check_skill, samples

from t2l.tasks.language.formats import ENDINGS, MARKDOWN, SKILLS, SPELLINGS, WRAPS
from t2l.tasks.language.vocabulary import read_words

BY_NAME = {skill.name: skill for skill in SKILLS}


def answer(name: str, text: str) -> str | None:
    answers = applied(BY_NAME[name], text)
    return answers[0] if answers else None


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_draws(skill) -> None:
    check_skill(skill)


def test_book() -> None:
    check_book(SKILLS)


def test_every_format_can_follow_another_skill() -> None:
    assert all(skill.apply is not None for skill in SKILLS)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("upper", "Our garden.", "OUR GARDEN."),
        ("lower", "OUR GARDEN", "our garden"),
        ("title", "my old garden", "My Old Garden"),
        ("capital:start", "my old garden", "My old garden"),
        ("bullet", "tea", "- tea"),
        ("hashtag", "old garden", "#oldgarden"),
        ("hashtag", "New York", "#newyork"),
        ("snake_case", "my old garden", "my_old_garden"),
        ("snake_case", "garden", None),
        ("kebab_case", "New York", "new-york"),
        ("camel_case", "my old garden", "myOldGarden"),
        ("no_spaces", "my garden", "mygarden"),
        ("no_vowels", "garden", "grdn"),
        ("no_vowels", "my", None),
        ("count_words", "Our garden is old.", "4"),
        ("count_letters", "garden", "6"),
        ("count_letters", "my garden", None),
        ("no_punctuation", "Well, it is here!", "Well it is here"),
        ("swap_words", "my very old garden", "garden very old my"),
        ("without_first", "my old garden", "old garden"),
        ("without_last", "my old garden", "my old"),
        ("polite", "open the door", "open the door, please"),
        ("initials", "my old garden", "MOG"),
        ("slashed", "my old garden", "my / old / garden"),
        ("wrap:round brackets", "tea", "(tea)"),
        ("prefix:note", "tea", "Note: tea"),
        ("suffix:ok", "tea", "tea (ok)"),
        ("ending:exclamation", "tea", "tea!"),
        ("ending:exclamation", "We like tea.", None),
        ("ending:smiley", "tea", "tea :)"),
        ("repeat:three", "tea", "tea tea tea"),
        ("tag:h1", "tea", "<h1>tea</h1>"),
        ("markdown:heading", "tea", "# tea"),
        ("markdown:bold", "tea", "**tea**"),
        ("spell:dashes", "tea", "t-e-a"),
        ("word_at:last", "Our garden is old.", "old"),
        ("letter_at:second", "garden", "a"),
    ],
)
def test_known_answers(name: str, text: str, expected: str | None) -> None:
    assert answer(name, text) == expected


def test_the_text_comes_back_out_of_its_wrapping() -> None:
    for skill, sample in samples(SKILLS, "wrap", "json", "prefix", "suffix", "ending", "tag"):
        if skill.entry == "json":
            assert json.loads(sample.output) == {skill.slots["p"]: sample.input}
            continue
        name, text = skill.name.split(":")[1], sample.input
        before, after = WRAPS.get(name, ("", ""))[:2]
        expected = {
            "wrap": before + text + after,
            "prefix": f"{skill.slots['p']} {text}",
            "suffix": f"{text} {skill.slots['p']}",
            "ending": text + ENDINGS.get(name, ("", ""))[1],
            "tag": f"<{name}>{text}</{name}>",
        }
        assert sample.output == expected[skill.entry]


def test_spelled_words_come_together_again() -> None:
    for skill, sample in samples(SKILLS, "spell"):
        joint = SPELLINGS[skill.name.split(":")[1]][0]
        assert sample.output.split(joint) == list(sample.input)


def test_joined_words_come_apart_again() -> None:
    for _, sample in samples(SKILLS, "snake_case", "kebab_case", "camel_case", "no_spaces"):
        plain = re.sub("[ _-]", "", sample.output).lower()
        assert plain == sample.input.replace(" ", "").lower()
        assert " " not in sample.output


def test_counts_words_and_letters() -> None:
    for skill, sample in samples(SKILLS, "count_words", "count_letters"):
        spaces = sample.input.count(" ")
        assert skill.name == "count_words" or spaces == 0
        assert int(sample.output) == (spaces + 1 if skill.name == "count_words"
                                      else len(sample.input))  # fmt: skip


def test_leaves_out_what_it_should() -> None:
    emojis = read_words("vocabulary_texts")["emojis"]
    for skill, sample in samples(SKILLS, "no_emoji", "no_punctuation", "no_vowels"):
        if skill.name == "no_emoji":
            assert any(row in sample.input for row in emojis) and sample.output.isascii()
        elif skill.name == "no_vowels":
            assert not set("aeiou") & set(sample.output.lower())
        else:
            assert re.fullmatch("[A-Za-z ]+", sample.output)


def test_markdown_looks_are_told_apart() -> None:
    marks = [row[:2] for row in MARKDOWN.values()]
    assert len(set(marks)) == len(marks)
