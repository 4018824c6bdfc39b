"""Small accidents of writing: what a description looks like when a person typed it.

None changes what is asked: parameters, quoted text, numbers and examples stay as they are.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

from t2l.tasks.description_text import normalise_description

LOWER_START = 0.12  # shares of descriptions that get the accident
NO_STOP = 0.15
EXCLAMATION = 0.03
TYPO = 0.06
NO_ARTICLES = 0.04
TYPO_LETTERS = 5  # shorter words keep their spelling

_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|`[^`]*`|(?<!\w)'[^']*'(?!\w)|\([^)]*\)")
_EXAMPLE = re.compile(
    r"->|=>|→|=|:|…|\b(e\.g|eg|i\.e|ie|like|example|instance|such as|becomes?|turns?|gives)\b"
)
_WORD = re.compile(rf"(?<![\w'’-])[a-z]{{{TYPO_LETTERS},}}(?![\w'’-])")
# words whose misspelling is, or is nearly, another word that would change the meaning
_DELICATE = frozenset(
    "three seven eight eleven twelve first third fourth fifth sixth seventh eighth ninth tenth "
    "twenty thirty forty fifty hundred thousand least month months world words large small "
    "before after above below until without every except singular plural".split()
)


def typed(text: str, keep: Iterable[str], rng: random.Random) -> str:
    """The text as somebody might have typed it, in the form that encoders read.

    :param keep: texts whose words no accident may touch, such as parameters.
    """
    text = normalise_description(text)
    kept = {word.lower() for part in keep for word in re.findall(r"\w+", part)}
    # Every draw is made, so that one accident does not depend on whether another could happen.
    draws = [rng.random() for _ in range(4)]
    if draws[0] < NO_ARTICLES and not _touchy(text):
        text = re.sub(r"(?<=\w) the (?=\w)", " ", text)
    if draws[1] < TYPO and not _touchy(text):
        text = misspelt(text, kept, rng)
    if draws[2] < LOWER_START:
        text = _lower_start(text, kept)
    if text.endswith(".") and not text.endswith(".."):
        if draws[3] < NO_STOP:
            text = text[:-1]
        elif draws[3] < NO_STOP + EXCLAMATION:
            text = text[:-1] + "!"
    return text


def misspelt(text: str, kept: Iterable[str], rng: random.Random) -> str:
    """The text with two letters of a word swapped, or one left out; the word's ends stay."""
    spared = {*kept, *_DELICATE}
    found = [match for match in _WORD.finditer(text) if match.group() not in spared]
    if not found:
        return text
    match = rng.choice(found)
    word = match.group()
    place = rng.randrange(1, len(word) - 2)
    if rng.random() < 0.5 and word[place] != word[place + 1]:
        wrong = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    else:
        wrong = word[:place] + word[place + 1 :]
    return text[: match.start()] + wrong + text[match.end() :]


def _touchy(text: str) -> bool:
    """Whether the text quotes or shows something that a changed letter could be taken for."""
    return bool(_QUOTED.search(text) or _EXAMPLE.search(text) or re.search(r"\d", text))


def _lower_start(text: str, kept: set[str]) -> str:
    first = re.match(r"[\w'’]+", text)
    if not first or first.group().lower() in kept:
        return text
    if not re.fullmatch(r"[A-Z]['’]?[a-z'’]+", first.group()) or re.match(r"I['’]", text):
        return text
    return text[0].lower() + text[1:]
