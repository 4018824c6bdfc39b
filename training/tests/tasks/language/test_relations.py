"""Relations between words: rows and examples are right by a second source, and parts stay apart."""

import re
from functools import partial
from types import BuiltinMethodType

import lemminflect
import pycountry
import pytest
from skill_checks import PARTS, applied, check_book, check_skill

from t2l.tasks.language.parts import part_of, rows_of
from t2l.tasks.language.phrases import SPLITS, WAYS, phrases_of
from t2l.tasks.language.relations import SKILLS
from t2l.tasks.language.tables import Row, inverse, table

BY_NAME = {skill.name: skill for skill in SKILLS}
ARROW = re.compile(r"([\w']+(?: [\w']+)*) -> ([\w']+(?: [\w']+)*)")
IRREGULAR_ADVERBS = {"good": "well"}


def answer(name: str, text: str) -> str:
    """The first answer of a skill."""
    answers = applied(BY_NAME[name], text)
    assert answers
    return answers[0]


def rows_behind(name: str) -> dict[str, tuple[str, ...]]:
    """The rows that a relation looks its answers up in: it is their `get`."""
    apply = BY_NAME[name].apply
    assert isinstance(apply, BuiltinMethodType) and isinstance(apply.__self__, dict)
    return apply.__self__


def forms(name: str, column: str | None = None) -> tuple[Row, ...]:
    return table("relations_forms", name, column)


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_draws(skill) -> None:
    check_skill(skill)


def test_book() -> None:
    check_book(SKILLS)
    assert len(SKILLS) >= 45
    assert sum(skill.held_out for skill in SKILLS) >= 8
    assert all(skill.apply is not None for skill in SKILLS)


def test_a_text_has_one_part_and_a_quarter_is_for_test() -> None:
    words = [f"word {number}" for number in range(4000)]
    assert 0.22 < sum(part_of(word) == "test" for word in words) / len(words) < 0.28
    assert (part_of("France"), part_of("Monday")) == ("train", "test")  # for ever
    rows = tuple((word, word.upper()) for word in words)
    assert sorted(sum((rows_of(rows, part) for part in PARTS), ())) == sorted(rows)
    with pytest.raises(ValueError, match="for test"):
        rows_of((("France", "Paris"),), "test")


def test_inverse_keeps_every_input() -> None:
    rows = (("cow", "calf"), ("whale", "calf"), ("dog", "puppy", "pup"))
    assert inverse(rows) == (("calf", "cow", "whale"), ("puppy", "dog"))


def test_a_table_must_be_text() -> None:
    with pytest.raises(KeyError):
        table("relations_forms", "nothing")
    with pytest.raises(ValueError, match="no column"):
        table("relations_forms", "verbs", "future")


def test_examples_in_phrases_are_right_and_no_test_rows() -> None:
    for skill in SKILLS:
        tests = _test_rows(skill)
        for split in SPLITS:
            for way in WAYS:
                for phrase in getattr(phrases_of(skill, split), way):
                    for example in re.split(r"[,.;?!](?: |$)", phrase):
                        for text, answer in ARROW.findall(example):
                            assert answer in (applied(skill, text) or ()), (skill.name, phrase)
                    for text, answers in tests.items():
                        shown = _says(phrase, text) and any(_says(phrase, a) for a in answers)
                        assert not shown, (skill.name, split, text, phrase)


def _test_rows(skill) -> dict[str, tuple[str, ...]]:
    rows = skill.apply.__self__.items()  # the table that it looks up
    return {text: answers for text, answers in rows if part_of(text) == "test"}


def _says(phrase: str, words: str) -> bool:
    return words in phrase and re.search(rf"\b{re.escape(words)}\b", phrase) is not None


def test_plurals() -> None:
    for noun, *plurals in forms("plural"):
        if noun in ("ox",):  # "oxes", it says
            continue
        assert set(plurals) & set(lemminflect.getInflection(noun, "NNS")), (
            noun,
            lemminflect.getInflection(noun, "NNS"),
        )


