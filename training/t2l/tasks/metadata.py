"""Text-to-LoRA's own layout: descriptions and a prompt in `metadata.yaml`, examples beside it.

    tasks/boolq/metadata.yaml     descriptions: [...]
                                  user_prompt_template: "{passage}\\n\\nQuestion: {question}?"
                                  response_field: answer
    tasks/boolq/*.jsonl           {"passage": ..., "question": ..., "answer": true}

The files name a data set that is on the hub; here its rows lie beside them, as JSON lines with the
fields that the prompt has. `{task_def}`, the definition, is left out of the prompt: whether one
stands there is `template.definition`. So is what the reference puts at the beginning of an answer.
"""

from __future__ import annotations

import logging
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from t2l.tasks.json_files import (
    TaskFileError,
    answers_of,
    files_below,
    object_of,
    read_lines,
    read_text,
    text_of,
    texts_of,
)
from t2l.tasks.source import Sample
from t2l.tasks.written import Draft

logger = logging.getLogger(__name__)

FILE = "metadata.yaml"
DEFINITION = "task_def"
FAMILY = "text-to-lora"
WANTED = (
    f"a folder a task with {FILE}, as `git clone https://github.com/SakanaAI/text-to-lora` has in "
    "its folder tasks"
)


def read_metadata(where: Path) -> tuple[Draft, ...]:
    """The tasks below a folder that have examples; those that have none are named in the log.

    :raises TaskFileError: for a file that is not as the header of this file says, and if no task
        has examples.
    """
    drafts, without = [], []
    for path in files_below(where, f"*/{FILE}", WANTED):
        examples = sorted(path.parent.glob("*.jsonl"))
        if examples:
            drafts.append(_read(path, examples))
        else:
            without.append(path.parent.name)
    if not drafts:
        raise TaskFileError(
            f"{where}: no task has examples; put JSON lines with the prompt's fields beside "
            f"{FILE}, as {without[0]}/examples.jsonl, from the data set of the hub that its "
            "ds_kwargs name"
        )
    if without:
        logger.warning("%s: no examples, so left out: %s", where, ", ".join(without))
    return tuple(drafts)


def read_task_file(path: Path) -> dict[str, Any]:
    """What a task's `metadata.yaml` says.

    :raises TaskFileError: if it cannot be read, or is no YAML object.
    """
    try:
        values = yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        raise TaskFileError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    return object_of(values, str(path))


def _read(path: Path, examples: Sequence[Path]) -> Draft:
    task = read_task_file(path)
    if "descriptions" not in task:
        raise TaskFileError(f"{path}: descriptions is missing; it must be a list of texts")
    prompt = text_of(task, "user_prompt_template", str(path))
    field = text_of(task, "response_field", str(path))
    rows = [row for one in examples for row in read_lines(one)]
    definitions = [row[DEFINITION] for _, row in rows if isinstance(row.get(DEFINITION), str)]
    return Draft(
        name=path.parent.name,
        family=FAMILY,
        place=str(path),
        examples=tuple(_example(row, prompt, field, place) for place, row in rows),
        texts=texts_of(task["descriptions"], "descriptions", str(path)),
        definition=definitions[0] if definitions else None,
    )


def _example(row: dict[str, Any], prompt: str, field: str, place: str) -> Sample:
    if field not in row:
        raise TaskFileError(
            f"{place}: {field} is missing, which response_field says has the answer"
        )
    answers = answers_of(row[field], field, place)
    return Sample(fill(prompt, row, place), answers[0], answers[1:])


class _Fields(string.Formatter):
    """Fills in the fields of a row; a prompt can reach keys and places of it and nothing else."""

    def get_field(
        self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Any, str]:
        if "." in field_name:
            raise KeyError(field_name)
        value, used = super().get_field(field_name, args, kwargs)
        if isinstance(value, bool):
            value = str(value).lower()
        return value, str(used)


def fill(prompt: str, row: Mapping[str, Any], place: str) -> str:
    """A prompt with a row's fields filled in, and without the definition.

    :raises TaskFileError: if the row lacks a field.
    """
    try:
        text = _Fields().vformat(prompt, (), {**row, DEFINITION: ""}).strip()
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise TaskFileError(
            f"{place}: the prompt {prompt[:60]!r} cannot be filled in with its fields "
            f"{', '.join(row)}: {type(error).__name__} {error}"
        ) from error
    if not text:
        raise TaskFileError(f"{place}: the prompt is empty; give its fields a text")
    return text
