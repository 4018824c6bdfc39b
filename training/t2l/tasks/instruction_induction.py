"""Tasks of "Instruction Induction" (Honovich et al., 2022), with descriptions that people wrote.

    raw/induce/sum.json     {"examples": {"1": {"input": "22 10", "output": "32", ...}, ...}}
    raw/execute/sum.json    the same form: inputs to test with
    annotations/sum.json    {"annotations": ["sum the numbers in the input", ...]}

Two tasks have rows of their own form: cause and effect, whose two sentences come in either order,
and the common concept of some items.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from t2l.tasks.json_files import (
    TaskFileError,
    answers_of,
    files_below,
    object_of,
    read_json,
    text_of,
    texts_of,
)
from t2l.tasks.source import Sample
from t2l.tasks.written import Draft, stable_hash

FAMILY = "instruction induction"
# further right answers, in the order in which they count
_ACCEPTED = ("possible_outputs", "possible_translations", "all_common_concepts", "other_rhymes")


def read_instruction_induction(where: Path) -> tuple[Draft, ...]:
    """The tasks of a folder with `raw` and `annotations`.

    :raises TaskFileError: for a file that is not as the header of this file says.
    """
    paths = files_below(where, "raw/induce/*.json", "instruction induction's raw and annotations")
    return tuple(_read(where, path) for path in paths)


def _read(where: Path, path: Path) -> Draft:
    notes = where / "annotations" / path.name
    found = object_of(read_json(notes), str(notes))
    if "annotations" not in found:
        raise TaskFileError(f"{notes}: annotations is missing; it must be a list of descriptions")
    test = where / "raw" / "execute" / path.name
    return Draft(
        name=path.stem,
        family=FAMILY,
        place=str(path),
        examples=_examples(path),
        texts=texts_of(found["annotations"], "annotations", str(notes)),
        test=_examples(test) if test.exists() else (),
    )


def _examples(path: Path) -> tuple[Sample, ...]:
    found = object_of(read_json(path), str(path))
    if "examples" not in found:
        raise TaskFileError(f"{path}: examples is missing; it must be an object of examples")
    rows = object_of(found["examples"], f"{path}, examples")
    return tuple(_example(row, f"{path}, row {key}") for key, row in rows.items())


def _example(value: Any, place: str) -> Sample:
    row = object_of(value, place)
    if "cause" in row:
        return _cause(text_of(row, "cause", place), text_of(row, "effect", place))
    if "concept" in row:
        text = ", ".join(texts_of(row.get("items"), "items", place))
        answers = answers_of(row["concept"], "concept", place)
    else:
        text = text_of(row, "input", place)
        answers = answers_of(row.get("output"), "output", place)
    for key in _ACCEPTED:
        more = row.get(key, [])
        if isinstance(more, list):  # the published lists of translations have empty ones
            more = [text for text in more if text != ""]
        answers = (*answers, *texts_of(more, key, place))
    accepted = dict.fromkeys(answers[1:])
    accepted.pop(answers[0], None)
    return Sample(text, answers[0], tuple(accepted))


def _cause(cause: str, effect: str) -> Sample:
    """The sentences in an order that only their text decides; the answer is the cause."""
    pair = (cause, effect) if int(stable_hash(cause + effect)[0], 16) % 2 else (effect, cause)
    return Sample(f"Sentence 1: {pair[0]} Sentence 2: {pair[1]}", cause)
