"""How new the wordings are that nothing was trained on, measured on the phrase books themselves.

A held-out description shares no phrase and no frame with training, but people have only so many
words for one thing. This section says how near the nearest training phrase of the same step is, so
that "unseen phrasing" is a number and not a promise.
"""

import re
from dataclasses import dataclass
from statistics import fmean

from t2l.report.markdown import count, made_with, paragraphs, percent, table
from t2l.report.page import Page
from t2l.tasks.procedural.domain import Domain
from t2l.tasks.procedural.operation import Operation
from t2l.tasks.procedural.phrases import frames
from t2l.tasks.procedural.registry import DOMAINS
from t2l.tasks.source import Split

SPLITS: tuple[Split, ...] = ("train", "selection", "held_out")
STEPS = (1, 2, 3)


@dataclass(frozen=True)
class Newness:
    """What one split's phrases share with the training phrases of their steps.

    :param patterns: phrase patterns of all steps together.
    :param frames: sentence frames for all numbers of steps together.
    :param nearest: mean Jaccard similarity of a phrase's words and its nearest training phrase's.
    :param new_words: mean share of a phrase's words that no training phrase of its step has.
    """

    patterns: int
    frames: int
    nearest: float | None
    new_words: float | None


def words_of(phrase: str) -> frozenset[str]:
    """The words of a phrase, in lower case."""
    return frozenset(re.findall(r"[\w'*+-]+", phrase.lower()))


def newness(split: Split) -> Newness:
    """Measure one split against training."""
    keys: set[tuple[str, str]] = set()
    patterns = 0
    nearest, new_words = [], []
    for name, domain in DOMAINS.items():
        for step in domain.operations:
            key = (name, step.key or step.name)
            if key in keys:
                continue
            keys.add(key)
            patterns += len(domain.patterns(step, split))
            if split != "train":
                near, new = _against_training(domain, step, split)
                nearest += near
                new_words += new
    return Newness(
        patterns,
        sum(len(frames(steps, split)) for steps in STEPS),
        fmean(nearest) if nearest else None,
        fmean(new_words) if new_words else None,
    )


def _against_training(
    domain: Domain, step: Operation, split: Split
) -> tuple[list[float], list[float]]:
    """Both measures of every phrase of a step."""
    known = [words_of(phrase) for phrase in domain.phrases(step, "train")]
    vocabulary = frozenset().union(*known)
    near, new = [], []
    for phrase in domain.phrases(step, split):
        ours = words_of(phrase)
        near.append(max(len(ours & other) / len(ours | other) for other in known))
        new.append(len(ours - vocabulary) / len(ours))
    return near, new


def phrasings_section(page: Page) -> str:
    """The table of the splits."""
    found = {split: newness(split) for split in SPLITS}
    lines = [
        (
            f"`{split}`",
            count(row.patterns),
            count(row.frames),
            "–" if row.nearest is None else f"{row.nearest:.2f}",
            percent(row.new_words),
        )
        for split, row in found.items()
    ]
    header = (
        "split",
        "phrase patterns of all steps",
        "sentence frames",
        "similarity to the nearest training phrase of the step",
        "words that no training phrase of the step has",
    )
    return paragraphs(
        "## How new the wordings are",
        "No phrase and no frame is in two splits. Training has very many phrases, so most single "
        "words of a held-out phrase have been seen with its step; what is new is the phrase, the "
        "frame and, on unseen tasks, their combination. The similarity is Jaccard's, of the sets "
        "of words: 1 would be the same words.",
        table(header, lines),
        made_with(page.commands.report),
    )
