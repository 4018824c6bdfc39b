"""Skills that write a short text in another form, or tell a plain fact about its form."""

from __future__ import annotations

import random
from functools import cache

from t2l.tasks.language import text_forms as forms
from t2l.tasks.language.drawing import Source, draw_from, one
from t2l.tasks.language.skill import Apply, Skill
from t2l.tasks.language.vocabulary import (
    bare_sentence,
    phrase,
    read_words,
    request,
    small_words,
    term,
    text,
    word,
)
from t2l.tasks.source import Part

WRAPS = {  # name -> opening, closing, how it is said, whether it is held out
    "double quotes": ('"', '"', False),
    "single quotes": ("'", "'", False),
    "round brackets": ("(", ")", False),
    "square brackets": ("[", "]", False),
    "asterisks": ("*", "*", False),
    "curly braces": ("{", "}", True),
    "angle brackets": ("<", ">", True),
}
JSON_KEYS = {  # key -> whether it is held out
    "answer": False,
    "text": False,
    "value": False,
    "name": False,
    "title": False,
    "result": True,
    "message": True,
}
PREFIXES = {  # what stands before the text -> whether it is held out
    "Answer:": False,
    "Note:": False,
    "Hello": False,
    "Re:": False,
    "Today:": False,
    "My favourite:": False,
    "Warning:": True,
    "New:": False,
}
SUFFIXES = {  # what stands after the text -> whether it is held out
    "today": False,
    "my friend": False,
    "forever": False,
    "(ok)": False,
    "again": True,
    "tomorrow": False,
}
ENDINGS = {  # name -> how it is said, what is written, whether it is held out
    "exclamation": ("an exclamation mark", "!", False),
    "question": ("a question mark", "?", False),
    "ellipsis": ("three dots", "...", False),
    "stop": ("a full stop", ".", False),
    "colon": ("a colon", ":", False),
    "semicolon": ("a semicolon", ";", False),
    "smiley": ("a smiley like this :)", " :)", True),
}
REPEATS = {"two": (2, False), "three": (3, True)}
TAGS = {  # name -> whether it is held out
    "b": False,
    "i": False,
    "p": False,
    "h1": False,
    "span": False,
    "div": False,
    "strong": False,
    "em": True,
    "li": False,
}
MARKDOWN = {  # look -> before, after, whether it is held out
    "bold": ("**", "**", False),
    "italic": ("*", "*", False),
    "inline code": ("`", "`", False),
    "a heading": ("# ", "", False),
    "struck through": ("~~", "~~", True),
}
SPELLINGS = {  # name -> what stands between letters, how it is said, whether it is held out
    "spaces": (" ", "spaces", False),
    "dashes": ("-", "dashes", False),
    "dots": (".", "dots", True),
    "commas": (", ", "commas", False),
}
HELD_OUT_PLACES = ("second",)


def _in_capitals(rng: random.Random, part: Part) -> str:
    return term(rng, part).upper()


@cache
def _short_words(part: Part) -> tuple[str, ...]:
    return tuple(row for row in small_words(part) if 3 <= len(row) <= forms.MOST_SPELLED)


def _short_word(rng: random.Random, part: Part) -> str:
    return rng.choice(_short_words(part))


def _phrase_or_bare(rng: random.Random, part: Part) -> str:
    return (phrase if rng.random() < 0.5 else bare_sentence)(rng, part)


def _term_or_bare(rng: random.Random, part: Part) -> str:
    return (term if rng.random() < 0.6 else bare_sentence)(rng, part)


def _punctuated(rng: random.Random, part: Part) -> str:
    """A short text with a few marks in it."""
    head = rng.choice(("Well, ", "Oh, ", "Yes, ", "No, ", "", "", ""))
    body = bare_sentence(rng, part)
    tail = rng.choice((".", "!", "?", "...", "!!", "?!"))
    return head + (body[0].lower() + body[1:] if head and body[:2] != "I " else body) + tail


def _with_emoji(rng: random.Random, part: Part) -> str:
    body = (text if rng.random() < 0.7 else bare_sentence)(rng, part)
    emoji = rng.choice(read_words("vocabulary_texts")["emojis"])
    return rng.choice((f"{body} {emoji}", f"{emoji} {body}"))


