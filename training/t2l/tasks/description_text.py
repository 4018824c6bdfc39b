"""The canonical form of a description, as `src/contract/description.ts` has it.

What reads the same must get the same adapter: characters that nobody sees are dropped, Unicode is
composed (NFC), outer white space is dropped and inner white space becomes one space. Case and
punctuation carry meaning and stay.
"""

from __future__ import annotations

import re
import unicodedata

MAX_DESCRIPTION_CHARACTERS = 2000  # as at the edge: more than any sentence encoder reads
# what JavaScript's \s matches, so that a text means the same here and at the edge, and characters
# of scripts that stand for an empty place
_WHITE = (
    "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
    "\u2800\U00013441\U00013442\U00016fe4\U0001d159"
)
# Unicode's Default_Ignorable_Code_Point, which fonts show nothing for, and marks of annotations
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)


def normalise_description(text: str) -> str:
    """The canonical form of a description: nothing invisible, NFC, inner white space one space.

    :raises ValueError: for a text that the endpoint would refuse too.
    """
    if not isinstance(text, str):
        raise ValueError(f"description must be a string, got {type(text).__name__}")
    seen = re.sub(f"[{_WHITE}]+", " ", re.sub(f"[{_INVISIBLE}]", "", text))
    text = re.sub(" +", " ", unicodedata.normalize("NFC", seen)).strip(" ")
    if not text:
        raise ValueError("description must say what the adapter is to do, in at least one letter")
    if len(text) > MAX_DESCRIPTION_CHARACTERS:
        raise ValueError(f"description must have at most {MAX_DESCRIPTION_CHARACTERS} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValueError("description must be well-formed Unicode without control characters")
    return text
