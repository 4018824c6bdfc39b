"""Turns what pydantic finds wrong into sentences for whoever wrote the file.

sft.steps must be at least 0, got -5
sft.stepz is no key of sft; did you mean steps?
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from t2l.config import base, tasks, template
from t2l.config.config import Config

Place = tuple[int | str, ...]
_TAGS: dict[str, dict[str, type]] = {  # part -> the tag that pydantic puts after it -> its class
    "tasks": {
        "procedural": tasks.TasksConfig,
        "language": tasks.LanguageTasks,
        "behaviours": tasks.BehaviourTasks,
        "file": tasks.FileTasks,
    },
    "base": {"mini": base.BaseModelConfig, "pretrained": base.PretrainedConfig},
    "template": {"arrow": template.ArrowConfig, "chat": template.ChatConfig},
}
_KINDS = {
    "tasks": ("source", tasks.SOURCES),
    "base": ("kind", base.KINDS),
    "template": ("kind", template.KINDS),
}
_BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}
_WANTED = {
    "int": "a whole number",
    "float": "a number",
    "string": "a text",
    "bool": "true or false",
    "tuple": "a list",
    "dict": "keys with values",
    "dataclass": "keys with values",
}


def sentences(error: ValidationError) -> str:
    """Everything that is wrong, each problem named once."""
    return "; ".join(dict.fromkeys(_sentence(item) for item in error.errors()))


def _sentence(item: Mapping[str, Any]) -> str:
    kind, place = item["type"], _place(item["loc"])
    key = ".".join(map(str, place))
    for begin, render in _RENDERERS.items():
        if kind.startswith(begin):
            return render(key, item)
    wanted = _WANTED.get(kind.split("_")[0])
    if wanted is not None:
        return f"{key or 'the file'} must be {wanted}, got {_short(item['input'])}"
    return f"{key or 'the file'}: {item['msg']}"


def _place(location: Place) -> Place:
    """Where it is in the file: without the tags of unions."""
    if len(location) > 1 and location[1] in _TAGS.get(str(location[0]), {}):
        location = (location[0], *location[2:])
    if location[:2] == ("template", "definition"):
        location = (*location[:2], *location[3:])
    return location


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _unknown(key: str, item: Mapping[str, Any]) -> str:
    *parents, name = key.split(".")
    where = ".".join(parents) or "a recipe"
    known = _known(item["loc"][:-1])
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    if near:
        return f"{key} is no key of {where}; did you mean {near[0]}?"
    listed = f"; there are {', '.join(known)}" if known else ""
    return f"{key} is no key of {where}{listed}"


def _known(location: Sequence[int | str]) -> tuple[str, ...]:
    """The keys that there are at a place; none if that is not known."""
    found: Any = Config
    for part in location:
        tagged = _TAGS.get(str(location[0]), {}).get(str(part))
        if tagged is not None:
            found = tagged
            continue
        fields = {field.name: field for field in dataclasses.fields(found)}
        default = fields[part].default if part in fields else None
        if not dataclasses.is_dataclass(default):
            return ()
        found = type(default)
    return tuple(field.name for field in dataclasses.fields(found))


def _missing(key: str, item: Mapping[str, Any]) -> str:
    return f"{key} is missing; give it"


def _bound(key: str, item: Mapping[str, Any]) -> str:
    name, words = _BOUNDS[item["type"]]
    return f"{key} must be {words} {item['ctx'][name]}, got {_short(item['input'])}"


def _literal(key: str, item: Mapping[str, Any]) -> str:
    return f"{key} must be {item['ctx']['expected']}, got {_short(item['input'])}"


def _value(key: str, item: Mapping[str, Any]) -> str:
    text = str(item["ctx"]["error"])
    return f"{key}.{text}" if key else text


def _number(key: str, item: Mapping[str, Any]) -> str:
    return f"{key} must be a number, got {str(item['input']).lower()}"


def _finite(key: str, item: Mapping[str, Any]) -> str:
    return f"{key} must be a finite number, got {item['input']}"


def _empty(key: str, item: Mapping[str, Any]) -> str:
    return f"{key} must not be empty; give a text or leave it out"


def _tag(key: str, item: Mapping[str, Any]) -> str:
    name, known = _KINDS.get(key, ("source", tasks.LAYOUTS))
    value = item["input"]
    if not isinstance(value, dict):
        return f"{key} must be keys with values, got {_short(value)}"
    return f"{key}.{name} must be one of {', '.join(known)}, got {_short(value.get(name))}"


_RENDERERS: dict[str, Callable[[str, Mapping[str, Any]], str]] = {
    "unexpected_keyword_argument": _unknown,
    "missing": _missing,
    "greater_than": _bound,
    "less_than": _bound,
    "literal_error": _literal,
    "value_error": _value,
    "not_a_number": _number,
    "finite_number": _finite,
    "string_too_short": _empty,
    "union_tag": _tag,
}
