"""Sentences put in another form: tense, person, question, order, with a word more or less.

    negate     "Tom reads the book."  ->  "Tom does not read the book."
    order      "You should close the door."  ->  "Close the door."

Sentences are made from their parts, so the other form is right by construction.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

from t2l.tasks.language.clauses import Clause, clause, people, plural, sentence
from t2l.tasks.language.patterns import holes_of, names, put, slot_words, values
from t2l.tasks.language.skill import Apply, Skill
from t2l.tasks.language.vocabulary import read_words, words_of
from t2l.tasks.source import Part, Sample

Row = tuple[str, ...]  # a sentence, its other form, and other right answers
Make = Callable[[random.Random, Part], Row]

SUBJECTS = {"she": False, "he": False, "we": True, "they": True, "you": True}
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
NOT = {"does": "doesn't", "do": "don't", "did": "didn't", "is": "isn't"}


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


# -- sentences ------------------------------------------------------------------------------------


@cache
def _lines(name: str, part: Part) -> tuple[str, ...]:
    """The patterns or words of a part in a list of rewriting.yaml."""
    return words_of(read_words("rewriting")[name], part)


def _written(pattern: str, rng: random.Random, part: Part) -> str:
    """A pattern filled with words of a part."""
    return put(pattern, values(holes_of(pattern), rng, part))


def _one_of(name: str, rng: random.Random, part: Part) -> str:
    """A filled pattern of a list of rewriting.yaml, whichever part the pattern itself falls in."""
    return _written(rng.choice(read_words("rewriting")[name]), rng, part)


def _state(rng: random.Random, part: Part) -> tuple[str, str]:
    """Something and what it is like: `the soup`, `hot`."""
    subject, quality = rng.choice(read_words("rewriting")["states"]).split(" | ")
    words = _lines("mood", part) if quality == "<mood>" else slot_words("quality", part)
    return _written(subject, rng, part), rng.choice(words)


def _with_tail(name: str, rng: random.Random, part: Part) -> Clause:
    """A clause with a time or a place at its end."""
    return replace(clause(rng, part), tail=_one_of(name, rng, part))


def _noun_subject(rng: random.Random, part: Part) -> tuple[Clause, Clause]:
    """A clause about one person, and the same about several."""
    person = rng.choice(people(part))
    one = clause(rng, part).of(f"the {person}", several=False)
    return one, one.of(f"the {plural(person)}", several=True)


def _first(text: str) -> str:
    """A sentence as it is written after other words: names and `I` keep their capital."""
    lower = re.match(r"(The|A|An|My|Our|We|They|He|She|It|You|There|This|Your)\b", text)
    return text[0].lower() + text[1:] if lower else text


# -- negation, questions, tenses ------------------------------------------------------------------


def _negate(rng: random.Random, part: Part) -> Row:
    if rng.random() < 0.3:
        subject, quality = _state(rng, part)
        plain = sentence(subject, "is", quality)
        return plain, sentence(subject, "is not", quality), sentence(subject, "isn't", quality)
    row = clause(rng, part)
    if rng.random() < 0.5:
        return row.present, *_negated(row, row.does)
    return row.past, *_negated(row, "did")


def _negated(row: Clause, helper: str) -> Row:
    base = row.verb.base
    return row.said(f"{helper} not {base}"), row.said(f"{NOT[helper]} {base}")


def _affirm(rng: random.Random, part: Part) -> Row:
    row = clause(rng, part)
    helper, answer = rng.choice((("does", row.present), ("did", row.past)))
    return rng.choice(_negated(row, helper)), answer


def _make_question(rng: random.Random, part: Part) -> Row:
    if rng.random() < 0.3:
        subject, quality = _state(rng, part)
        return sentence(subject, "is", quality), sentence("is", subject, quality)[:-1] + "?"
    row = clause(rng, part)
    if rng.random() < 0.5:
        return row.present, row.asked("does", row.verb.base)
    return row.past, row.asked("did", row.verb.base)


def _make_statement(rng: random.Random, part: Part) -> Row:
    text, question, *_ = _make_question(rng, part)
    return question, text


def _to_past(rng: random.Random, part: Part) -> Row:
    row = clause(rng, part)
    return row.present, row.past


def _to_present(rng: random.Random, part: Part) -> Row:
    row = clause(rng, part)
    return row.past, row.present


def _to_future(rng: random.Random, part: Part) -> Row:
    row = clause(rng, part)
    base = row.verb.base
    return row.present, row.said(f"will {base}"), row.said(f"is going to {base}")


def _progressive(rng: random.Random, part: Part) -> Row:
    row = clause(rng, part, progressive=True)
    return row.present, row.said(f"is {row.verb.ing}")


def _want(rng: random.Random, part: Part) -> Row:
    row = clause(rng, part, progressive=True)
    return row.present, row.said(f"wants to {row.verb.base}")


# -- who does it ----------------------------------------------------------------------------------


def _plural_subject(rng: random.Random, part: Part) -> Row:
    one, several = _noun_subject(rng, part)
    return one.present, several.present


def _singular_subject(rng: random.Random, part: Part) -> Row:
    one, several = _noun_subject(rng, part)
    return several.present, one.present


def _person(pronoun: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        row = clause(rng, part)
        mine, other = row.of("I", several=True), row.of(pronoun, SUBJECTS[pronoun])
        if rng.random() < 0.6:
            return mine.present, other.present
        return mine.past, other.past

    return make


def _pronoun(rng: random.Random, part: Part) -> Row:
    row = clause(rng, part)
    boy, girl = rng.choice(slot_words("boy", part)), rng.choice(slot_words("girl", part))
    subject, pronoun, several = rng.choice(
        ((boy, "he", False), (girl, "she", False), (f"{boy} and {girl}", "they", True))
    )
    named, other = row.of(subject, several), row.of(pronoun, several)
    if rng.random() < 0.5:
        return named.present, other.present
    return named.past, other.past


def _swap_names(rng: random.Random, part: Part) -> Row:
    one, other = rng.sample(names(part), 2)
    if rng.random() < 0.6:
        verb = rng.choice(_lines("pairings", part))
        return f"{one} {verb} {other}.", f"{other} {verb} {one}."
    thing = rng.choice(slot_words("thing", part))
    pattern = rng.choice(
        ("<a> gave <b> a <thing>.", "<a> lives near <b>.", "<a> sold the <thing> to <b>.")
    )
    words = {"a": one, "b": other, "thing": thing}
    return put(pattern, words), put(pattern, {**words, "a": other, "b": one})


# -- orders ---------------------------------------------------------------------------------------


def _please(rng: random.Random, part: Part) -> Row:
    order = _one_of("orders", rng, part)
    plain = sentence(order)
    return plain, sentence("please", order), f"{plain[:-1]}, please.", sentence("please,", order)


def _order(rng: random.Random, part: Part) -> Row:
    order = _one_of("orders", rng, part)
    start, stop = rng.choice(
        (("You should", "."), ("You must", "."), ("Could you", "?"), ("I want you to", "."),
         ("Can you", "?"), ("You have to", "."), ("Would you", "?"))
    )  # fmt: skip
    answer = sentence(order)
    return f"{start} {order}{stop}", answer, answer[:-1] + "!"


def _thank(rng: random.Random, part: Part) -> Row:
    text = sentence(_one_of("orders", rng, part))
    return text, f"{text} Thank you."


def _greeting(rng: random.Random, part: Part) -> Row:
    name, message = rng.choice(names(part)), _one_of("messages", rng, part)
    hello = rng.choice(("Hi", "Hey", "Hello"))
    return f"{hello} {name}, {message}.", f"Dear {name}, {message}."


# -- a word more or less --------------------------------------------------------------------------


def _drop_adjective(rng: random.Random, part: Part) -> Row:
    row = clause(rng, part, adjective=True)
    return row.past, replace(row, adjective="").past


def _describe(adjective: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        row = clause(rng, part)
        return row.past, replace(row, adjective=adjective).past

    return make


def _keep(piece: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        row = clause(rng, part)
        past = rng.random() < 0.5
        form = row.verb.past if past else row.form
        found = {"subject": row.subject, "verb": form, "object": row.object}[piece]
        bare = found.split()[-1]
        others = (bare, found[0].upper() + found[1:], bare[0].upper() + bare[1:])
        return (row.past if past else row.present), found, *others

    return make


def _add_adverb(adverb: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        row = clause(rng, part, progressive=True)
        return row.past, replace(row, tail=adverb).past

    return make


def _add_year(year: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        row = clause(rng, part)
        return row.past, replace(row, tail=f"in {year}").past

    return make


def _modal(word: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        row = clause(rng, part)
        return row.present, row.said(f"{word} {row.verb.base}")

    return make


def _degree(word: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        subject, quality = _state(rng, part)
        return sentence(subject, "is", quality), sentence(subject, "is", word, quality)

    return make


def _begin(words: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        text = clause(rng, part).present
        others = () if words == "maybe" else (sentence(words, f"that {_first(text)[:-1]}"),)
        return text, sentence(words, _first(text)[:-1]), *others

    return make


def _drop_tail(name: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        row = _with_tail(name, rng, part)
        return row.past, replace(row, tail="").past

    return make


def _front_time(rng: random.Random, part: Part) -> Row:
    row = _with_tail("times", rng, part)
    rest = _first(replace(row, tail="").past)[:-1]
    return row.past, sentence(f"{row.tail},", rest), sentence(row.tail, rest)


def _count_object(word: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        row = clause(rng, part, determiner="a")
        return row.past, replace(row, determiner=word, noun=plural(row.noun)).past

    return make


def _exclaim(rng: random.Random, part: Part) -> Row:
    thing, quality = rng.choice(slot_words("thing", part)), rng.choice(slot_words("quality", part))
    return f"The {thing} is {quality}.", put(
        "What a <quality> <thing>!", {"quality": quality, "thing": thing}
    )


def _replace(old: str, new: str, sort: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        pattern = rng.choice(read_words("rewriting")["replace"][sort])
        while True:
            words = values([hole for hole in holes_of(pattern) if hole != "w"], rng, part)
            if not {old, new} & set(words.values()):
                break
        texts = (put(pattern, {**words, "w": word}) for word in (old, new))
        return tuple(text[:1].upper() + text[1:] for text in texts)

    return make


def _replaced(old: str, new: str) -> Apply:
    def apply(text: str) -> tuple[str, ...] | None:
        found = re.sub(rf"\b{old}\b", new, text)
        return None if found == text else (found,)

    return apply


@cache
def _contracted(part: Part) -> tuple[tuple[str, str, str], ...]:
    """Sentences of a part with their contracted and their full form."""
    return tuple(
        (pattern, *pair.split(" | "))
        for pair, patterns in read_words("rewriting")["contractions"].items()
        for pattern in words_of(patterns, part)
    )


def _expand(rng: random.Random, part: Part) -> Row:
    pattern, short, full = rng.choice(_contracted(part))
    words = values([hole for hole in holes_of(pattern) if hole != "c"], rng, part)
    forms = [full, "can not"] if full == "cannot" else [full]
    return tuple(_capital(put(pattern, {**words, "c": form})) for form in (short, *forms))


def _contract(rng: random.Random, part: Part) -> Row:
    short, full, *_ = _expand(rng, part)
    return full, short


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _ending(words: str) -> Apply:
    """Puts words before the stop of a sentence."""

    def apply(text: str) -> tuple[str, ...] | None:
        return (f"{text[:-1]} {words}.",) if text.endswith(".") else None

    return apply


def _thanked(text: str) -> tuple[str, ...] | None:
    return (f"{text} Thank you.",) if text.endswith(".") else None


def _plain() -> list[Skill]:
    """The skills without a parameter."""
    rows: dict[str, Make] = {
        "negate": _negate,
        "affirm": _affirm,
        "make_question": _make_question,
        "make_statement": _make_statement,
        "to_past": _to_past,
        "to_present": _to_present,
        "to_future": _to_future,
        "progressive": _progressive,
        "want": _want,
        "plural_subject": _plural_subject,
        "singular_subject": _singular_subject,
        "pronoun": _pronoun,
        "swap_names": _swap_names,
        "please": _please,
        "order": _order,
        "greeting": _greeting,
        "drop_adjective": _drop_adjective,
        "drop_time": _drop_tail("times"),
        "drop_place": _drop_tail("places"),
        "front_time": _front_time,
        "exclaim": _exclaim,
        "expand": _expand,
        "contract": _contract,
    }
    kept = {f"keep_{piece}": _keep(piece) for piece in ("subject", "verb", "object")}
    return [
        *(_skill(name, make) for name, make in rows.items()),
        *(_skill(name, make, gives="text") for name, make in kept.items()),
        _skill("thank", _thank, apply=_thanked),
    ]


def _with_parameter() -> list[Skill]:
    """The skills that a word of the description makes."""
    families: tuple[tuple[str, tuple[str, ...], Callable[[str], Make]], ...] = (
        ("person", tuple(SUBJECTS), _person),
        ("describe", DESCRIPTIONS, _describe),
        ("add_year", YEARS, _add_year),
        ("modal", MODALS, _modal),
        ("degree", DEGREES, _degree),
        ("begin", OPENINGS, _begin),
        ("count_object", COUNTS, _count_object),
    )
    rows = [
        _skill(f"{name}:{word}", make(word), slots={"p": word})
        for name, words, make in families
        for word in words
    ]
    rows += [
        _skill(f"add_adverb:{word}", _add_adverb(word), apply=_ending(word), slots={"p": word})
        for word in ADVERBS
    ]
    for (old, new), sort in REPLACED.items():
        make, apply = _replace(old, new, sort), _replaced(old, new)
        slots = {"old": old, "new": new}
        rows.append(_skill(f"replace:{old}>{new}", make, apply=apply, slots=slots))
    return rows


SKILLS: tuple[Skill, ...] = (*_plain(), *_with_parameter())
