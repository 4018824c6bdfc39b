"""Rewriting by grammar: negation, questions, tenses, and who does it."""

from __future__ import annotations

import random

from t2l.tasks.language.clauses import Clause, clause, sentence
from t2l.tasks.language.patterns import names, put, slot_words
from t2l.tasks.language.rewriting_parts import Make, Row, noun_subject, patterns_of, state
from t2l.tasks.source import Part

NOT = {"does": "doesn't", "do": "don't", "did": "didn't", "is": "isn't"}
SUBJECTS = {"she": False, "he": False, "we": True, "they": True, "you": True}


def negate(rng: random.Random, part: Part) -> Row:
    if rng.random() < 0.3:
        subject, quality = state(rng, part)
        plain = sentence(subject, "is", quality)
        return plain, sentence(subject, "is not", quality), sentence(subject, "isn't", quality)
    row = clause(rng, part)
    if rng.random() < 0.5:
        return row.present, *_negated(row, row.does)
    return row.past, *_negated(row, "did")


def _negated(row: Clause, helper: str) -> Row:
    base = row.verb.base
    return row.said(f"{helper} not {base}"), row.said(f"{NOT[helper]} {base}")


def affirm(rng: random.Random, part: Part) -> Row:
    row = clause(rng, part)
    helper, answer = rng.choice((("does", row.present), ("did", row.past)))
    return rng.choice(_negated(row, helper)), answer


def make_question(rng: random.Random, part: Part) -> Row:
    if rng.random() < 0.3:
        subject, quality = state(rng, part)
        return sentence(subject, "is", quality), sentence("is", subject, quality)[:-1] + "?"
    row = clause(rng, part)
    if rng.random() < 0.5:
        return row.present, row.asked("does", row.verb.base)
    return row.past, row.asked("did", row.verb.base)


def make_statement(rng: random.Random, part: Part) -> Row:
    text, question, *_ = make_question(rng, part)
    return question, text


def to_past(rng: random.Random, part: Part) -> Row:
    row = clause(rng, part)
    return row.present, row.past


def to_present(rng: random.Random, part: Part) -> Row:
    row = clause(rng, part)
    return row.past, row.present


def to_future(rng: random.Random, part: Part) -> Row:
    row = clause(rng, part)
    base = row.verb.base
    return row.present, row.said(f"will {base}"), row.said(f"is going to {base}")


def progressive(rng: random.Random, part: Part) -> Row:
    row = clause(rng, part, progressive=True)
    return row.present, row.said(f"is {row.verb.ing}")


def want(rng: random.Random, part: Part) -> Row:
    row = clause(rng, part, progressive=True)
    return row.present, row.said(f"wants to {row.verb.base}")


def plural_subject(rng: random.Random, part: Part) -> Row:
    one, several = noun_subject(rng, part)
    return one.present, several.present


def singular_subject(rng: random.Random, part: Part) -> Row:
    one, several = noun_subject(rng, part)
    return several.present, one.present


def person(pronoun: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        row = clause(rng, part)
        mine, other = row.of("I", several=True), row.of(pronoun, SUBJECTS[pronoun])
        if rng.random() < 0.6:
            return mine.present, other.present
        return mine.past, other.past

    return make


def pronoun(rng: random.Random, part: Part) -> Row:
    row = clause(rng, part)
    boy, girl = rng.choice(slot_words("boy", part)), rng.choice(slot_words("girl", part))
    subject, pronoun, several = rng.choice(
        ((boy, "he", False), (girl, "she", False), (f"{boy} and {girl}", "they", True))
    )
    named, other = row.of(subject, several), row.of(pronoun, several)
    if rng.random() < 0.5:
        return named.present, other.present
    return named.past, other.past


def swap_names(rng: random.Random, part: Part) -> Row:
    one, other = rng.sample(names(part), 2)
    if rng.random() < 0.6:
        verb = rng.choice(patterns_of("pairings", part))
        return f"{one} {verb} {other}.", f"{other} {verb} {one}."
    thing = rng.choice(slot_words("thing", part))
    pattern = rng.choice(
        ("<a> gave <b> a <thing>.", "<a> lives near <b>.", "<a> sold the <thing> to <b>.")
    )
    words = {"a": one, "b": other, "thing": thing}
    return put(pattern, words), put(pattern, {**words, "a": other, "b": one})
