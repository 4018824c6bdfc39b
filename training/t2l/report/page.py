"""One page of results as its sections see it: what was measured, and where text and figures go.

    section(page) -> Markdown, or "" for a section that the page does without

Everything that two recipes' pages differ in comes from here or from `sections.py`, so that a
section is written once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from t2l.config.recipe import Config
from t2l.report.commands import Commands
from t2l.report.data import Results
from t2l.report.markdown import missing, paragraphs
from t2l.report.split_texts import MINI_SPLITS, SplitText


@dataclass(frozen=True)
class Page:
    """A page that is being written.

    :param results: what the tables are about.
    :param out: folder of the page.
    :param config: of the recipe.
    :param commands: of the recipe.
    :param figures: folder of the figures, below `out`.
    :param splits: title and text of every split, in order.
    :param says_missing: whether a section without data is shown, with the command that makes it.
    :param everything: the results with the tasks that are reported apart; the same where none are.
    :param apart: the names of those tasks.
    """

    results: Results
    out: Path
    config: Config
    commands: Commands = Commands()
    figures: str = "figures"
    splits: Mapping[str, SplitText] = field(default_factory=lambda: MINI_SPLITS)
    says_missing: bool = True
    everything: Results | None = None
    apart: tuple[str, ...] = ()

    def drawing(self, name: str) -> Path:
        """Where a figure is drawn."""
        return self.out / self.figures / f"{name}.svg"

    def figure(self, name: str, caption: str) -> str:
        """A figure in the text."""
        return f"![{caption}]({self.figures}/{name}.svg)"

    def absent(self, command: str, *head: str) -> str:
        """A section that has no data: left out, or its heading with what would make the data."""
        return paragraphs(*head, missing(command)) if self.says_missing else ""
