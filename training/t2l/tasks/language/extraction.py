"""Skills that find a fact in a sentence: whose name, which town, what price.

Sentences hold several facts, so that only the description tells which one is wanted. Every value
belongs to one part: those of test sentences are in no training sentence.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cache

from t2l.tasks.language.parts import part_of
from t2l.tasks.language.skill import Draw, Skill
from t2l.tasks.language.vocabulary import article, names, read_words, words_of
from t2l.tasks.source import Part, Sample

MAX_WORDS = 25  # of a sentence
NUMERALS = frozenset(
    ("number", "price", "date", "year", "time", "phone", "age", "quantity", "address")
)
MEASURES = ("weight", "length", "volume")  # holes that tell a quantity
FACTS = {  # what can be asked for -> whether it is held out
    "person": False,
    "city": False,
    "country": False,
    "date": False,
    "month": True,
    "year": False,
    "weekday": False,
    "price": False,
    "email": False,
    "phone": True,
    "time": False,
    "url": False,
    "object": False,
    "colour": False,
    "number": False,
    "animal": False,
    "profession": True,
    "age": False,
    "food": True,
    "hashtag": False,
    "quoted": False,
    "caps": False,
    "quantity": False,
    "company": False,
    "address": True,
}
CENTS = ("50", "99", "95", "20", "75", "40")
MINUTES = ("00", "15", "30", "45", "10", "20", "50")
PAGES = ("news", "shop", "about", "help", "tickets")
DOMAIN_ENDS = (".com", ".org", ".net", ".co.uk")
_HOLE = re.compile(r"\{(?:([aA]):)?(\w+)\}")


@dataclass(frozen=True)
class Pattern:
    """A sentence with holes.

    :param text: e.g. `{person} bought {a:object}.`
    :param not_asked: facts that something else in the sentence could be taken for.
    """

    text: str
    not_asked: tuple[str, ...] = ()

    @property
    def holes(self) -> tuple[str, ...]:
        """What fills it, in order."""
        return tuple(match.group(2) for match in _HOLE.finditer(self.text))

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts it tells, in their order."""
        return tuple("quantity" if hole in MEASURES else hole for hole in self.holes)

    def asks(self, fact: str) -> bool:
        """Whether the fact can be asked for: it is there once, and nothing else could be meant."""
        facts = self.facts
        if facts.count(fact) != 1 or fact in self.not_asked:
            return False
        return fact != "number" or not NUMERALS.intersection(facts) - {"number"}


@cache
def patterns() -> tuple[Pattern, ...]:
    """All sentences."""
    return tuple(
        Pattern(row) if isinstance(row, str) else Pattern(row["text"], tuple(row["not"]))
        for row in read_words("extraction_sentences")
    )


@cache
def patterns_for(fact: str) -> tuple[Pattern, ...]:
    """The sentences that a fact can be asked of."""
    return tuple(row for row in patterns() if row.asks(fact))


def _made(fact: str, rng: random.Random, part: Part) -> str:
    """A made-up value of a part."""
    while True:
        value = _fresh(fact, rng, part)
        if part_of(value) == part:
            return value


def _fresh(fact: str, rng: random.Random, part: Part) -> str:
    """A made-up value; the words and names in it are of the part, itself it may be of either."""
    match fact:
        case "date":
            months = read_words("extraction_values")["month"]
            month, day = rng.choice(months), rng.randint(1, 28)
            return rng.choice((f"{day} {month}", f"{month} {day}"))
        case "year":
            return str(rng.randint(1921, 2024))
        case "price":
            sign = rng.choice("$$$£€")
            if rng.random() < 0.5:
                return f"{sign}{rng.randint(2, 950)}"
            return f"{sign}{rng.randint(1, 90)}.{rng.choice(CENTS)}"
        case "time":
            hour, minute = rng.randint(1, 12), rng.choice(MINUTES)
            return f"{hour}:{minute}" + rng.choice(("", " am", " pm"))
        case "phone":
            return rng.choice(
                (
                    f"555-{rng.randint(100, 9999):04d}",
                    f"{rng.randint(200, 989)}-555-{rng.randint(100, 9999):04d}",
                    f"0{rng.randint(1, 9)}{rng.randint(10, 99)} 555 {rng.randint(100, 999)}",
                )
            )
        case "email":
            domain = _domain(rng, part)
            first, last = (rng.choice(names(sort, part)).lower() for sort in ("first", "last"))
            user = rng.choice((first, f"{first}.{last}", f"{first[0]}.{last}", "info", "help"))
            return f"{user}@{domain}"
        case "url":
            domain = _domain(rng, part)
            return rng.choice(
                (f"www.{domain}", f"https://{domain}", f"www.{domain}/{rng.choice(PAGES)}")
            )
        case "number":
            return str(rng.randint(2, 40))
        case "age":
            return str(rng.randint(18, 95))
        case "weight" | "length" | "volume":
            return f"{rng.randint(2, 60)} {rng.choice(read_words('extraction_values')[fact])}"
        case "address":
            return f"{rng.randint(1, 150)} {rng.choice(_values('street', part))}"
    raise ValueError(f"nothing makes {fact!r}")


