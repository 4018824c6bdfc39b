"""Which tasks there are: a world of our own, or files in a layout in which tasks are published.

tasks: {source: procedural}                      t2l-mini's: rearranging three or four items
tasks: {source: language}                        real words and sentences
tasks: {source: behaviours, replies: FILE}       how to answer, whatever is asked
tasks: {source: sni, where: FOLDER}              files; also folder, function_vectors,
                                                 instruction_induction and metadata
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag
from pydantic.dataclasses import dataclass

from t2l.config.fields import STRICT, Count, Natural, Share, Text, require_distinct

Layout = Literal["folder", "sni", "function_vectors", "instruction_induction", "metadata"]
LAYOUTS: tuple[Layout, ...] = (
    "folder",
    "sni",
    "function_vectors",
    "instruction_induction",
    "metadata",
)
SOURCES = ("procedural", "language", "behaviours", *LAYOUTS)


@dataclass(frozen=True, config=STRICT)
class TasksConfig:
    """The procedural tasks.

    :param limit: about how many tasks to keep, or None for all.
    :param seed: of the choice of compositions and of the split.
    :param descriptions: training descriptions per task, encoded once.
    :param wider: further compositions of each shape that the hypernetwork trains on, at most.
    :param wider_descriptions: training descriptions of each of them.
    """

    source: Literal["procedural"] = "procedural"
    limit: Count | None = None
    seed: Natural = 0
    descriptions: Count = 16
    wider: Natural = 200
    wider_descriptions: Count = 4


@dataclass(frozen=True, config=STRICT)
class FileTasks:
    """Tasks in files that others wrote (`tasks/folder.py` and its neighbours say in which form).

    :param source: the files' layout.
    :param where: the folder they lie in, whose name begins the tasks' names; a relative one counts
        from the configuration file.
    :param limit: how many tasks to keep, or None for all.
    :param seed: of the split; a task's side follows from its name and this number.
    :param descriptions: training descriptions per task, encoded once.
    :param texts: JSON lines of more descriptions (`tasks/descriptions.py`), for files without.
    :param longest: most characters of an example, input and answer together; None for all.
    :param split: `text-to-lora` for the paper's own, by the tasks' names; then `report` and
        `selection` count for nothing, and `limit` is of training tasks.
    :param apart: words in a row that no training example may share with one of the report's; None
        for no such rule.
    :param report: share of the tasks that the report measures, unseen; 1 trains on none.
    :param selection: share of the tasks that recipes are chosen with, unseen.
    :param optional: whether the folder may be missing; the tasks then are none.
    """

    source: Layout
    where: Text
    limit: Count | None = None
    seed: Natural = 0
    descriptions: Count = 32
    texts: Text | None = None
    longest: Count | None = None
    split: Literal["text-to-lora"] | None = None
    apart: Count | None = None
    report: Share = 0.2
    selection: Share = 0.1
    optional: bool = False

    def __post_init__(self) -> None:
        if self.report + self.selection > 1:
            raise ValueError(
                f"report {self.report} and selection {self.selection} are more than all tasks; "
                "make them at most 1 together"
            )

    @property
    def group(self) -> str:
        """What the tasks are called together: their folder's name."""
        return PurePath(self.where).name


@dataclass(frozen=True, config=STRICT)
class LanguageTasks:
    """The world of language (`tasks/language`).

    :param limit: about how many tasks to keep, or None for all.
    :param seed: of the compositions and of the split.
    :param descriptions: training descriptions per task, encoded once.
    :param also: public tasks that join in; what they give the report is measured apart.
    """

    source: Literal["language"] = "language"
    limit: Count | None = None
    seed: Natural = 0
    descriptions: Count = 32
    also: tuple[FileTasks, ...] = ()

    def __post_init__(self) -> None:
        if self.also:
            require_distinct("also", [one.group for one in self.also])


@dataclass(frozen=True, config=STRICT)
class BehaviourTasks:
    """Behaviours (`tasks/behaviours`), learned from what the base model says when it is told.

    :param replies: where the `replies` stage keeps what it says; a relative path counts from the
        configuration file.
    :param pairs: how many pairs of behaviours to train on, at most.
    :param asked: replies of each behaviour to train on.
    :param tested: replies of each behaviour to questions that no training sees.
    :param longest: most tokens of a reply.
    :param limit: about how many behaviours to keep, or None for all.
    :param seed: of the pairs and of the questions.
    :param descriptions: training descriptions per behaviour, encoded once.
    """

    source: Literal["behaviours"]
    replies: Text
    pairs: Natural = 300
    asked: Count = 16
    tested: Count = 6
    longest: Count = 40
    limit: Count | None = None
    seed: Natural = 0
    descriptions: Count = 16


def _source_of(value: Any) -> str | None:
    if isinstance(value, dict):
        source = value.get("source", "procedural")
    else:
        source = getattr(value, "source", None)
    return "file" if source in LAYOUTS else source


AnyTasks = Annotated[
    Annotated[TasksConfig, Tag("procedural")]
    | Annotated[LanguageTasks, Tag("language")]
    | Annotated[BehaviourTasks, Tag("behaviours")]
    | Annotated[FileTasks, Tag("file")],
    Discriminator(_source_of),
]
