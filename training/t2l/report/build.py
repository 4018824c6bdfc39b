"""Puts the report together: reads the results, writes `results.md`, figures and a model card."""

import logging
from pathlib import Path

from t2l.config.recipe import Config
from t2l.report import commands
from t2l.report.bars import bars_section
from t2l.report.compression import compression_section
from t2l.report.data import Results, read_results
from t2l.report.families import families_section
from t2l.report.fit import fit_section
from t2l.report.flops_case import Case, mini_case, mistral_case
from t2l.report.flops_section import flops_section
from t2l.report.markdown import paragraphs
from t2l.report.model_card import model_card, shipped_manifest
from t2l.report.phrasings import phrasings_section
from t2l.report.splits import seeds_section, split_section
from t2l.report.strength import strength_section
from t2l.report.study_sections import studies_section
from t2l.report.training_runs import training_section
from t2l.report.vectors import vectors_section
from t2l.tasks.procedural.world import procedural_tasks

logger = logging.getLogger(__name__)

TRAINING = Path(__file__).resolve().parents[2]
RESULTS = TRAINING / "results"
DOCS = TRAINING.parent / "docs"
MISTRAL = TRAINING / "configs" / "targets" / "mistral-7b-instruct-v0.2.json"
SPLITS = ("report", "left_out", "seen")


def build_report(results: Path, out: Path, config: Config, target: Path = MISTRAL) -> Path:
    """Write the report, and the model card of the bundle that ships.

    :param results: folder of results files, all of them optional.
    :param out: folder of `results.md` and, below it, `figures`.
    :param config: of the run; names the shipped base model and the shape of its hypernetwork.
    :param target: target file of the larger base whose cost is compared.
    :return: the text file.
    """
    figures = out / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    tasks = procedural_tasks(config.tasks.limit, config.tasks.seed).report
    cases = (mini_case(config, tasks), mistral_case(config, target))
    path = out / "results.md"
    path.write_text(render(read_results(results), figures, cases) + "\n", encoding="utf-8")
    shipped = shipped_manifest(config.assets_dir, config.bundle.name)
    if shipped is not None:
        card = out / f"{config.bundle.name}.md"
        card.write_text(model_card(*shipped) + "\n", encoding="utf-8")
    logger.info("wrote %s", path)
    return path


def render(results: Results, figures: Path, cases: tuple[Case | None, ...]) -> str:
    """The text, all sections in order; figures are drawn on the way."""
    return paragraphs(
        "# Results",
        "Written by the command below from the files in `training/results`; no number in it was "
        "typed. Exact match is the share of questions whose whole answer is right under greedy "
        "decoding. Values are means over seeds for every task first, then over tasks, with 95% "
        "bootstrap intervals over tasks. Differences are paired by task.",
        f"```sh\n{commands.REPORT}\n```",
        bars_section(results),
        *(split_section(results, split, figures) for split in SPLITS),
        seeds_section(results),
        families_section(results),
        phrasings_section(),
        strength_section(results, figures),
        studies_section(results, figures),
        compression_section(results, figures),
        vectors_section(results, figures),
        fit_section(results, figures),
        flops_section(cases),
        training_section(results),
        "## What did not work",
        results.notes.strip() if results.notes else "Nothing is written down yet.",
    )
