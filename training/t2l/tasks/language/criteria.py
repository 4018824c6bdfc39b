"""What texts are classified by: criteria, with texts of every class.

    sentiment: "The soup was lovely." -> 0 (positive)     "What a dull film!" -> 1 (negative)

Which words the classes are answered with is another matter: see `labels` and `classify`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from t2l.tasks.language.patterns import filled
from t2l.tasks.language.vocabulary import VOWELS, read_words, words_of
from t2l.tasks.source import Part

Texts = tuple[str, ...]
TOPICS = ("sport", "food", "weather", "travel", "school", "money")
LETTERS = ("s", "b", "c")
_SLOT = re.compile(r"<(\w+)>")


@dataclass(frozen=True)
class Criterion:
    """A question with two or three answers about a text.

    :param name: stable identifier, e.g. `sentiment`.
    :param takes: what its texts are called: `review`, `sentence`, `word`, ...
    :param classes: entries of the phrase book `criteria.yaml`. The first is the better or the
        affirmative one, where there is one.
    :param natural: the usual labels of the classes.
    :param texts: texts or patterns of every class.
    :param slots: what the phrases' `<slot>` holes are filled with.
    :param held_out: whether no training may see it.
    """

    name: str
    takes: str
    classes: tuple[str, ...]
    natural: tuple[str, ...]
    texts: tuple[Texts, ...]
    slots: Mapping[str, str] = field(default_factory=dict)
    held_out: bool = False
    kind: str = "classify"

    def draw(self, rng: random.Random, part: Part) -> tuple[str, int]:
        """A text and its class, every class as often as the others."""
        label = rng.randrange(len(self.classes))
        return self.text_of(label, rng, part), label

    def text_of(self, label: int, rng: random.Random, part: Part) -> str:
        """A text of a class."""
        return filled(rng.choice(self._by_part[part][label]), rng, part)

    @cached_property
    def _by_part(self) -> dict[Part, tuple[Texts, ...]]:
        parts: tuple[Part, ...] = ("train", "test")
        return {part: tuple(words_of(texts, part) for texts in self.texts) for part in parts}


def input_words(criterion: Criterion) -> frozenset[str]:
    """Every word that its texts can have, in small letters."""
    patterns = [pattern for texts in criterion.texts for pattern in texts]
    holes = {hole for pattern in patterns for hole in _SLOT.findall(pattern)}
    fillers = [word for hole in sorted(holes) for word in read_words("slots")[hole]]
    return frozenset(re.findall(r"\w+", " ".join([*patterns, *fillers]).lower()))


def _texts(*keys: str) -> Texts:
    """The texts of some classes, each once."""
    table, slots = read_words("criteria"), read_words("slots")
    return tuple(dict.fromkeys(text for key in keys for text in table.get(key) or slots[key]))


def _table(name: str, takes: str, classes: str, natural: str, held_out: bool = False) -> Criterion:
    """A criterion whose classes are those of the table of texts, written `a/x a/y`."""
    keys = tuple(classes.split())
    texts = tuple(_texts(key) for key in keys)
    return Criterion(name, takes, keys, tuple(natural.split()), texts, held_out=held_out)


def _sentences() -> list[Criterion]:
    """Criteria of reviews, messages and single sentences."""
    return [
        _table("sentiment", "review", "sentiment/positive sentiment/negative", "positive negative"),
        _table(
            "sentiment3",
            "review",
            "sentiment/positive sentiment/neutral sentiment/negative",
            "positive neutral negative",
        ),
        _table("likes", "sentence", "likes/likes likes/dislikes", "likes dislikes"),
        _table("feedback", "message", "feedback/praise feedback/complaint", "praise complaint"),
        _table("price", "sentence", "price/cheap price/expensive", "cheap expensive"),
        _table("question", "sentence", "kind/question kind/statement", "question statement"),
        _table("order", "sentence", "kind/command kind/statement", "command statement"),
        _table(
            "sentence_kind",
            "sentence",
            "kind/question kind/statement kind/command",
            "question statement command",
        ),
        _table("question_kind", "question", "asks/open asks/closed", "open closed"),
        _table("past_present", "sentence", "tense/past tense/present", "past present"),
        _table("future_past", "sentence", "tense/future tense/past", "future past"),
        _table("tense", "sentence", "tense/past tense/present tense/future", "past present future"),
        _table("speaker", "sentence", "speaker/first speaker/third", "first third"),
        _table("register", "text", "register/formal register/casual", "formal casual"),
        _table("manners", "sentence", "manners/polite manners/rude", "polite rude", True),
        _table("has_number", "sentence", "number/with number/without", "yes no"),
        _table("has_colour", "sentence", "colour/with colour/without", "yes no"),
        _table("has_name", "sentence", "name/with name/without", "yes no"),
        _table("negation", "sentence", "negation/with negation/without", "negative affirmative"),
        _table("length", "sentence", "length/long length/short", "long short"),
        _table("spam", "message", "mail/genuine mail/spam", "genuine spam", True),
        _table("claim", "sentence", "claim/fact claim/opinion", "fact opinion"),
        _table("truth", "sentence", "truth/true truth/false", "true false"),
        _table("urgency", "message", "urgency/urgent urgency/relaxed", "urgent relaxed", True),
        _table("safety", "tip", "safety/safe safety/dangerous", "safe dangerous"),
        _table("help", "sentence", "help/offer help/request", "offer request"),
        _table("meeting", "sentence", "meeting/greeting meeting/farewell", "greeting farewell"),
        _table("thanks", "message", "manner/thanks manner/apology", "thanks apology"),
        _table("agreement", "response", "reply/agree reply/disagree", "agree disagree", True),
        _table("certainty", "sentence", "certainty/sure certainty/unsure", "sure unsure"),
        _table(
            "emotion",
            "sentence",
            "emotion/happy emotion/sad emotion/angry",
            "happy sad angry",
            True,
        ),
        _table("hour", "sentence", "hour/morning hour/evening", "morning evening"),
        _table("english_french", "sentence", "language/english language/french", "English French"),
        _table(
            "english_spanish", "sentence", "language/english language/spanish", "English Spanish"
        ),
        _table("german_english", "sentence", "language/german language/english", "German English"),
        _table(
            "language",
            "sentence",
            "language/french language/spanish language/german",
            "French Spanish German",
        ),
    ]


def _topics() -> list[Criterion]:
    """One subject against the rest, and three subjects."""
    rows = [
        Criterion(
            f"about_{topic}",
            "sentence",
            (f"topic/{topic}", "topic/other"),
            (topic, "other"),
            (
                _texts(f"topic/{topic}"),
                _texts(*(f"topic/{other}" for other in TOPICS if other != topic)),
            ),
            {"t": topic if topic != "weather" else "the weather"},
        )
        for topic in TOPICS
    ]
    threes = (("topic", TOPICS[:3]), ("topic2", TOPICS[3:]), ("topic3", TOPICS[1::2]))
    for name, three in threes:
        classes = " ".join(f"topic/{topic}" for topic in three)
        rows.append(_table(name, "sentence", classes, " ".join(three)))
    return rows


def _words() -> list[Criterion]:
    """Criteria of single words and names."""
    living = _texts("being/animal", "being/plant")
    lifeless = _texts("life/lifeless")
    return [
        _table("animal_plant", "word", "being/animal being/plant", "animal plant"),
        Criterion(
            "living",
            "word",
            ("life/living", "life/lifeless"),
            ("living", "lifeless"),
            (living, lifeless),
        ),
        Criterion(
            "edible",
            "word",
            ("edible/yes", "edible/no"),
            ("edible", "inedible"),
            (_texts("edible/yes"), lifeless),
        ),
        _table("indoor", "word", "place/indoor place/outdoor", "inside outside"),
        _table("heat", "word", "heat/hot heat/cold", "hot cold"),
        _table("weight", "word", "weight/light weight/heavy", "light heavy"),
        _table("animal_size", "word", "size/big size/small", "big small"),
        _table("plural", "word", "plural/plural plural/singular", "plural singular"),
        _table("noun_verb", "word", "class/noun class/verb", "noun verb"),
        Criterion(
            "adjective",
            "word",
            ("class/adjective", "class/no_adjective"),
            ("yes", "no"),
            (_texts("class/adjective"), _texts("class/noun", "class/verb")),
        ),
        _table(
            "word_class", "word", "class/noun class/verb class/adjective", "noun verb adjective"
        ),
        Criterion(
            "person_place",
            "name",
            ("entity/person", "entity/place"),
            ("person", "place"),
            (_texts("boy", "girl"), _texts("city", "country")),
        ),
        Criterion(
            "country_city",
            "name",
            ("region/country", "region/city"),
            ("country", "city"),
            (_texts("country"), _texts("city")),
            held_out=True,
        ),
        Criterion(
            "gender",
            "name",
            ("gender/male", "gender/female"),
            ("male", "female"),
            (_texts("boy"), _texts("girl")),
        ),
        _table("food_drink", "word", "fare/food fare/drink", "food drink"),
        _table("produce", "word", "produce/fruit produce/vegetable", "fruit vegetable", True),
        _table("hardness", "word", "hardness/hard hardness/soft", "hard soft", True),
        _table("habitat", "word", "habitat/land habitat/water habitat/air", "land water air"),
        _table("vehicle", "word", "vehicle/road vehicle/water vehicle/air", "road water air"),
    ]


def _letters() -> list[Criterion]:
    """Criteria of how words begin."""
    words = tuple(
        text
        for text in _texts(
            "being/animal",
            "being/plant",
            "life/lifeless",
            "edible/yes",
            "place/outdoor",
            "class/verb",
        )
        if " " not in text
    )
    rows = [
        _split("vowel", "word", "vowel/yes vowel/no", "vowel consonant", words, _starts(VOWELS)),
    ]
    for letter in LETTERS:
        row = _split(
            f"starts_{letter}", "word", "letter/yes letter/no", "yes no", words, _starts(letter)
        )
        rows.append(
            Criterion(row.name, row.takes, row.classes, row.natural, row.texts, {"p": letter})
        )
    return rows


def _numbers() -> list[Criterion]:
    """Criteria of numbers and times."""
    whole = tuple(str(number) for number in range(1, 300))
    signed = tuple(str(number) for number in range(-99, 100) if number)
    small = tuple(str(number) for number in range(1, 101))
    times = tuple(f"{hour:02}:{minute:02}" for hour in range(24) for minute in range(0, 60, 5))
    return [
        _split(
            "sign", "number", "sign/positive sign/negative", "positive negative", signed,
            lambda text: int(text) > 0,
        ),
        _split(
            "parity", "number", "parity/even parity/odd", "even odd", whole,
            lambda text: int(text) % 2 == 0,
        ),
        _split(
            "over_fifty", "number", "fifty/over fifty/under", "over under", small,
            lambda text: int(text) > 50, held_out=True,
        ),
        _split(
            "clock", "clock time", "clock/before clock/after", "morning afternoon", times,
            lambda text: int(text[:2]) < 12,
        ),
    ]  # fmt: skip


def _starts(letters: str) -> Callable[[str], bool]:
    return lambda word: word[0] in letters


def _split(
    name: str,
    takes: str,
    classes: str,
    natural: str,
    texts: Texts,
    first: Callable[[str], bool],
    held_out: bool = False,
) -> Criterion:
    """A criterion that shares texts out by a rule; those it holds for are of the first class."""
    ours = tuple(text for text in texts if first(text))
    others = tuple(text for text in texts if not first(text))
    keys, labels = tuple(classes.split()), tuple(natural.split())
    return Criterion(name, takes, keys, labels, (ours, others), held_out=held_out)


@cache
def criteria() -> tuple[Criterion, ...]:
    """Every criterion, in a fixed order."""
    return (*_sentences(), *_topics(), *_words(), *_letters(), *_numbers())
