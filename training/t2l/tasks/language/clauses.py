"""Simple sentences whose parts are known: somebody does something with a thing.

    Clause("Tom", verb, "the", "red", "car").past  ->  "Tom painted the red car."

Names, verbs and nouns of sentences for testing are in no sentence for training.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from functools import cache

from t2l.tasks.language.patterns import names, slot_words
from t2l.tasks.language.vocabulary import VOWELS, article, read_words, words_of
from t2l.tasks.source import Part

IRREGULAR = {
    "child": "children",
    "fish": "fish",
    "knife": "knives",
    "loaf": "loaves",
    "mouse": "mice",
    "potato": "potatoes",
    "thief": "thieves",
}


@dataclass(frozen=True)
class Verb:
    """A verb, its forms, and the nouns it goes with."""

    base: str
    third: str
    past: str
    ing: str
    objects: tuple[str, ...]
    progressive: bool


@dataclass(frozen=True)
class Clause:
    """A sentence of a subject, a verb and an object.

    :param subject: as it is written within a sentence: `Tom`, `the teacher`, `we`.
    :param several: whether it takes the base form: `we read`, but `Tom reads`.
    :param adjective: before the noun; empty for none.
    :param tail: after the object: `in the garden`; empty for none.
    """

    subject: str
    several: bool
    verb: Verb
    determiner: str
    noun: str
    adjective: str = ""
    tail: str = ""

    @property
    def object(self) -> str:
        """The object with its determiner."""
        described = f"{self.adjective} {self.noun}".strip()
        return article(described) if self.determiner == "a" else f"{self.determiner} {described}"

    @property
    def form(self) -> str:
        """The verb in the present tense."""
        return self.verb.base if self.several else self.verb.third

    @property
    def does(self) -> str:
        """What negates and asks in the present tense."""
        return "do" if self.several else "does"

    @property
    def present(self) -> str:
        """The sentence in the present tense."""
        return self.said(self.form)

    @property
    def past(self) -> str:
        """The sentence in the past tense."""
        return self.said(self.verb.past)

    @property
    def order(self) -> str:
        """What is done, as an order."""
        return sentence(self.verb.base, self.object, self.tail)

    def said(self, verb: str) -> str:
        """The sentence with some form of its verb."""
        return sentence(self.subject, verb, self.object, self.tail)

    def asked(self, helper: str, verb: str) -> str:
        """A question that begins with a helping verb."""
        return sentence(helper, self.subject, verb, self.object, self.tail)[:-1] + "?"

    def of(self, subject: str, several: bool) -> Clause:
        """The same with another subject."""
        return replace(self, subject=subject, several=several)


def sentence(*parts: str) -> str:
    """Parts joined into a sentence with a capital and a stop; empty ones are left out."""
    text = " ".join(part for part in parts if part)
    return f"{text[:1].upper()}{text[1:]}."


@cache
def verbs(part: Part) -> tuple[Verb, ...]:
    """The verbs of a part."""
    rows = [row.split(" | ") for row in read_words("verbs")]
    found = {forms.split()[0]: (forms.rstrip("*").split(), nouns.split()) for forms, nouns in rows}
    stative = {forms.split()[0] for forms, _ in rows if forms.endswith("*")}

    def verb(name: str) -> Verb:
        (base, third, past, ing), nouns = found[name]
        return Verb(base, third, past, ing, tuple(nouns), name not in stative)

    return tuple(verb(name) for name in words_of(tuple(found), part))


def plural(noun: str) -> str:
    """The plural of a noun of the table of verbs, or of a person."""
    if noun in IRREGULAR:
        return IRREGULAR[noun]
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2] not in VOWELS:
        return f"{noun[:-1]}ies"
    return f"{noun}s"


@cache
def people(part: Part) -> tuple[str, ...]:
    """People by what they do, with a regular plural."""
    return tuple(word for word in slot_words("person", part) if not word.endswith("man"))


def clause(
    rng: random.Random,
    part: Part,
    determiner: str | None = None,
    adjective: bool = False,
    progressive: bool = False,
) -> Clause:
    """A clause with a single person as its subject.

    :param determiner: of the object; `the` or `a` by chance if there is none.
    :param adjective: whether the object has one.
    :param progressive: whether the verb must have a progressive form.
    """
    known = [verb for verb in verbs(part) if verb.progressive or not progressive]
    verb = rng.choice(known)
    subject = rng.choice(names(part)) if rng.random() < 0.6 else f"the {rng.choice(people(part))}"
    return Clause(
        subject=subject,
        several=False,
        verb=verb,
        determiner=determiner or rng.choice(("the", "a")),
        noun=rng.choice(verb.objects),
        adjective=rng.choice(slot_words("quality", part)) if adjective else "",
    )
