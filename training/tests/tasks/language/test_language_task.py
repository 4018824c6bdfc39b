"""Tasks of language: descriptions in carriers, compositions whose steps all show."""

import random
from itertools import combinations

import pytest

from t2l.tasks.language import carriers, phrases
from t2l.tasks.language.carriers import filled, frames, is_asked_for
from t2l.tasks.language.compose import Judge, fits, followers, pairs
from t2l.tasks.language.phrases import SPLITS, phrases_of
from t2l.tasks.language.skill import Skill
from t2l.tasks.language.surface import misspelt, typed
from t2l.tasks.language.task import LanguageTask
from t2l.tasks.source import Part, Sample

CAPITALS = {"France": "Paris", "Spain": "Madrid", "Italy": "Rome", "Japan": "Tokyo",
            "Peru": "Lima", "Egypt": "Cairo"}  # fmt: skip
ENTRY = {
    "do": ["give the capital of <what>", "(name|say) the city where its government sits"],
    "name": ["the capital of <what>"],
    "say": ["Which city is the capital?"],
    "then": ["write it in capital letters", "put the result in capitals"],
}
BOOK = {"capital": {split: ENTRY for split in SPLITS}, "upper": {split: ENTRY for split in SPLITS}}


def draw(rng: random.Random, part: Part) -> Sample:
    country = rng.choice(sorted(CAPITALS))
    return Sample(country, CAPITALS[country])


def skill(name: str = "capital", takes: str = "country", gives: str = "city", **rest) -> Skill:
    slots = {"what": "the country"}
    options = {"draw": draw, "key": name.split(":")[0], "slots": slots, **rest}
    return Skill(name, "relation", "fake", takes, gives, **options)


CAPITAL = skill()
UPPER = skill("upper", "text", "text", apply=lambda text: (text.upper(),))
SHORT = skill("short", "text", "text", apply=lambda text: (text[:2],), key="upper")
AGAIN = skill("shout", "text", "text", apply=UPPER.apply, key="upper")
SAME = skill("upper:same", "text", "text", apply=lambda text: (text,))


@pytest.fixture(autouse=True)
def book(monkeypatch: pytest.MonkeyPatch) -> None:
    real = phrases.read_book
    for module in (phrases, carriers):
        monkeypatch.setattr(
            module, "read_book", lambda name: BOOK if name == "fake" else real(name)
        )
    monkeypatch.setattr(carriers, "subjects", lambda takes, split: ("a country",))
    phrases._phrases.cache_clear()


def test_a_composition_hands_every_answer_on() -> None:
    task = LanguageTask((CAPITAL, UPPER))
    rows = [task.sample(random.Random(seed)) for seed in range(20)]
    assert {(row.input, row.output) for row in rows} == {
        (country, city.upper()) for country, city in CAPITALS.items()
    }
    assert (task.name, task.family) == ("relation+relation/capital+upper", "relation+relation")


def test_accepted_answers_are_handed_on_too() -> None:
    first = skill(draw=lambda rng, part: Sample("a", "b", ("c",)))
    sample = LanguageTask((first, UPPER)).sample(random.Random(0))
    assert (sample.output, sample.accepted) == ("B", ("C",))


def test_a_step_that_does_not_show_is_no_task() -> None:
    works = Judge((CAPITAL, UPPER)).works
    assert works(LanguageTask((CAPITAL, UPPER)))
    assert not works(LanguageTask((CAPITAL, SAME)))
    assert not works(LanguageTask((CAPITAL, UPPER, SAME)))
    with pytest.raises(ValueError, match="no input found"):
        LanguageTask((CAPITAL, SAME)).sample(random.Random(0))


def test_skills_follow_what_gives_them_what_they_take() -> None:
    assert fits(CAPITAL, UPPER)
    assert not fits(UPPER, UPPER)
    assert not fits(UPPER, CAPITAL)
    skills = (CAPITAL, UPPER)
    names = [task.name for task in pairs(skills, followers(skills))]
    assert names == ["relation+relation/capital+upper"]


