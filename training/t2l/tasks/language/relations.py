"""Relations between words: of form, of meaning, between languages, and of the world.

    France -> Paris      teach -> teacher      hot -> cold      bee -> hive      dog -> Hund

Each is a table whose rows are shared out between training and test by their input. Most have a
sibling that goes the other way, and every family has one or more that no training sees.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from t2l.tasks.language.parts import rows_of
from t2l.tasks.language.skill import Skill
from t2l.tasks.language.tables import Row, inverse, table
from t2l.tasks.source import Part, Sample

FORMS, WORDS = "relations_forms", "relations_words"  # books, of phrases as well as of tables
PLACES, THINGS = "relations_places", "relations_things"
# American spellings that are British ones too, of another word or a verb
BOTH_SPELLINGS = ("check", "draft", "story", "curb", "license", "tire", "program")


def relation(
    name: str,
    book: str,
    rows: Iterable[Row],
    takes: str,
    gives: str,
    *,
    held_out: bool = False,
    understood: Iterable[Row] = (),
) -> Skill:
    """A skill that looks its input up.

    :param rows: input, taught answer, and other right answers.
    :param understood: rows that are never drawn, but count when another skill gave the text.
    :raises ValueError: if an input is its own answer.
    """
    rows = tuple(rows)
    same = [row for row in rows if row[0] in row[1:]]
    if same:
        raise ValueError(f"{name}: {same} change nothing")
    shared: dict[Part, tuple[Row, ...]] = {
        "train": rows_of(rows, "train"),
        "test": rows_of(rows, "test"),
    }
    answers = {row[0]: row[1:] for row in (*understood, *rows)}

    def draw(rng: random.Random, part: Part) -> Sample:
        text, output, *accepted = rng.choice(shared[part])
        return Sample(text, output, tuple(accepted))

    return Skill(name, "relation", book, takes, gives, draw, answers.get, held_out=held_out)


def _countries(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Rows whose answers are countries, with the other names that those countries have."""
    others = {row[0]: row[1:] for row in table(PLACES, "other_names")}
    named = [(row, others.get(row[1], ())) for row in rows]
    return tuple((*row, *(name for name in names if name != row[0])) for row, names in named)


def _forms() -> tuple[Skill, ...]:
    plural = table(FORMS, "plural")
    past, participle, ing, third = (
        table(FORMS, "verbs", column) for column in ("past", "participle", "ing", "third")
    )
    pasts = {row[0]: row[1] for row in past}
    # where it is the past tense, or the verb, nothing would tell one from the other
    own_participle = [row for row in participle if row[1] not in (row[0], pasts[row[0]])]
    adverb, agent = table(FORMS, "adverb"), table(FORMS, "agent")
    expansion, american = table(FORMS, "expansion"), table(FORMS, "american")
    british = [row for row in inverse(american) if row[0] not in BOTH_SPELLINGS]
    return (
        relation("plural", FORMS, plural, "noun", "plural"),
        relation("singular", FORMS, inverse(plural), "plural", "noun"),
        relation("past_tense", FORMS, past, "verb", "past tense"),
        relation("base_form", FORMS, inverse(past), "past tense", "verb"),
        relation("past_participle", FORMS, own_participle, "verb", "participle", held_out=True),
        relation("ing_form", FORMS, ing, "verb", "ing form"),
        relation("third_person", FORMS, third, "verb", "third person"),
        relation(
            "comparative", FORMS, table(FORMS, "grades", "comparative"), "adjective", "comparative"
        ),
        relation(
            "superlative",
            FORMS,
            table(FORMS, "grades", "superlative"),
            "adjective",
            "superlative",
            held_out=True,
        ),
        relation("adverb", FORMS, adverb, "adjective", "adverb"),
        relation("adverb_adjective", FORMS, inverse(adverb), "adverb", "adjective"),
        relation("agent", FORMS, agent, "verb", "agent"),
        relation("agent_verb", FORMS, inverse(agent), "agent", "verb"),
        relation("noun_adjective", FORMS, table(FORMS, "noun_adjective"), "noun", "adjective"),
        relation(
            "adjective_noun",
            FORMS,
            table(FORMS, "adjective_noun"),
            "adjective",
            "noun",
            held_out=True,
        ),
        relation("verb_noun", FORMS, table(FORMS, "verb_noun"), "verb", "noun"),
        relation("expansion", FORMS, expansion, "contraction", "expansion"),
        relation("contraction", FORMS, inverse(expansion), "expansion", "contraction"),
        relation("american", FORMS, american, "British spelling", "American spelling"),
        relation("british", FORMS, british, "American spelling", "British spelling", held_out=True),
    )


