"""Questions about a sentence: asked in the input, or asked once and for all by the description.

    answer        "Tom has a red hat. What colour is the hat?"  ->  "red"
    ask_colour    "Tom has a red hat."                          ->  "red"

A sentence for testing has no name, thing or place that one for training has.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from t2l.tasks.language.patterns import holes_of, put, values
from t2l.tasks.language.skill import Draw, Skill
from t2l.tasks.language.vocabulary import read_words
from t2l.tasks.source import Part, Sample

DIGITS = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fifteen": "15",
    "sixteen": "16", "eighteen": "18", "twenty": "20", "thirty": "30", "forty": "40",
}  # fmt: skip
# What questions in the input are about, nothing of it held out below: rows of questions.yaml, and
# how the subject is called.
ABOUT = {
    "colour": (("colour",), "a colour"),
    "person": (("who", "receiver", "giver"), "a person"),
    "place": (("where", "origin"), "a place"),
    "time": (("when",), "a time"),
    "number": (("how_many", "age"), "a number"),
    "thing": (("what", "animal"), "a thing or an animal"),
    "comparison": (("bigger", "older"), "a comparison"),
    "two_people": (("two_people",), "two people"),
    "job": (("job",), "a job"),
    "reason": (("reason",), "a reason"),
}
# What the description asks about, with what the answer is.
ASKED = {
    "who": "name",
    "where": "text",
    "when": "text",
    "how_many": "text",
    "what": "text",
    "colour": "colour",
    "bigger": "text",
    "smaller": "text",
    "older": "text",
    "owner": "name",
    "job": "job",
    "price": "text",
    "age": "text",
    "reason": "text",
    "origin": "country",
    "vehicle": "text",
    "companion": "name",
    "receiver": "name",
    "giver": "name",
    "material": "material",
    "animal": "animal",
}
HELD_OUT = (
    "about:job",
    "about:reason",
    "ask_smaller",
    "ask_price",
    "ask_companion",
    "ask_material",
)


def _drawn(row: dict, asked: bool, rng: random.Random, part: Part) -> Sample:
    """An example of a row of the table."""
    words = values(holes_of(row["text"], row["ask"]), rng, part)
    text = put(row["text"], words)
    text = text[:1].upper() + text[1:]
    answers = [put(answer, words) for answer in row["answers"]]
    digits = [" ".join(DIGITS.get(word, word) for word in answer.split(" ")) for answer in answers]
    capitals = [answer[:1].upper() + answer[1:] for answer in answers]
    other = tuple(dict.fromkeys((*answers, *digits, *capitals)))[1:]
    return Sample(f"{text} {put(row['ask'], words)}" if asked else text, answers[0], other)


def _draw(subjects: tuple[str, ...], asked: bool) -> Draw:
    """Draws from some rows of the table, subject by subject."""
    table = read_words("questions")

    def draw(rng: random.Random, part: Part) -> Sample:
        return _drawn(rng.choice(table[rng.choice(subjects)]), asked, rng, part)

    return draw


def _skill(
    name: str, draw: Draw, takes: str, gives: str, slots: Mapping[str, str] | None = None
) -> Skill:
    held_out = name in HELD_OUT
    return Skill(name, "question", "questions", takes, gives, draw, None, "", slots or {}, held_out)


def _skills() -> tuple[Skill, ...]:
    every = tuple(
        subject for name in ABOUT if f"about:{name}" not in HELD_OUT for subject in ABOUT[name][0]
    )
    rows = [
        _skill("answer", _draw(every, True), "text", "text"),
        _skill("answer_yes_no", _draw(("yes_no",), True), "text", "text"),
    ]
    for name, (subjects, called) in ABOUT.items():
        draw = _draw(subjects, True)
        rows.append(_skill(f"about:{name}", draw, "text", "text", slots={"k": called}))
    for name, gives in ASKED.items():
        rows.append(_skill(f"ask_{name}", _draw((name,), False), "sentence", gives))
    return tuple(rows)


SKILLS: tuple[Skill, ...] = _skills()