def _skill(
    name: str,
    apply: Apply,
    source: Source = text,
    slots: dict[str, str] | None = None,
    held_out: bool = False,
    takes: str = "text",
    gives: str = "text",
) -> Skill:
    draw = draw_from(source, apply)
    return Skill(name, "format", "formats", takes, gives, draw, apply, "", slots or {}, held_out)


def _wrap(before: str, after: str) -> Apply:
    return one(lambda text: f"{before}{text}{after}")


def _skills() -> list[Skill]:
    rows = [
        _skill("upper", one(str.upper), term),
        _skill("lower", one(str.lower), _in_capitals),
        _skill("title", one(forms.title), phrase),
        _skill("capital:start", one(forms.capital), term),
        _skill("bullet", forms.bullet),
        _skill("hashtag", forms.hashtag, term),
        _skill("snake_case", forms.linked("_"), phrase),
        _skill("kebab_case", forms.linked("-"), phrase),
        _skill("camel_case", one(forms.camel), phrase, held_out=True),
        _skill("no_spaces", one(forms.no_spaces), phrase),
        _skill("no_vowels", one(forms.no_vowels), word, takes="word"),
        _skill("count_words", forms.count_words, gives="number"),
        _skill("count_letters", forms.count_letters, _short_word, takes="word", gives="number"),
        _skill("no_punctuation", one(forms.no_punctuation), _punctuated),
        _skill("swap_words", one(forms.swap), phrase, held_out=True),
        _skill("without_first", forms.without(True), _phrase_or_bare),
        _skill("without_last", forms.without(False), _phrase_or_bare),
        _skill("polite", forms.polite, request),
        _skill("no_emoji", one(forms.no_emoji), _with_emoji),
        _skill("initials", forms.initials, phrase, gives="word"),
        _skill("slashed", one(forms.one_per_word), phrase),
    ]
    for name, (before, after, held) in WRAPS.items():
        rows.append(_skill(f"wrap:{name}", _wrap(before, after), text, {"p": name}, held))
    for key, held in JSON_KEYS.items():
        rows.append(_skill(f"json:{key}", forms.json(key), text, {"p": key}, held))
    for added, held in PREFIXES.items():
        apply = one(lambda row, added=added: f"{added} {row}")
        rows.append(_skill(f"prefix:{added.lower().strip(':')}", apply, text, {"p": added}, held))
    for added, held in SUFFIXES.items():
        source = _term_or_bare
        rows.append(
            _skill(f"suffix:{added.strip('()')}", forms.suffix(added), source, {"p": added}, held)
        )
    for name, (said, mark, held) in ENDINGS.items():
        slots = {"p": said, "eg": mark}
        source = bare_sentence if name == "stop" else _term_or_bare
        rows.append(_skill(f"ending:{name}", forms.ending(mark), source, slots, held))
    for name, (times, held) in REPEATS.items():
        slots = {"p": name, "eg": " ".join(["tea"] * times)}
        rows.append(_skill(f"repeat:{name}", forms.repeat(times), term, slots, held))
    for tag, held in TAGS.items():
        slots = {"p": f"<{tag}>", "q": f"</{tag}>", "t": tag}
        rows.append(_skill(f"tag:{tag}", _wrap(f"<{tag}>", f"</{tag}>"), text, slots, held))
    for look, (before, after, held) in MARKDOWN.items():
        slots = {"p": look, "eg": f"{before}tea{after}"}
        rows.append(
            _skill(f"markdown:{look.removeprefix('a ')}", _wrap(before, after), text, slots, held)
        )
    for name, (joint, said, held) in SPELLINGS.items():
        slots = {"p": said, "eg": joint.join("cat")}
        rows.append(_skill(f"spell:{name}", forms.spell(joint), _short_word, slots, held, "word"))
    for place in forms.PLACES:
        held = place in HELD_OUT_PLACES
        slots = {"p": place}
        rows.append(
            _skill(f"word_at:{place}", forms.word_at(place), text, slots, held, gives="word")
        )
        letter = forms.letter_at(place)
        rows.append(
            _skill(f"letter_at:{place}", letter, word, slots, held, takes="word", gives="letter")
        )
    return rows


SKILLS: tuple[Skill, ...] = tuple(_skills())
