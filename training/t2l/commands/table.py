"""Every stage and command: its sentence in the help, and where what it does and takes is defined.

Places are text, "module:function", and are imported when the command line has named one: all of
them together bring PyTorch, transformers and scikit-learn, which help and a refusal do without.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

_OPTIONS = "t2l.commands.stage_options"


@dataclass(frozen=True)
class Stage:
    """Part of a run: called with the configuration, and with what else was given by name.

    :param help: first line of the function's docstring.
    :param place: "module:function".
    :param options: the function that adds its options.
    :param needs_base: False if it touches neither tasks nor base model, which are then not checked.
    :param names_recipe: whether it is told the recipe's file too, as `recipe`.
    """

    help: str
    place: str
    options: str = f"{_OPTIONS}:add_config"
    needs_base: bool = True
    names_recipe: bool = False


@dataclass(frozen=True)
class Tool:
    """Something beside a run: called with what was parsed.

    :param help: first line of the docstring of `run`.
    :param module: has `add_options` and `run`.
    """

    help: str
    module: str

    @property
    def place(self) -> str:
        """The function that does it."""
        return f"{self.module}:run"

    @property
    def options(self) -> str:
        """The function that adds its options."""
        return f"{self.module}:add_options"


COMMANDS: dict[str, Stage | Tool] = {
    "adopt": Stage(
        "Begin the run with the base model and the encoder that ship.",
        "t2l.mini.adopt:adopt",
        needs_base=False,
    ),
    "base": Stage(
        "Train the tiny base model; any other is used as it is.", "t2l.commands.train_stages:base"
    ),
    "encoder": Stage(
        "Tune the sentence encoder, if it is a tuned one that is asked for and none ships yet.",
        "t2l.commands.encoder_stage:encoder",
    ),
    "encode": Stage(
        "Encode every training description once; later stages find the vectors on disk.",
        "t2l.commands.train_stages:encode",
    ),
    "sft": Stage(
        "Meta-train the hypernetwork of every training seed through the frozen base model.",
        "t2l.commands.train_stages:sft",
    ),
    "oracles": Stage(
        "Train a LoRA for the unseen tasks of the report, or some of them, and some training "
        "tasks.",
        "t2l.commands.train_stages:oracles",
        f"{_OPTIONS}:add_oracles",
    ),
    "reconstruction": Stage(
        "Train S, M and L to reproduce the oracles; measure each as a compression of them.",
        "t2l.commands.train_stages:reconstruction",
    ),
    "baselines": Stage(
        "Train the baselines that are one network for all tasks.",
        "t2l.commands.train_stages:baselines",
    ),
    "evaluate": Stage(
        "Measure every training seed with its controls and baselines; writes `evaluation.json`.",
        "t2l.commands.evaluate_stages:evaluate",
        f"{_OPTIONS}:add_evaluate",
    ),
    "replies": Stage(
        "Write down what the base model says when it is told of each behaviour.",
        "t2l.commands.behaviour_stages:replies",
        needs_base=False,
    ),
    "behaviours": Stage(
        "Measure how far adapters are from the base model that is told of unseen behaviours.",
        "t2l.commands.behaviour_stages:behaviours",
    ),
    "vectors": Stage(
        "Write vectors of descriptions and adapters, for the report's maps.",
        "t2l.commands.evaluate_stages:vectors",
    ),
    "export": Stage(
        "Write base model, graph, bundle and demo tasks under the assets folder.",
        "t2l.commands.ship:export",
        f"{_OPTIONS}:add_export",
    ),
    "report": Stage(
        "Make the results page and its figures: in `docs` for the recipe that ships.",
        "t2l.commands.evaluate_stages:report",
        needs_base=False,
        names_recipe=True,
    ),
    "all": Stage(
        "All stages in order; what is finished is not done again.",
        "t2l.commands.stages:everything",
        needs_base=False,  # it checks them itself, once it knows that it is for such tasks
    ),
    "refit": Stage(
        "Measure the fit of a bundle anew and write its next version.",
        "t2l.commands.refit:refit",
        f"{_OPTIONS}:add_refit",
    ),
    "study": Stage(
        "Train and measure the variants of a study.",
        "t2l.commands.evaluate_stages:study",
        f"{_OPTIONS}:add_study",
    ),
    "target": Tool(
        "Write a target spec from a model's config.json, or list the shipped ones.",
        "t2l.commands.target",
    ),
    "import-sakana": Tool("Make a bundle of a released checkpoint.", "t2l.sakana.command"),
    "bridge": Tool("Give a bundle another encoder.", "t2l.bridge.command"),
    "descriptions": Tool("Write the training tasks' descriptions.", "t2l.commands.descriptions"),
    "plan": Tool(
        "Say what memory and time a recipe takes, before anything starts.", "t2l.commands.plan"
    ),
    "rows": Tool(
        "Fetch the examples of published tasks, for the source `metadata`.",
        "t2l.commands.rows",
    ),
    "bench": Tool(
        "Measure what a step of meta-training costs beside the least that it could.",
        "t2l.commands.bench.command",
    ),
    "harness": Tool(
        "Score a bundle's adapters and their controls on published benchmarks.",
        "t2l.commands.harness",
    ),
    "map": Tool("Draw a bundle's training tasks in two dimensions.", "t2l.commands.task_map"),
}


def imported(place: str) -> Callable[..., Any]:
    """The function at a place of the table."""
    module, name = place.split(":")
    return getattr(import_module(module), name)
