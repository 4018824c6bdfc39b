"""Lists: the right item is picked, the right items are left, in the right order."""

import json

import pytest
from skill_checks import PARTS, check_book, check_skill, drawn, samples

from t2l.tasks.language.lists import HELD_OUT_KINDS, JOINTS, KINDS, PLACES, SKILLS
from t2l.tasks.language.vocabulary import kind_words, read_words

ALL_KINDS = read_words("lists_kinds")["kinds"]


def split(text: str) -> list[str]:
    return text.split(", ")


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_draws(skill) -> None:
    check_skill(skill)


def test_book() -> None:
    check_book(SKILLS)


def test_every_word_is_of_one_kind_and_both_parts_have_some_of_each() -> None:
    words = [word for kind in KINDS for word in ALL_KINDS[kind]]
    assert len(set(words)) == len(words) > 350
    assert not any(" " in word for word in words)
    for kind in KINDS:
        for part in PARTS:
            assert len(kind_words(kind, part)) >= 5, (kind, part)
    assert set(HELD_OUT_KINDS) < set(KINDS)


def test_picks_by_place() -> None:
    for skill, sample in samples(SKILLS, "pick"):
        items = split(sample.input)
        place = PLACES[skill.name.split(":")[1]]
        assert items.index(sample.output) == place % len(items)


def test_picks_by_alphabet_and_length() -> None:
    for skill, sample in samples(SKILLS, "by_alphabet", "by_length"):
        items = split(sample.input)
        order = sorted(items, key=str.lower if skill.entry == "by_alphabet" else len)
        first = skill.name.split(":")[1] in ("first", "shortest")
        assert sample.output == order[0 if first else -1]
        if skill.entry == "by_length":
            lengths = sorted(map(len, items), reverse=not first)
            assert lengths[0] != lengths[1]


def test_exactly_one_item_is_of_the_kind() -> None:
    for skill, sample in samples(SKILLS, "of_kind"):
        kind = skill.name.split(":")[1]
        assert [item for item in split(sample.input) if item in ALL_KINDS[kind]] == [sample.output]


def test_all_others_are_kept_in_order() -> None:
    for skill, sample in samples(SKILLS, "all_but"):
        kind = skill.name.split(":")[1]
        rest = [item for item in split(sample.input) if item not in ALL_KINDS[kind]]
        assert split(sample.output) == rest and len(rest) == len(split(sample.input)) - 1


def test_the_odd_one_is_alone() -> None:
    for _, sample in samples(SKILLS, "odd_one_out"):
        kinds = [next(kind for kind in KINDS if item in ALL_KINDS[kind])
                 for item in split(sample.input)]  # fmt: skip
        odd = kinds[split(sample.input).index(sample.output)]
        assert kinds.count(odd) == 1 and len(set(kinds)) == 2 and len(kinds) >= 4


def test_one_item_starts_with_the_letter() -> None:
    for skill, sample in samples(SKILLS, "starting_with"):
        found = [item for item in split(sample.input) if item.startswith(skill.slots["q"])]
        assert found == [sample.output]


def test_joined_lists_come_apart_again() -> None:
    for skill, sample in samples(SKILLS, "join"):
        joint = JOINTS[skill.name.split(":")[1]][0]
        if joint != " ":
            assert sample.output.split(joint) == split(sample.input)
        assert "," not in sample.output
    for _, sample in samples(SKILLS, "english_list"):
        assert split(sample.output.replace(" and ", ", ")) == split(sample.input)
    for _, sample in samples(SKILLS, "json_list"):
        assert json.loads(sample.output) == split(sample.input)


def test_orders_and_rests() -> None:
    expected = {
        "reverse": lambda items: list(reversed(items)),
        "sort": lambda items: sorted(items, key=lambda item: item.casefold()),
        "drop_first": lambda items: items[1:],
        "drop_last": lambda items: items[:-1],
        "first_two": lambda items: [items[0], items[1]],
        "last_two": lambda items: [items[-2], items[-1]],
        "swap_ends": lambda items: [items[-1]] + items[1:-1] + [items[0]],
        "unique": lambda items: [item for at, item in enumerate(items) if item not in items[:at]],
        "sort_numbers": lambda items: sorted(items, key=int),
    }
    for skill, sample in samples(SKILLS, *expected):
        assert split(sample.output) == expected[skill.entry](split(sample.input))


def test_single_answers() -> None:
    expected = {
        "count": lambda items: str(len(items)),
        "repeated": lambda items: next(item for item in items if items.count(item) == 2),
        "largest": lambda items: str(max(map(int, items))),
        "smallest": lambda items: str(min(map(int, items))),
        "acronym": lambda items: "".join(item[0].upper() for item in items),
    }
    for skill, sample in samples(SKILLS, *expected):
        assert sample.output == expected[skill.entry](split(sample.input))


def test_words_of_test_lists_are_in_no_training_list() -> None:
    numbers = ("largest", "smallest", "sort_numbers")
    words = {part: set() for part in PARTS}
    for skill in SKILLS:
        for part in PARTS:
            if skill.name not in numbers:
                for sample in drawn(skill, part):
                    words[part].update(split(sample.input))
    assert not words["train"] & words["test"]


def test_apply_wants_a_list() -> None:
    assert all(skill.apply("apple") is None for skill in SKILLS if skill.apply)
