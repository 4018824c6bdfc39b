"""The commands that make the report's data, in one place; the report prints them."""

import shlex
from dataclasses import dataclass

STAGE = "cd training && .venv/bin/python -m t2l {stage} --config {file}"


@dataclass(frozen=True)
class Commands:
    """What is run, from the root of the repository, for one recipe.

    :param recipe: its configuration's name.
    :param rebuild: what makes the page, where that is not the stage alone.
    :param file: the configuration, from `training`, where it is not in `configs`.
    """

    recipe: str = "mini"
    rebuild: str | None = None
    file: str | None = None

    def stage(self, name: str) -> str:
        """How one stage is run.

        :param name: the stage with its arguments, if it has any.
        """
        file = shlex.quote(self.file or f"configs/{self.recipe}.yaml")
        return STAGE.format(stage=name, file=file)

    def study(self, name: str) -> str:
        """The command of one study."""
        return self.stage(f"study {name}")

    @property
    def main(self) -> str:
        """What measures all conditions."""
        return self.stage("evaluate")

    @property
    def report(self) -> str:
        """What makes the page itself."""
        return self.rebuild or self.stage("report")

    @property
    def all(self) -> str:
        """What makes everything, from nothing."""
        return self.stage("all") if self.file else f"training/run.sh {self.recipe}"
