"""How a page of results begins: what it is about, what is counted, and what made it."""

from pathlib import Path

from t2l.base.outputs import title_of
from t2l.config.recipe import TargetConfig
from t2l.report.markdown import listed, paragraphs
from t2l.report.page import Page

REPOSITORY = Path(__file__).resolve().parents[3]


def intro(page: Page, results: Path) -> str:
    """Heading, method and command.

    :param results: the folder that the page is made from.
    """
    config = page.config
    told = (
        ", in which outer white space and the case of letters do not count"
        if config.template.kind == "chat"
        else ""
    )
    return paragraphs(
        *_subject(page),
        f"Written by the command below from the files in `{_place(results)}`; no number in it was "
        f"typed{_but_notes(page)}. Exact match is the share of questions whose whole answer is "
        f"right under greedy decoding{told}. Values are means over seeds for every task "
        "first, then over tasks, with 95% bootstrap intervals over tasks. Differences are "
        "paired by task.",
        f"```sh\n{page.commands.report}\n```",
    )


def _but_notes(page: Page) -> str:
    """The exception to that, on a page that has notes (`notes.py`)."""
    return ", except in the notes [at its end](#what-did-not-work)" if page.results.notes else ""


def _subject(page: Page) -> tuple[str, ...]:
    """The heading, and what base model the adapters are for if it is not t2l-mini's."""
    base, target = page.config.base, page.config.target
    if base.kind == "mini":
        return ("# Results",)
    return (
        f"# Results of {page.config.bundle.name}",
        f"Adapters for `{base.id or base.where}`: {_kind(target)} on "
        f"{listed([f'`{name}`' for name in target.modules])}, made from a task's description by "
        f"a hypernetwork of variant {page.config.hypernetwork.variant}. The adapted model sees "
        "only the input, unless a condition says otherwise.",
    )


def _kind(target: TargetConfig) -> str:
    """What kind of adapters they are, as far as it is not plain."""
    if target.output == "ia3":
        return title_of(target.output)
    kind = "" if target.output == "lora" else f"{title_of(target.output)}, "
    return f"{kind}rank {target.rank}"


def _place(results: Path) -> str:
    """The folder as a reader of the repository finds it."""
    found = results.resolve()
    if found.is_relative_to(REPOSITORY):
        return found.relative_to(REPOSITORY).as_posix()
    return found.name
