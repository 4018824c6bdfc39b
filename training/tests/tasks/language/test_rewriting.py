"""Rewritten sentences: right by a second way of making them, and undone by the opposite skill."""

import re

import lemminflect
import pytest
from skill_checks import PARTS, applied, check_book, check_skill, drawn, samples

from t2l.tasks.language.clauses import plural, verbs
from t2l.tasks.language.rewriting import HELD_OUT, REPLACED, SKILLS

BY_NAME = {skill.name: skill for skill in SKILLS}
VERBS = {verb.base: verb for part in PARTS for verb in verbs(part)}
FORMS = {form: verb for verb in VERBS.values() for form in (verb.base, verb.third, verb.past)}


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_draws(skill) -> None:
    check_skill(skill)


def test_book() -> None:
    check_book(SKILLS)
    assert set(HELD_OUT) < set(BY_NAME)


def test_verbs_and_nouns_agree_with_lemminflect() -> None:
    for verb in VERBS.values():
        assert verb.third in lemminflect.getInflection(verb.base, "VBZ"), verb
        assert verb.past in lemminflect.getInflection(verb.base, "VBD"), verb
        assert verb.ing in lemminflect.getInflection(verb.base, "VBG"), verb
        for noun in verb.objects:
            assert plural(noun) in lemminflect.getInflection(noun, "NNS"), noun


def test_verbs_are_of_one_part() -> None:
    train, test = ({verb.base for verb in verbs(part)} for part in PARTS)
    assert not train & test and len(test) >= 8


def test_sentences_look_like_sentences() -> None:
    for skill in SKILLS:
        for part in PARTS:
            for sample in drawn(skill, part):
                texts = [sample.input]
                if skill.gives == "sentence":
                    texts += sample.answers
                for text in texts:
                    assert re.fullmatch(r"[A-Z].*[.?!]", text), (skill.name, text)
                    assert not re.search(r"\b[Aa] [aeiou]|\b[Aa]n [^aeiou]|[<>{}|]", text), text


def test_questions_and_negations_have_the_base_form() -> None:
    for _, sample in samples(SKILLS, "negate", "make_question"):
        found = re.search(r"\b(?:did|does|do)\b", sample.output, re.IGNORECASE)
        if found:
            words = re.findall(r"[a-z]+", sample.output)
            assert any(word in VERBS for word in words), sample


def test_tenses_change_the_verb_and_nothing_else() -> None:
    def stem(text: str) -> list[str]:
        words = (FORMS[word].base if word in FORMS else word for word in text[:-1].split())
        return [word for word in words if word != "will"]

    for skill, sample in samples(SKILLS, "to_past", "to_present", "to_future"):
        assert stem(sample.input) == stem(sample.output), (skill.name, sample)


def test_orders_stand_in_what_they_come_from() -> None:
    for _, sample in samples(SKILLS, "order"):
        assert sample.output[1:-1] in sample.input
    for _, sample in samples(SKILLS, "please"):
        assert sample.output.lower() == f"please {sample.input.lower()}"


def test_names_are_swapped() -> None:
    for _, sample in samples(SKILLS, "swap_names"):
        before, after = (re.findall(r"[A-Z]\w+", text) for text in (sample.input, sample.output))
        assert before == after[::-1] and len(set(before)) == 2


def test_less_words_are_left() -> None:
    for _, sample in samples(SKILLS, "drop_adjective", "drop_time", "drop_place"):
        before, after = sample.input[:-1].split(), sample.output[:-1].split()
        assert len(after) < len(before)
        assert all(word in (*before, "a", "an") for word in after)


def test_replacements_take_whole_words() -> None:
    for old, new in REPLACED:
        skill = BY_NAME[f"replace:{old}>{new}"]
        assert applied(skill, f"{old}s and a {old}.") == (f"{old}s and a {new}.",)
        assert applied(skill, "Nothing of it.") is None