def test_verb_forms() -> None:
    tags = {"past": "VBD", "participle": "VBN", "ing": "VBG", "third": "VBZ"}
    for column, tag in tags.items():
        for verb, form in forms("verbs", column):
            assert form in lemminflect.getInflection(verb, tag), (
                verb,
                form,
                lemminflect.getInflection(verb, tag),
            )


def test_grades() -> None:
    for column, tag, longer in (("comparative", "JJR", "more "), ("superlative", "JJS", "most ")):
        for adjective, form in forms("grades", column):
            assert form in (*lemminflect.getInflection(adjective, tag), longer + adjective), (
                adjective,
                form,
            )
            assert form.startswith(longer) == (longer + adjective == form)


def test_adverbs() -> None:
    for adjective, adverb in forms("adverb"):
        stem = adjective.removesuffix("y") + "i" if adjective.endswith("y") else adjective
        regular = {f"{stem}ly", f"{adjective.removesuffix('le')}ly", f"{adjective}ally"}
        regular |= {f"{adjective.removesuffix('e')}ly", f"{adjective}y"}
        assert adverb in regular | {IRREGULAR_ADVERBS.get(adjective)}, adverb


def test_contractions() -> None:
    for short, *longs in forms("expansion"):
        assert "'" in short or short in ("gonna", "wanna", "gotta")
        for long in longs:
            assert short[0].lower() == long[0].lower() and "'" not in long, short


def test_country_codes() -> None:
    short = {row[0]: row[1] for row in table("relations_places", "countries", "code")}
    long = {row[0]: row[1] for row in table("relations_places", "countries", "long_code")}
    assert len(short) == len(long) >= 100
    for name, code in short.items():
        found = pycountry.countries.get(alpha_2=code)
        assert found is not None and found.alpha_3 == long[name]
        names = " | ".join(
            getattr(found, field, "") for field in ("name", "common_name", "official_name")
        )
        assert name in names or name in ("Russia", "Turkey"), (name, names)


def test_answers_from_a_closed_set() -> None:
    closed = {
        "continent": 6,
        "animal_class": 6,
        "food_group": 6,
        "month_number": 12,
        "number_month": 12,
    }
    for name, count in closed.items():
        assert len({answers[0] for answers in rows_behind(name).values()}) <= count
    countries = {row[0] for row in table("relations_places", "countries", "code")}
    extra = {"United Arab Emirates", "Czech Republic"}
    for name in ("city_country", "landmark_country"):
        for answers in rows_behind(name).values():
            assert answers[0] in countries | extra, answers


def test_the_calendar_goes_round() -> None:
    for forward, back, start, length in (
        ("next_month", "previous_month", "January", 12),
        ("next_day", "previous_day", "Monday", 7),
    ):
        name = start
        for _ in range(length):
            following = answer(forward, name)
            assert answer(back, following) == name
            name = following
        assert name == start
    for number in range(1, 13):
        month = answer("number_month", str(number))
        assert applied(BY_NAME["month_number"], month) == (str(number),)


def test_siblings_go_both_ways() -> None:
    for there, back in (
        ("plural", "singular"),
        ("past_tense", "base_form"),
        ("adverb", "adverb_adjective"),
        ("agent", "agent_verb"),
        ("expansion", "contraction"),
        ("to_french", "from_french"),
        ("to_german", "from_german"),
        ("to_spanish", "from_spanish"),
        ("full_form", "abbreviation"),
        ("capital", "capital_country"),
        ("demonym", "demonym_country"),
        ("country_code", "code_country"),
        ("female", "male"),
        ("symbol", "symbol_element"),
    ):
        for text, answers in rows_behind(there).items():
            assert text in (applied(BY_NAME[back], answers[0]) or ()), (there, text)


def test_opposites_hold_both_ways() -> None:
    opposite = partial(applied, BY_NAME["opposite"])
    assert opposite("hot") == ("cold",) and opposite("cold") == ("hot",)
    assert opposite("France") is None
