"""Fetches the rows that tasks in Text-to-LoRA's layout name, and writes them beside the tasks.

    tasks/lol_075/metadata.yaml   ds_kwargs: {path: Lots-of-LoRAs/task075_..., split: train}
    tasks/lol_075/examples.jsonl  {"task_def": ..., "problem": ..., "answer": [...]}   written here

`datasets` reads them, from the hub or from folders of the same names; training then needs neither.
A row of Lots-of-LoRAs is a whole prompt of Super-NaturalInstructions, with definition and examples;
the prompt of our layout wants its parts:

    Definition: ... Positive Example 1 - ... Now complete the following example - Input: ... Output:
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from t2l.tasks.json_files import TaskFileError, files_below, object_of, text_of
from t2l.tasks.metadata import FILE, WANTED, read_task_file
from t2l.tasks.paper_split import paper_split, reference_name

ROWS = "examples.jsonl"
KEYS = ("path", "name", "split")  # of `ds_kwargs`, which is passed on
FEWEST_CHOICES = 4  # that the prompt of ARC has places for
MISSING = (
    "the package datasets is not installed here: pip install -e 'training[datasets]', or take "
    "training/.venv-harness/bin/python, which has it"
)
Open = Callable[[Mapping[str, str]], Iterable[Mapping[str, Any]]]


def fetch_rows(where: Path, names: Sequence[str], open_rows: Open) -> dict[str, int]:
    """Write the rows of tasks that have none yet.

    :param where: folder of tasks.
    :param names: of some of them; none for those that the paper trains and selects on.
    :param open_rows: the data set that some `ds_kwargs` name.
    :return: how many rows each task got, by name, in the order of the names.
    :raises TaskFileError: for a task that there is not, or rows that are not of its layout.
    """
    folders = {path.parent.name: path.parent for path in files_below(where, f"*/{FILE}", WANTED)}
    unknown = [name for name in names if name not in folders]
    if unknown:
        raise TaskFileError(f"{where}: there is no task {unknown[0]}; it has {len(folders)} others")
    sides = paper_split()
    wanted = names or [
        name for name in folders if sides.get(reference_name(name)) in ("train", "selection")
    ]
    written = {}
    for name in wanted:
        if any(folders[name].glob("*.jsonl")):
            continue
        place = folders[name] / FILE
        rows = [
            fields_of(name, row, f"{place}, row {number} of its data set")
            for number, row in enumerate(open_rows(data_set_of(place)), start=1)
        ]
        if not rows:
            raise TaskFileError(f"{place}: the data set of its ds_kwargs has no rows")
        partial = folders[name] / "examples.partial"
        partial.write_text("".join(_line(row, place) for row in rows), encoding="utf-8")
        partial.replace(folders[name] / ROWS)
        written[name] = len(rows)
    return written


def _line(row: Mapping[str, Any], place: Path) -> str:
    try:
        return json.dumps(row, ensure_ascii=False) + "\n"
    except (TypeError, ValueError) as error:
        raise TaskFileError(f"{place}: a row of its data set is no JSON: {error}") from error


def data_set_of(path: Path) -> dict[str, str]:
    """What `datasets.load_dataset` is to be told for the task of a `metadata.yaml`.

    :raises TaskFileError: if the file does not say it.
    """
    task = read_task_file(path)
    if "ds_kwargs" not in task:
        raise TaskFileError(f"{path}: ds_kwargs is missing; it names a data set of the hub")
    given = object_of(task["ds_kwargs"], f"{path}, ds_kwargs")
    beyond = [key for key in given if key not in KEYS]
    if beyond:
        raise TaskFileError(f"{path}: ds_kwargs has {beyond[0]}; it may have {', '.join(KEYS)}")
    for key in ("path", "split"):
        text_of(given, key, f"{path}, ds_kwargs")
    return {key: str(value) for key, value in given.items()}


def fields_of(name: str, row: Mapping[str, Any], place: str) -> dict[str, Any]:
    """A row of a task's data set with the fields of the task's prompt, as the reference makes them.

    :raises TaskFileError: for a row of Lots-of-LoRAs that is no prompt, or one that lacks what its
        benchmark's rows have.
    """
    fields = dict(object_of(row, place))
    if name.startswith("lol_"):
        return lots_of_loras(fields, place)
    if name.startswith("arc_"):
        fields["choices"] = four_choices(fields.get("choices"), place)
    if name.startswith("mbpp"):
        tests = fields.get("test_list")
        if not isinstance(tests, list) or not all(isinstance(one, str) for one in tests):
            raise TaskFileError(f"{place}: test_list must be a list of assertions, got {tests!r}")
        fields["assertions"] = "\n".join(tests)
    return fields


def lots_of_loras(row: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Definition, input and answers of a prompt of Super-NaturalInstructions; any answer is right.

    :raises TaskFileError: for something else.
    """
    text = row.get("input")
    parts = text if isinstance(text, str) else ""
    head, found, asked = parts.partition("Now complete the following example -")
    definition = head.removeprefix("Definition: ").partition("\n\nPositive Example")[0].strip()
    _, has_input, problem = asked.partition("Input: ")
    if not (found and has_input and definition and row.get("output")):
        raise TaskFileError(
            f"{place}: a row of Lots-of-LoRAs has an output and an input like 'Definition: ... Now "
            f"complete the following example - Input: ... Output:', got {parts[:60]!r}"
        )
    return {
        "task_def": definition,
        "problem": problem.rstrip().removesuffix("Output:").rstrip(),
        "answer": row["output"],
    }


def four_choices(choices: Any, place: str) -> dict[str, list[str]]:
    """The choices of a question of ARC, which has three now and then, filled up to four.

    :raises TaskFileError: for something else.
    """
    given: Mapping[str, Any] = choices if isinstance(choices, Mapping) else {}
    labels: list[str] = list(given.get("label") or ())
    texts: list[str] = list(given.get("text") or ())
    if not labels or len(labels) != len(texts) or not all(isinstance(one, str) for one in labels):
        raise TaskFileError(
            f"{place}: choices must have as many of label as of text, one or more, got {choices!r}"
        )
    for number in range(len(labels), FEWEST_CHOICES):
        labels.append(str(number + 1) if labels[0].isdigit() else "ABCD"[number])
        texts.append("N/A")
    return {"label": labels, "text": texts}


def from_hub(given: Mapping[str, str]) -> Iterable[Mapping[str, Any]]:
    """A data set of the hub.

    :raises TaskFileError: if it cannot be had, or `datasets` is not installed.
    """
    return _loaded({**given}, given["path"])


def from_folder(root: Path) -> Open:
    """Data sets from folders that are called as on the hub: ROOT/task075_..., with their files.

    :param root: they lie in it.
    """

    def open_rows(given: Mapping[str, str]) -> Iterable[Mapping[str, Any]]:
        folder = root / given["path"].rpartition("/")[2]
        if not folder.is_dir():
            raise TaskFileError(f"{folder}: no such folder, for the data set {given['path']}")
        return _loaded({"path": str(folder), "split": given["split"]}, str(folder))

    return open_rows


def _loaded(arguments: Mapping[str, str], what: str) -> Iterable[Mapping[str, Any]]:
    try:
        load = import_module("datasets").load_dataset
        broken = import_module("datasets.exceptions").DatasetGenerationError  # a plain Exception
    except ModuleNotFoundError:
        raise TaskFileError(MISSING) from None
    try:
        return load(**arguments)
    except (OSError, ValueError, RuntimeError, broken) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise TaskFileError(f"the data set {what} cannot be had: {reason}") from error
