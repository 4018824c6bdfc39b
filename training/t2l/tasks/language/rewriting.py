"""Sentences put in another form: tense, person, question, order, with a word more or less.

    negate     "Tom reads the book."  ->  "Tom does not read the book."
    order      "You should close the door."  ->  "Close the door."

Sentences are made from their parts, so the other form is right by construction.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from t2l.tasks.language.clauses import sentence
from t2l.tasks.language.patterns import names
from t2l.tasks.language.rewriting_grammar import (
    SUBJECTS,
    affirm,
    make_question,
    make_statement,
    negate,
    person,
    plural_subject,
    progressive,
    pronoun,
    singular_subject,
    swap_names,
    to_future,
    to_past,
    to_present,
    want,
)
from t2l.tasks.language.rewriting_parts import Make, Row, one_of
from t2l.tasks.language.rewriting_words import (
    add_adverb,
    add_year,
    begin,
    contract,
    count_object,
    degree,
    describe,
    drop_adjective,
    drop_tail,
    ending,
    exclaim,
    expand,
    front_time,
    keep,
    modal,
    replace_word,
    replaced,
    thanked,
)
from t2l.tasks.language.skill import Apply, Skill
from t2l.tasks.source import Part, Sample

ADVERBS = ("quickly", "slowly", "quietly", "again", "today")
DESCRIPTIONS = ("old", "new", "little", "expensive")
MODALS = ("can", "must", "should", "might")
DEGREES = ("very", "too", "really", "quite")
OPENINGS = ("I think", "I hope", "maybe", "they say")
YEARS = ("1999", "2010", "2020")
COUNTS = ("two", "three", "ten")
# old and new word, and the sentences of rewriting.yaml they stand in
REPLACED = {
    ("dog", "cat"): "noun",
    ("small", "big"): "quality",
    ("tea", "coffee"): "drink",
    ("Monday", "Sunday"): "day",
    ("always", "never"): "often",
    ("sister", "brother"): "person",
}
HELD_OUT = (
    *("singular_subject", "front_time", "drop_place", "want", "exclaim", "contract", "keep_verb"),
    *("progressive", "person:they", "modal:might", "count_object:ten", "replace:Monday>Sunday"),
)


def _skill(
    name: str,
    make: Make,
    gives: str = "sentence",
    apply: Apply | None = None,
    slots: Mapping[str, str] | None = None,
) -> Skill:
    """A skill whose examples a function makes."""

    def draw(rng: random.Random, part: Part) -> Sample:
        while True:
            text, answer, *others = make(rng, part)
            if text != answer:
                accepted = tuple(row for row in dict.fromkeys(others) if row != answer)
                return Sample(text, answer, accepted)

    held_out = name in HELD_OUT
    return Skill(
        name, "rewrite", "rewriting", "sentence", gives, draw, apply, "", slots or {}, held_out
    )


def _please(rng: random.Random, part: Part) -> Row:
    order = one_of("orders", rng, part)
    plain = sentence(order)
    return plain, sentence("please", order), f"{plain[:-1]}, please.", sentence("please,", order)


def _order(rng: random.Random, part: Part) -> Row:
    order = one_of("orders", rng, part)
    start, stop = rng.choice(
        (("You should", "."), ("You must", "."), ("Could you", "?"), ("I want you to", "."),
         ("Can you", "?"), ("You have to", "."), ("Would you", "?"))
    )  # fmt: skip
    answer = sentence(order)
    return f"{start} {order}{stop}", answer, answer[:-1] + "!"


def _thank(rng: random.Random, part: Part) -> Row:
    text = sentence(one_of("orders", rng, part))
    return text, f"{text} Thank you."


def _greeting(rng: random.Random, part: Part) -> Row:
    name, message = rng.choice(names(part)), one_of("messages", rng, part)
    hello = rng.choice(("Hi", "Hey", "Hello"))
    return f"{hello} {name}, {message}.", f"Dear {name}, {message}."


def _plain() -> list[Skill]:
    """The skills without a parameter."""
    rows: dict[str, Make] = {
        "negate": negate,
        "affirm": affirm,
        "make_question": make_question,
        "make_statement": make_statement,
        "to_past": to_past,
        "to_present": to_present,
        "to_future": to_future,
        "progressive": progressive,
        "want": want,
        "plural_subject": plural_subject,
        "singular_subject": singular_subject,
        "pronoun": pronoun,
        "swap_names": swap_names,
        "please": _please,
        "order": _order,
        "greeting": _greeting,
        "drop_adjective": drop_adjective,
        "drop_time": drop_tail("times"),
        "drop_place": drop_tail("places"),
        "front_time": front_time,
        "exclaim": exclaim,
        "expand": expand,
        "contract": contract,
    }
    kept = {f"keep_{piece}": keep(piece) for piece in ("subject", "verb", "object")}
    return [
        *(_skill(name, make) for name, make in rows.items()),
        *(_skill(name, make, gives="text") for name, make in kept.items()),
        _skill("thank", _thank, apply=thanked),
    ]


def _with_parameter() -> list[Skill]:
    """The skills that a word of the description makes."""
    families: tuple[tuple[str, tuple[str, ...], Callable[[str], Make]], ...] = (
        ("person", tuple(SUBJECTS), person),
        ("describe", DESCRIPTIONS, describe),
        ("add_year", YEARS, add_year),
        ("modal", MODALS, modal),
        ("degree", DEGREES, degree),
        ("begin", OPENINGS, begin),
        ("count_object", COUNTS, count_object),
    )
    rows = [
        _skill(f"{name}:{word}", make(word), slots={"p": word})
        for name, words, make in families
        for word in words
    ]
    rows += [
        _skill(f"add_adverb:{word}", add_adverb(word), apply=ending(word), slots={"p": word})
        for word in ADVERBS
    ]
    for (old, new), sort in REPLACED.items():
        make, apply = replace_word(old, new, sort), replaced(old, new)
        slots = {"old": old, "new": new}
        rows.append(_skill(f"replace:{old}>{new}", make, apply=apply, slots=slots))
    return rows


SKILLS: tuple[Skill, ...] = (*_plain(), *_with_parameter())
