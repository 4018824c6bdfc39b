"""A description is read as the edge reads it, and one that says nothing is refused."""

from typing import Any

import pytest

from t2l.tasks.description_text import normalise_description


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("  Sort \t\n the\u00a0words.\ufeff", "Sort the words."),
        ("cafe\u0301", "caf\u00e9"),
        ("Reverse\u200b the\u200d list\ufeff", "Reverse the list"),
        ("\u202eReverse the list\u202c", "Reverse the list"),
        ("Re\u00adverse the list\U000e0049\U000e007f", "Reverse the list"),
        ("Reverse\u180e \u2060the\ufe0f list", "Reverse the list"),
        ("cafe\u200d\u0301", "caf\u00e9"),
    ],
)
def test_a_description_is_read_as_the_edge_reads_it(text: str, wanted: str) -> None:
    assert normalise_description(text) == wanted


@pytest.mark.parametrize(
    ("description", "message"),
    [
        (" \n\u00a0", "at least one letter"),
        ("\u2800 \u200b\u3164\U000e0041", "at least one letter"),
        ("a" * 2001, "at most 2000"),
        ("a\u0000b", "control characters"),
        (7, "must be a string, got int"),
    ],
)
def test_a_description_that_says_nothing_is_refused(description: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        normalise_description(description)