def test_tasks_that_compute_the_same_are_found() -> None:
    judge = Judge((CAPITAL, UPPER))
    assert judge.add(LanguageTask((CAPITAL,)))
    assert judge.add(LanguageTask((CAPITAL, UPPER)))
    assert judge.add(LanguageTask((CAPITAL, SHORT)))
    assert not judge.add(LanguageTask((skill("capital:again"),)))
    assert not judge.add(LanguageTask((CAPITAL, AGAIN)))


@pytest.mark.parametrize("steps", [(CAPITAL,), (CAPITAL, UPPER), (CAPITAL, UPPER, SHORT)])
def test_descriptions_are_distinct_seeded_and_many(steps: tuple[Skill, ...]) -> None:
    task = LanguageTask(steps)
    found = task.descriptions("train", 60, seed=1)
    assert len(set(found)) == 60
    assert found == task.descriptions("train", 60, seed=1)
    assert found != task.descriptions("train", 60, seed=2)
    for text in found:
        assert not any(sign in text for sign in "{}<>|") or "->" in text or text.startswith(">")
        assert "  " not in text and text.strip() == text


@pytest.mark.parametrize("kind", ["do", "name", "question", "work_out", "two", "three"])
def test_frames_are_enough_and_no_split_shares_one(kind: str) -> None:
    floors = {"do": (60, 12, 25), "name": (30, 8, 15), "two": (40, 8, 16), "three": (40, 8, 16)}
    for split, floor in zip(SPLITS, floors.get(kind, (6, 2, 4)), strict=True):
        assert len(set(frames(kind, split))) == len(frames(kind, split)) >= floor
    for one, other in combinations(SPLITS, 2):
        assert not set(frames(kind, one)) & set(frames(kind, other))


@pytest.mark.parametrize(
    ("kind", "places"),
    [("do", "a"), ("name", "n"), ("question", "n"), ("work_out", "n"), ("two", "ab"),
     ("three", "abc")],
)  # fmt: skip
def test_every_frame_says_every_step_once_and_in_a_capital_where_a_sentence_starts(
    kind: str, places: str
) -> None:
    for split in SPLITS:
        for frame in frames(kind, split):
            assert all(frame.lower().count(f"{{{letter}}}") == 1 for letter in places), frame
            text = filled(frame, {**dict.fromkeys(places, "do it"), "x": "a word"})
            for sign in (". ", "? "):
                starts = [part[0] for part in text.split(sign)[1:]]
                assert frame[0].islower() or not any(row.islower() for row in starts), frame
            assert kind == "work_out" or not frame.startswith("{a}. "), frame


@pytest.mark.parametrize(
    ("phrase", "asked"),
    [
        ("the antonym of the words", True),
        ("the address", True),
        ("the list without its last item", True),
        ("the first two words of the text", False),
        ("the words separated by slashes", False),
        ("what the numbers make together", False),
    ],
)
def test_what_is_asked_only_of_nouns_in_the_singular(phrase: str, asked: bool) -> None:
    assert is_asked_for(phrase) == asked


def test_accidents_spare_parameters_quotes_and_examples() -> None:
    for seed in range(300):
        rng = random.Random(seed)
        text = typed('Write "letters" before the answer, please.', ["answer"], rng)
        assert '"letters"' in text and "answer" in text
        assert "straight -> bent" in typed("Like straight -> bent.", [], random.Random(seed))


def test_a_typo_changes_one_word_and_keeps_its_ends() -> None:
    for seed in range(100):
        text = misspelt("give the opposite of it", [], random.Random(seed))
        word = text.split()[2]
        assert word != "opposite" and word[0] == "o" and word[-1] in "et" and len(word) >= 7
    assert misspelt("give the opposite", ["opposite"], random.Random(0)) == "give the opposite"
    assert misspelt("three first Paris", [], random.Random(0)) == "three first Paris"


def test_books_are_checked() -> None:
    with pytest.raises(KeyError, match="no entry"):
        phrases_of(skill("absent"), "train")
    with pytest.raises(KeyError, match="has no value"):
        phrases_of(skill(slots={}), "train")
    assert any("fewer than" in fault for fault in phrases.faults([CAPITAL]))
    assert any("share" in fault for fault in phrases.faults([CAPITAL]))
