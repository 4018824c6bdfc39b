"""Puts the report together: reads the results, writes their page, figures and a model card."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from t2l.config.recipe import Config
from t2l.report.beyond import beyond_base
from t2l.report.commands import Commands
from t2l.report.data import UNSEEN, read_results
from t2l.report.intro import intro
from t2l.report.markdown import paragraphs
from t2l.report.model_card import model_card, shipped_manifest
from t2l.report.page import Page
from t2l.report.sections import Edition, edition_of
from t2l.report.split_texts import with_others
from t2l.tasks.open import open_tasks

logger = logging.getLogger(__name__)

TRAINING = Path(__file__).resolve().parents[2]
DOCS = TRAINING.parent / "docs"
PREFIX = "t2l-"  # of bundles, which recipes are named without


def build_report(results: Path, out: Path, config: Config, recipe: Path | None = None) -> Path:
    """Write the page of results, and the model card of the bundle that ships.

    :param results: folder of results files, all of them optional.
    :param out: folder of the page and, below it, of its figures.
    :param config: of the recipe, which decides the sections (`sections.py`).
    :param recipe: its file, which commands name; by default the one that ships.
    :return: the page.
    """
    edition = edition_of(config)
    page = page_of(results, out, config, edition, recipe)
    (out / page.figures).mkdir(parents=True, exist_ok=True)
    path = out / page_name(config, edition)
    text = paragraphs(intro(page, results), *(section(page) for section in edition.sections))
    path.write_text(text + "\n", encoding="utf-8")
    shipped = shipped_manifest(config.assets_dir, config.bundle.name)
    if shipped is not None:
        words = replace(edition.card, results=path.name)
        card = model_card(*shipped, words, page.commands, page.splits)
        (out / f"{config.bundle.name}.md").write_text(card + "\n", encoding="utf-8")
    logger.info("wrote %s", path)
    return path


def page_of(
    results: Path, out: Path, config: Config, edition: Edition, recipe: Path | None = None
) -> Page:
    """Everything that the sections are written from.

    :param results: folder of results files.
    :param out: folder of the page.
    :param recipe: as in `build_report`.
    """
    everything = read_results(results, config.hypernetwork.variant, groups_of(config))
    apart = beyond_base(everything.split(UNSEEN)) if edition.tells_apart else ()
    return Page(
        results=everything.without(apart),
        out=out,
        config=config,
        commands=commands_of(config, edition, recipe),
        figures=f"figures-{recipe_name(config)}" if edition.suffixed else "figures",
        splits=with_others(edition.splits, (row.split for row in everything.main)),
        says_missing=edition.says_missing,
        everything=everything,
        apart=apart,
    )


def commands_of(config: Config, edition: Edition, recipe: Path | None) -> Commands:
    """The commands of the page, which name the recipe's file.

    :param recipe: the file; by default the one that ships is called after what it publishes.
    """
    if recipe is None:
        return Commands(recipe_name(config), edition.rebuild)
    rebuild = edition.rebuild if config.publish else None
    file = recipe.resolve()
    if file.parent == TRAINING / "configs" and file.suffix == ".yaml":
        return Commands(file.stem, rebuild)
    inside = file.is_relative_to(TRAINING)
    place = file.relative_to(TRAINING).as_posix() if inside else str(file)
    return Commands(file.stem, rebuild, place)


def page_name(config: Config, edition: Edition) -> str:
    """The page's file: `results.md`, or `results-smollm2.md`."""
    return f"results-{recipe_name(config)}.md" if edition.suffixed else "results.md"


def recipe_name(config: Config) -> str:
    """What a recipe is called: by the folder of its results, else after its bundle."""
    if isinstance(config.publish, str):
        return config.publish
    return config.bundle.name.removeprefix(PREFIX)


def groups_of(config: Config) -> Mapping[str, tuple[str, ...]]:
    """Names of unseen tasks by the way in which they are unseen, in the world of language."""
    if config.tasks.source != "language":
        return {}
    groups = getattr(open_tasks(config.tasks), "groups", {})
    return {group: tuple(task.name for task in tasks) for group, tasks in groups.items()}