def _words() -> tuple[Skill, ...]:
    opposite, full_form = table(WORDS, "opposite"), table(WORDS, "full_form")
    french, german, spanish = (
        table(WORDS, "translations", column) for column in ("french", "german", "spanish")
    )
    return (
        relation("opposite", WORDS, opposite, "word", "word", understood=inverse(opposite)),
        relation("synonym", WORDS, table(WORDS, "synonym"), "word", "word"),
        relation("to_french", WORDS, french, "word", "French word"),
        relation("to_german", WORDS, german, "word", "German word"),
        relation("to_spanish", WORDS, spanish, "word", "Spanish word", held_out=True),
        relation("from_french", WORDS, inverse(french), "French word", "word"),
        relation("from_german", WORDS, inverse(german), "German word", "word"),
        relation("from_spanish", WORDS, inverse(spanish), "Spanish word", "word", held_out=True),
        relation("full_form", WORDS, full_form, "abbreviation", "full form"),
        relation("abbreviation", WORDS, inverse(full_form), "full form", "abbreviation"),
    )


def _places() -> tuple[Skill, ...]:
    capital, continent, language, currency, demonym, code, long_code = (
        table(PLACES, "countries", column)
        for column in (
            "capital",
            "continent",
            "language",
            "currency",
            "demonym",
            "code",
            "long_code",
        )
    )
    city = _countries(table(PLACES, "city_country"))
    landmark = _countries(table(PLACES, "landmark_country"))
    return (
        relation("capital", PLACES, capital, "country", "capital"),
        relation("capital_country", PLACES, _countries(inverse(capital)), "capital", "country"),
        relation("continent", PLACES, continent, "country", "continent"),
        relation("language", PLACES, language, "country", "language"),
        relation("currency", PLACES, currency, "country", "currency", held_out=True),
        relation("demonym", PLACES, demonym, "country", "nationality"),
        relation("demonym_country", PLACES, _countries(inverse(demonym)), "nationality", "country"),
        relation("country_code", PLACES, code, "country", "country code"),
        relation("code_country", PLACES, _countries(inverse(code)), "country code", "country"),
        relation(
            "long_country_code", PLACES, long_code, "country", "long country code", held_out=True
        ),
        relation("city_country", PLACES, city, "city", "country"),
        relation("landmark_country", PLACES, landmark, "landmark", "country"),
        relation("month_number", PLACES, table(PLACES, "month_number"), "month", "number"),
        relation("number_month", PLACES, table(PLACES, "number_month"), "number", "month"),
        relation("next_month", PLACES, table(PLACES, "next_month"), "month", "month"),
        relation(
            "previous_month",
            PLACES,
            table(PLACES, "previous_month"),
            "month",
            "month",
            held_out=True,
        ),
        relation("next_day", PLACES, table(PLACES, "next_day"), "day", "day"),
        relation("previous_day", PLACES, table(PLACES, "previous_day"), "day", "day"),
    )


def _things() -> tuple[Skill, ...]:
    female, element = table(THINGS, "female"), table(THINGS, "element")
    return (
        relation("young", THINGS, table(THINGS, "young"), "animal", "young animal"),
        relation("adult", THINGS, table(THINGS, "adult"), "young animal", "animal"),
        relation("sound", THINGS, table(THINGS, "sound"), "animal", "sound"),
        relation("animal_class", THINGS, table(THINGS, "class"), "animal", "animal class"),
        relation("home", THINGS, table(THINGS, "home"), "animal", "noun", held_out=True),
        relation("collective", THINGS, table(THINGS, "collective"), "animal", "noun"),
        relation("female", THINGS, female, "male", "female"),
        relation("male", THINGS, inverse(female), "female", "male"),
        relation("tool", THINGS, table(THINGS, "tool"), "job", "noun"),
        relation("workplace", THINGS, table(THINGS, "workplace"), "job", "noun", held_out=True),
        relation("material", THINGS, table(THINGS, "material"), "thing", "material"),
        relation("colour", THINGS, table(THINGS, "colour"), "thing", "colour"),
        relation("food_group", THINGS, table(THINGS, "food"), "food", "food group"),
        relation("symbol", THINGS, element, "element", "symbol"),
        relation("symbol_element", THINGS, inverse(element), "symbol", "element", held_out=True),
        relation("equipment", THINGS, table(THINGS, "equipment"), "sport", "noun"),
    )


SKILLS: tuple[Skill, ...] = (*_forms(), *_words(), *_places(), *_things())
