"""A task that somebody wrote down: a finite table of examples, and descriptions, if it has any.

    rows           sha256 of the input decides between train and test, on every machine
    descriptions   wordings that differ by more than case and punctuation are split between
                   train, selection and held_out

So no test input is trained on, and nothing is measured in words that were trained on. A task with
fewer than three wordings cannot be split: it has the same ones in every split, which is honest only
where no training sees the task.
"""

from __future__ import annotations

import hashlib
import logging
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from t2l.tasks.description_text import MAX_DESCRIPTION_CHARACTERS, normalise_description
from t2l.tasks.json_files import TaskFileError
from t2l.tasks.language.parts import part_of
from t2l.tasks.source import Part, Sample, Split

logger = logging.getLogger(__name__)

HELD_OUT_SHARE = 0.25  # of the wordings of a task
SELECTION_SHARE = 0.125
FEWEST_WORDINGS = 3  # that can be split in three


@dataclass(frozen=True)
class Draft:
    """What a file says of a task, before it is split.

    :param name: stable identifier; unique in its source.
    :param family: what kind of task it is.
    :param place: where it stands, for messages.
    :param examples: in the order of the file.
    :param texts: descriptions.
    :param definition: what may stand in a prompt (`template.definition`), if the source has it.
    :param test: further examples that are for test alone, where the source says which are.
    """

    name: str
    family: str
    place: str
    examples: tuple[Sample, ...]
    texts: tuple[str, ...] = ()
    definition: str | None = None
    test: tuple[Sample, ...] = ()


@dataclass(frozen=True, eq=False)
class WrittenTask:
    """A task with its rows and wordings, split."""

    name: str
    family: str
    definition: str | None
    rows: Mapping[Part, tuple[Sample, ...]]
    texts: Mapping[Split, tuple[str, ...]]

    def sample(self, rng: random.Random, part: Part = "train") -> Sample:
        """A random row of a part."""
        return rng.choice(self.rows[part])

    def descriptions(self, split: Split, count: int, seed: int) -> tuple[str, ...]:
        """Up to `count` distinct descriptions, in a seeded order."""
        texts = self.texts[split]
        rng = random.Random(f"{self.name}|{split}|{seed}")
        return tuple(rng.sample(texts, min(count, len(texts))))


def finished(
    draft: Draft, group: str, more_texts: Sequence[str] = (), longest: int | None = None
) -> WrittenTask:
    """The task of a draft, split.

    :param group: what the tasks of its source are called; it begins the task's name.
    :param more_texts: descriptions from elsewhere.
    :param longest: most characters of an example, input and answer together.
    :raises TaskFileError: if it has too few examples, or no description.
    """
    texts = tuple(_usable((*draft.texts, *more_texts), draft.place))
    if not texts:
        raise TaskFileError(
            f"{draft.place}: task {draft.name} has no description; give some in a file of JSON "
            'lines {"task": ..., "descriptions": [...]} and name it as tasks.texts'
        )
    return WrittenTask(
        name=f"{group}/{draft.name}",
        family=draft.family,
        definition=draft.definition,
        rows=_rows(draft, longest),
        texts=split_texts(texts),
    )


def _rows(draft: Draft, longest: int | None) -> dict[Part, tuple[Sample, ...]]:
    own, apart = (_joined(rows, longest) for rows in (draft.examples, draft.test))
    if apart:
        known = {sample.input for sample in apart}
        train = [sample for sample in own if sample.input not in known]
        test = list(apart)
    else:
        train = [sample for sample in own if part_of(sample.input) == "train"]
        test = [sample for sample in own if part_of(sample.input) == "test"]
        for full, empty in ((train, test), (test, train)):
            if not empty and len(full) > 1:
                empty.append(full.pop(full.index(min(full, key=_hash_of_input))))
    if not train or not test:
        shorter = "" if longest is None else f" of at most {longest} characters (tasks.longest)"
        raise TaskFileError(
            f"{draft.place}: task {draft.name} has {len(own) + len(apart)} different inputs"
            f"{shorter}; it needs one to train and one to test with"
        )
    return {"train": tuple(train), "test": tuple(test)}


def _joined(samples: Sequence[Sample], longest: int | None) -> list[Sample]:
    """One row an input: what other rows answer to it counts as right too."""
    found: dict[str, dict[str, None]] = {}
    for sample in samples:
        if longest is None or len(sample.input) + len(sample.output) <= longest:
            found.setdefault(sample.input, {}).update(dict.fromkeys(sample.answers))
    return [Sample(text, *_taught(tuple(answers))) for text, answers in found.items()]


def _taught(answers: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    return answers[0], answers[1:]


def _hash_of_input(sample: Sample) -> str:
    return stable_hash(sample.input)


def stable_hash(text: str) -> str:
    """The same digits for a text on every machine."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _usable(texts: Sequence[str], place: str) -> list[str]:
    """Descriptions in their canonical form, without those that no encoder could read."""
    found = []
    for text in texts:
        try:
            found.append(normalise_description(text))
        except ValueError as error:
            if len(text) <= MAX_DESCRIPTION_CHARACTERS:
                raise TaskFileError(f"{place}: {error}") from error
            logger.warning("%s: a description of %d characters is left out", place, len(text))
    return found


def split_texts(texts: Sequence[str]) -> dict[Split, tuple[str, ...]]:
    """Descriptions by split, so that splits share no wording."""
    wordings: dict[str, list[str]] = {}
    for text in dict.fromkeys(texts):
        wordings.setdefault(_wording(text), []).append(text)
    if len(wordings) < FEWEST_WORDINGS:
        every = tuple(dict.fromkeys(texts))
        return {"train": every, "selection": every, "held_out": every}
    ordered = sorted(wordings, key=stable_hash)
    held_out = max(1, round(HELD_OUT_SHARE * len(ordered)))
    selection = max(1, round(SELECTION_SHARE * len(ordered)))
    sides: dict[Split, list[str]] = {
        "held_out": ordered[:held_out],
        "selection": ordered[held_out : held_out + selection],
        "train": ordered[held_out + selection :],
    }
    return {
        split: tuple(text for key in keys for text in wordings[key])
        for split, keys in sides.items()
    }


def _wording(text: str) -> str:
    """What two texts share that differ in case and punctuation alone."""
    return " ".join(re.findall(r"\w+", text.casefold())) or text
