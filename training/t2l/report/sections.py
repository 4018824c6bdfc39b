"""Which sections a recipe's page of results has, in order: the one place that tells recipes apart.

    edition_of(config) -> MINI        t2l-mini: docs/results.md
                          LANGUAGE    the world of language: docs/results-smollm2.md
                          PLAIN       any other tasks or base model: no bars were set for them

A section is a function of the page and written once; what it says differently of another world of
tasks is given to it here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from t2l.config.recipe import Config
from t2l.report.bars import bars_section
from t2l.report.behaviours import behaviours_section
from t2l.report.beyond import beyond_section
from t2l.report.card_words import LANGUAGE_WORDS, MINI_WORDS, PLAIN_WORDS, CardWords
from t2l.report.compression import compression_section
from t2l.report.families import families_section
from t2l.report.fit import fit_section
from t2l.report.flops_case import cases_of
from t2l.report.flops_section import flops_section
from t2l.report.glance import glance_section
from t2l.report.guessing import guessing_section
from t2l.report.language_bars import LANGUAGE_BARS, LANGUAGE_BARS_TEXT
from t2l.report.mini_bars import MINI_BARS, MINI_BARS_TEXT
from t2l.report.notes import notes_section
from t2l.report.page import Page
from t2l.report.phrasings import phrasings_section
from t2l.report.split_texts import LANGUAGE_SPLITS, MINI_SPLITS, PLAIN_SPLITS, SplitText
from t2l.report.splits import seeds_section, split_sections
from t2l.report.strength import strength_section
from t2l.report.studies import MINI_STUDIES, OTHER_STUDIES
from t2l.report.study_sections import studies_section
from t2l.report.training_runs import training_section
from t2l.report.vectors import vectors_section

Section = Callable[[Page], str]


@dataclass(frozen=True)
class Edition:
    """What is told of one kind of recipe.

    :param sections: in order.
    :param splits: title and text of every split, in order.
    :param card: the words of the bundle's model card.
    :param says_missing: whether sections without data are shown.
    :param tells_apart: whether tasks that the base model can't do are reported apart.
    :param suffixed: whether page and figures have the recipe's name in theirs.
    :param rebuild: what makes the page, where that is not the stage alone.
    """

    sections: tuple[Section, ...]
    splits: Mapping[str, SplitText]
    card: CardWords
    says_missing: bool = False
    tells_apart: bool = False
    suffixed: bool = True
    rebuild: str | None = None


UNSEEN_AND_SEEN = ("report", "seen")
PROMPTED = ("zero_shot", "described_generously", "five_shot", "matched", "shuffled", "oracle")


def _families(page: Page) -> str:
    """Families of every split but the groups, which are parts of the unseen tasks."""
    splits = [name for name in page.splits if name not in page.results.groups]
    text = (
        "A family is the kinds of a task's steps, in order; public tasks have the families that "
        "their folders give them."
    )
    return families_section(page, text, PROMPTED, splits)


MINI = Edition(
    sections=(
        partial(bars_section, bars=MINI_BARS, text=MINI_BARS_TEXT),
        partial(split_sections, splits=("report", "left_out", "seen")),
        seeds_section,
        partial(
            families_section,
            text="A family is a domain with the kinds of a task's steps, in order.",
            conditions=("zero_shot", "three_shot", "matched", "shuffled", "oracle"),
            splits=("report", "left_out"),
        ),
        phrasings_section,
        strength_section,
        partial(studies_section, studies=MINI_STUDIES),
        compression_section,
        vectors_section,
        fit_section,
        lambda page: flops_section(page, cases_of(page.config)),
        partial(training_section, studies=MINI_STUDIES, command="study NAME"),
        notes_section,
    ),
    splits=MINI_SPLITS,
    card=MINI_WORDS,
    says_missing=True,
    suffixed=False,
    rebuild="training/run.sh results",
)

# Sections of every world but t2l-mini's; those without data leave themselves out.
_DETAILS: tuple[Section, ...] = (
    split_sections,
    seeds_section,
    _families,
    partial(strength_section, splits=UNSEEN_AND_SEEN),
    partial(studies_section, studies={}, others=OTHER_STUDIES),
    compression_section,
    fit_section,
    partial(training_section, studies={}),
    notes_section,
)

LANGUAGE = Edition(
    sections=(
        partial(bars_section, bars=LANGUAGE_BARS, text=LANGUAGE_BARS_TEXT),
        glance_section,
        guessing_section,
        behaviours_section,
        beyond_section,
        *_DETAILS,
    ),
    splits=LANGUAGE_SPLITS,
    card=LANGUAGE_WORDS,
    tells_apart=True,
)

PLAIN = Edition(
    sections=(glance_section, behaviours_section, beyond_section, *_DETAILS),
    splits=PLAIN_SPLITS,
    card=PLAIN_WORDS,
    tells_apart=True,
)


def edition_of(config: Config) -> Edition:
    """The edition for a recipe, which its tasks and its base model decide."""
    if config.tasks.source == "procedural" and config.base.kind == "mini":
        return MINI
    return LANGUAGE if config.tasks.source == "language" else PLAIN
