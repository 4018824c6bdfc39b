"""What becomes of a short text: each function gives the right answers, the taught one first.

None says that a text is not of the kind that the form is for.
"""

from __future__ import annotations

import re

from t2l.tasks.language.drawing import one
from t2l.tasks.language.skill import Apply
from t2l.tasks.language.vocabulary import read_words

MOST_COUNTED = 9  # words or letters; more are too hard to count at a glance
MOST_SPELLED = 7  # letters of a word that is spelled out
MOST_WORDS = 6  # of a text whose words are all touched
ENDS = ".!?…:;,"
PUNCTUATION = re.compile(r"[.,!?;:\"'()\[\]{}…-]")

PLACES = {"first": 0, "last": -1, "second": 1}


def words_in(text: str) -> tuple[str, ...]:
    """The words of a text without their punctuation."""
    return tuple(word for word in (row.strip(ENDS + '"()[]') for row in text.split()) if word)


def no_spaces(text: str) -> str | None:
    """The text without its spaces; None if it has none."""
    return text.replace(" ", "") if " " in text else None


def capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def title(text: str) -> str | None:
    """Every word with a capital, for texts of few words."""
    rows = text.split()
    return " ".join(capital(row) for row in rows) if len(rows) <= MOST_WORDS else None


def _open(text: str) -> bool:
    """Whether a text has no mark at its end yet."""
    return not text.endswith(tuple(ENDS))


def json(key: str) -> Apply:
    """An object with the text under a key; None if it would need escapes."""

    def function(text: str) -> str | None:
        return None if '"' in text or "\\" in text else f'{{"{key}": "{text}"}}'

    return one(function)


def ending(mark: str) -> Apply:
    """A mark after a text that has none yet."""
    return one(lambda text: text + mark if _open(text) else None)


def suffix(added: str) -> Apply:
    """A text and some words after it; None if a mark ends it."""
    return one(lambda text: f"{text} {added}" if _open(text) else None)


def repeat(times: int) -> Apply:
    """A short text several times."""

    def function(text: str) -> str | None:
        return " ".join([text] * times) if len(text.split()) * times <= 9 else None

    return one(function)


def bullet(text: str) -> tuple[str, ...]:
    """A bullet point, with any of the usual signs."""
    return f"- {text}", f"* {text}", f"• {text}"


def hashtag(text: str) -> tuple[str, ...] | None:
    """A tag of up to three words, in any usual case."""
    rows = words_in(text)
    if not rows or len(rows) > 3 or not all(row.isalnum() for row in rows):
        return None
    small = "".join(row.lower() for row in rows)
    return tuple(
        dict.fromkeys((f"#{small}", f"#{''.join(map(capital, rows))}", f"#{''.join(rows)}"))
    )


def linked(joint: str) -> Apply:
    """Small words with something between them, for texts of several plain words."""

    def function(text: str) -> str | None:
        rows = words_in(text)
        plain = all(row.isalnum() for row in rows)
        return joint.join(rows).lower() if plain and 1 < len(rows) <= MOST_WORDS else None

    return one(function)


def camel(text: str) -> str | None:
    """`my old garden` as `myOldGarden`, for texts of several plain words."""
    rows = words_in(text)
    if not 1 < len(rows) <= MOST_WORDS or not all(row.isalnum() for row in rows):
        return None
    return rows[0].lower() + "".join(capital(row.lower()) for row in rows[1:])


def spell(joint: str) -> Apply:
    """The letters of a short word with something between them."""

    def function(text: str) -> str | None:
        return joint.join(text) if text.isalpha() and 1 < len(text) <= MOST_SPELLED else None

    return one(function)


def no_vowels(text: str) -> str | None:
    """The consonants of a short word that has vowels."""
    left = re.sub("[aeiouAEIOU]", "", text)
    return left if text.isalpha() and 1 < len(left) < len(text) <= 8 else None


def word_at(place: str) -> Apply:
    """A word of a text of several, without its punctuation."""
    index = PLACES[place]

    def function(text: str) -> str | None:
        rows = words_in(text)
        return rows[index] if len(rows) > max(1, index + 1) else None

    return one(function)


def letter_at(place: str) -> Apply:
    """A letter of a word, in either case."""
    index = PLACES[place]

    def apply(text: str) -> tuple[str, ...] | None:
        if not text.isalpha() or len(text) < 3:
            return None
        letter = text[index]
        return tuple(dict.fromkeys((letter, letter.upper(), letter.lower())))

    return apply


def _count(rows: int) -> tuple[str, ...] | None:
    spelled = "one two three four five six seven eight nine".split()
    return (str(rows), spelled[rows - 1]) if 1 <= rows <= MOST_COUNTED else None


def count_words(text: str) -> tuple[str, ...] | None:
    """How many words a text has, in digits or in words."""
    return _count(len(text.split()))


def count_letters(text: str) -> tuple[str, ...] | None:
    """How many letters a word has, in digits or in words."""
    return _count(len(text)) if text.isalpha() else None


def no_punctuation(text: str) -> str | None:
    """The words of a text that has punctuation."""
    left = " ".join(PUNCTUATION.sub("", text).split())
    return left if left != text else None


def swap(text: str) -> str | None:
    """The words with the first and last in each other's place."""
    rows = text.split()
    plain = all(row.isalnum() for row in rows)
    return " ".join((rows[-1], *rows[1:-1], rows[0])) if plain and 2 <= len(rows) <= 6 else None


def without(first: bool) -> Apply:
    """A text of a few words without its first or last one."""

    def function(text: str) -> str | None:
        rows = text.split()
        if not 3 <= len(rows) <= 9 or not _open(text):
            return None
        return " ".join(rows[1:] if first else rows[:-1])

    return one(function)


def polite(text: str) -> tuple[str, ...] | None:
    """The text and `please`, with a comma or without."""
    return (f"{text}, please", f"{text} please") if _open(text) and "please" not in text else None


def no_emoji(text: str) -> str | None:
    """The text without its emoji; None if it has none."""
    left = text
    for emoji in read_words("vocabulary_texts")["emojis"]:
        left = left.replace(emoji, "")
    left = " ".join(left.split())
    return left if left and left != text else None


def initials(text: str) -> tuple[str, ...] | None:
    """The first letters of two to five words."""
    rows = words_in(text)
    if not 2 <= len(rows) <= 5 or not all(row[0].isalpha() for row in rows):
        return None
    letters = [row[0].upper() for row in rows]
    return "".join(letters), ".".join(letters) + ".", ".".join(letters)


def one_per_word(text: str) -> str | None:
    """The words with slashes between them."""
    rows = text.split()
    plain = all(row.isalnum() for row in rows)
    return " / ".join(rows) if plain and 2 <= len(rows) <= MOST_WORDS else None
