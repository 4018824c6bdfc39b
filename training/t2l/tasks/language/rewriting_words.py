"""Rewriting by words: one more, one less, another, a longer or shorter form."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from functools import cache

from t2l.tasks.language.clauses import clause, plural, sentence
from t2l.tasks.language.patterns import holes_of, put, slot_words, values
from t2l.tasks.language.rewriting_parts import Make, Row, inner_start, state, with_tail
from t2l.tasks.language.skill import Apply
from t2l.tasks.language.vocabulary import read_words, words_of
from t2l.tasks.source import Part


def drop_adjective(rng: random.Random, part: Part) -> Row:
    row = clause(rng, part, adjective=True)
    return row.past, replace(row, adjective="").past


def describe(adjective: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        row = clause(rng, part)
        return row.past, replace(row, adjective=adjective).past

    return make


def keep(piece: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        row = clause(rng, part)
        past = rng.random() < 0.5
        form = row.verb.past if past else row.form
        found = {"subject": row.subject, "verb": form, "object": row.object}[piece]
        bare = found.split()[-1]
        others = (bare, found[0].upper() + found[1:], bare[0].upper() + bare[1:])
        return (row.past if past else row.present), found, *others

    return make


def add_adverb(adverb: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        row = clause(rng, part, progressive=True)
        return row.past, replace(row, tail=adverb).past

    return make


def add_year(year: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        row = clause(rng, part)
        return row.past, replace(row, tail=f"in {year}").past

    return make


def modal(word: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        row = clause(rng, part)
        return row.present, row.said(f"{word} {row.verb.base}")

    return make


def degree(word: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        subject, quality = state(rng, part)
        return sentence(subject, "is", quality), sentence(subject, "is", word, quality)

    return make


def begin(words: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        text = clause(rng, part).present
        others = () if words == "maybe" else (sentence(words, f"that {inner_start(text)[:-1]}"),)
        return text, sentence(words, inner_start(text)[:-1]), *others

    return make


def drop_tail(name: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        row = with_tail(name, rng, part)
        return row.past, replace(row, tail="").past

    return make


def front_time(rng: random.Random, part: Part) -> Row:
    row = with_tail("times", rng, part)
    rest = inner_start(replace(row, tail="").past)[:-1]
    return row.past, sentence(f"{row.tail},", rest), sentence(row.tail, rest)


def count_object(word: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        row = clause(rng, part, determiner="a")
        return row.past, replace(row, determiner=word, noun=plural(row.noun)).past

    return make


def exclaim(rng: random.Random, part: Part) -> Row:
    thing, quality = rng.choice(slot_words("thing", part)), rng.choice(slot_words("quality", part))
    return f"The {thing} is {quality}.", put(
        "What a <quality> <thing>!", {"quality": quality, "thing": thing}
    )


def replace_word(old: str, new: str, sort: str) -> Make:
    def make(rng: random.Random, part: Part) -> Row:
        pattern = rng.choice(read_words("rewriting")["replace"][sort])
        while True:
            words = values([hole for hole in holes_of(pattern) if hole != "w"], rng, part)
            if not {old, new} & set(words.values()):
                break
        texts = (put(pattern, {**words, "w": word}) for word in (old, new))
        return tuple(text[:1].upper() + text[1:] for text in texts)

    return make


def replaced(old: str, new: str) -> Apply:
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


def expand(rng: random.Random, part: Part) -> Row:
    pattern, short, full = rng.choice(_contracted(part))
    words = values([hole for hole in holes_of(pattern) if hole != "c"], rng, part)
    forms = [full, "can not"] if full == "cannot" else [full]
    return tuple(_capital(put(pattern, {**words, "c": form})) for form in (short, *forms))


def contract(rng: random.Random, part: Part) -> Row:
    short, full, *_ = expand(rng, part)
    return full, short


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def ending(words: str) -> Apply:
    """Puts words before the stop of a sentence."""

    def apply(text: str) -> tuple[str, ...] | None:
        return (f"{text[:-1]} {words}.",) if text.endswith(".") else None

    return apply


def thanked(text: str) -> tuple[str, ...] | None:
    return (f"{text} Thank you.",) if text.endswith(".") else None
