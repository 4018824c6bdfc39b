"""Opens the tasks that a recipe asks for: a world of our own, or files in a published layout."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from t2l.config.tasks import AnyTasks, BehaviourTasks, FileTasks, LanguageTasks, Layout
from t2l.tasks.behaviours.replies import behaviour_tasks
from t2l.tasks.descriptions import DescriptionsError, read_descriptions
from t2l.tasks.folder import read_folder
from t2l.tasks.function_vectors import read_function_vectors
from t2l.tasks.instruction_induction import read_instruction_induction
from t2l.tasks.json_files import TaskFileError
from t2l.tasks.metadata import read_metadata
from t2l.tasks.overlap import without_overlap
from t2l.tasks.paper_split import split_as_in_paper
from t2l.tasks.procedural.world import procedural_tasks
from t2l.tasks.sides import GroupedTasks, joined, split_tasks
from t2l.tasks.sni import read_sni
from t2l.tasks.source import TaskSet
from t2l.tasks.written import Draft, finished

READERS: dict[Layout, Callable[[Path], tuple[Draft, ...]]] = {
    "folder": read_folder,
    "sni": read_sni,
    "function_vectors": read_function_vectors,
    "instruction_induction": read_instruction_induction,
    "metadata": read_metadata,
}


@cache
def open_tasks(config: AnyTasks) -> TaskSet:
    """The tasks of a recipe, split; the same ones for every caller.

    :raises ConfigError: for files that are missing or malformed.
    """
    if isinstance(config, FileTasks):
        return file_tasks(config)
    if isinstance(config, BehaviourTasks):
        where = Path(config.replies)
        return behaviour_tasks(where, config.pairs, config.seed, config.limit)
    if isinstance(config, LanguageTasks):
        return language_tasks(config)
    found = procedural_tasks(config.limit, config.seed)
    return TaskSet(found.train, found.selection, found.report, found.left_out)


def file_tasks(config: FileTasks) -> GroupedTasks:
    """Tasks of files.

    :raises TaskFileError: for files that are missing or malformed.
    """
    where = Path(config.where)
    if config.optional and not where.exists():
        return GroupedTasks((), (), ())
    more = _more_texts(config.texts)
    drafts = READERS[config.source](where)
    names = [draft.name for draft in drafts]
    for draft in drafts:
        if names.count(draft.name) > 1:
            raise TaskFileError(f"{draft.place}: there are two tasks {draft.name}; rename one")
    tasks = [
        finished(draft, config.group, more.get(draft.name, ()), config.longest) for draft in drafts
    ]
    if config.split == "text-to-lora":
        found = split_as_in_paper(tasks, config.group, config.limit)
    else:
        found = split_tasks(
            tasks, config.group, config.report, config.selection, config.seed, config.limit
        )
    return found if config.apart is None else without_overlap(found, config.apart)


def _more_texts(path: str | None) -> dict[str, tuple[str, ...]]:
    if path is None:
        return {}
    try:
        return {row.task: row.texts for row in read_descriptions(Path(path))}
    except DescriptionsError as error:
        raise TaskFileError(f"tasks.texts: {error}") from error


def language_tasks(config: LanguageTasks) -> GroupedTasks:
    """The world of language, and the public tasks that join in."""
    from t2l.tasks.language import world  # slow to import: dozens of tables

    found = world.language_tasks(config.limit, config.seed)
    ours = GroupedTasks(found.train, found.selection, found.report, groups=found.groups)
    return joined(ours, {one.group: file_tasks(one) for one in config.also})
