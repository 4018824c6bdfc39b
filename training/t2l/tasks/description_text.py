"""The canonical form of a description, as `src/description.ts` has it.

What reads the same must get the same adapter: Unicode is composed (NFC), outer white space is
dropped and inner white space becomes one space. Case and punctuation carry meaning and stay.
"""

from __future__ import annotations

import re
import unicodedata

MAX_DESCRIPTION_CHARACTERS = 2000  # as at the edge: more than any sentence encoder reads
# what JavaScript's \s matches, so that a text means the same here and at the edge
_WHITE = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"


def normalise_description(text: str) -> str:
    """The canonical form of a description: NFC, trimmed, inner white space one space.

    :raises ValueError: for a text that the endpoint would refuse too.
    """
    if not isinstance(text, str):
        raise ValueError(f"description must be a string, got {type(text).__name__}")
    text = re.sub(f"[{_WHITE}]+", " ", unicodedata.normalize("NFC", text)).strip(" ")
    if not text:
        raise ValueError("description must say what the adapter is to do, in at least one letter")
    if len(text) > MAX_DESCRIPTION_CHARACTERS:
        raise ValueError(f"description must have at most {MAX_DESCRIPTION_CHARACTERS} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValueError("description must be well-formed Unicode without control characters")
    return text