def _domain(rng: random.Random, part: Part) -> str:
    return rng.choice(_values("company_domain", part)) + rng.choice(DOMAIN_ENDS)


@cache
def _values(fact: str, part: Part) -> tuple[str, ...]:
    """The listed values of a fact that belong to a part."""
    return words_of(read_words("extraction_values")[fact], part)


def value(fact: str, rng: random.Random, part: Part) -> str:
    """Something that fills a hole."""
    if fact == "person":
        first = rng.choice(names("first", part))
        return first if rng.random() < 0.6 else f"{first} {rng.choice(names('last', part))}"
    if fact in ("city", "country"):
        return rng.choice(names(fact, part))
    if fact in read_words("extraction_values") and fact not in MEASURES:
        return rng.choice(_values(fact, part))
    return _made(fact, rng, part)


def _written(pattern: Pattern, values: dict[str, str]) -> str:
    def put(match: re.Match[str]) -> str:
        filling = values[match.group(2)]
        if match.group(1):
            filling = article(filling)
        return filling[0].upper() + filling[1:] if match.group(1) == "A" else filling

    text = _HOLE.sub(put, pattern.text)
    return text if text.startswith('"') else text[0].upper() + text[1:]


def _accepted(fact: str, answer: str, values: dict[str, str], text: str) -> tuple[str, ...]:
    """Other right ways to give an answer."""
    rows: list[str] = []
    if fact == "age":
        rows = [f"{answer} years", f"{answer} years old", f"{answer}-year-old"]
    elif fact == "quoted":
        rows = [f'"{answer}"', answer[0].upper() + answer[1:]]
    elif fact == "colour":
        rows = [answer.capitalize()]
    elif fact in ("object", "animal", "profession", "food"):
        coloured = f"{values.get('colour', 'no')} {answer}"
        named = [answer, *([coloured] if coloured in text else [])]
        rows = [*named, *(f"the {row}" for row in named), *(article(row) for row in named)]
        rows += [answer[0].upper() + answer[1:]]
    elif fact == "number":
        counted = re.search(rf"\b{answer} (?:(?:new|more) )?\w+", text)
        rows = [counted.group()] if counted else []
    return tuple(row for row in dict.fromkeys(rows) if row != answer)


def _find(fact: str) -> Draw:
    def draw(rng: random.Random, part: Part) -> Sample:
        rows = patterns_for(fact)
        while True:
            pattern = rng.choice(rows)
            values = {hole: value(hole, rng, part) for hole in pattern.holes}
            text = _written(pattern, values)
            answer = dict(zip(pattern.facts, values.values(), strict=True))[fact]
            if len(text.split()) <= MAX_WORDS and text.lower().count(answer.lower()) == 1:
                return Sample(text, answer, _accepted(fact, answer, values, text))

    return draw


SKILLS: tuple[Skill, ...] = tuple(
    Skill(
        name=f"find_{fact}",
        kind="extract",
        book="extraction",
        takes="sentence",
        gives={"number": "number", "year": "number", "age": "number"}.get(
            fact, "word" if fact in ("city", "country", "colour", "animal", "object") else "text"
        ),
        draw=_find(fact),
        held_out=held_out,
    )
    for fact, held_out in FACTS.items()
)
