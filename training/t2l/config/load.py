"""Reads a recipe: one YAML file describes a whole run, from the base model to the bundle.

Unknown keys, wrong types, values out of their range and parts that do not go together are refused
here, in a sentence each, before anything is encoded or trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from t2l.config.config import Config
from t2l.config.errors import ConfigError
from t2l.config.messages import sentences

_CONFIG = TypeAdapter(Config)
_TRUTH, _NAME = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:str"


class RecipeYaml(yaml.SafeLoader):
    """YAML in which no key comes twice, so that nobody reads a value that does not count.

    A key is always a name: YAML takes a bare `on` for true.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: list[Any] = []
        for key, _ in node.value:
            if key.tag == _TRUTH:
                key.tag = _NAME
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value} stands there twice; keep one", key.start_mark
                )
            seen.append(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Any:
    """The values of a configuration file.

    :raises ConfigError: if the file is missing or is not YAML.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), RecipeYaml)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such configuration file") from error
    except OSError as error:
        raise ConfigError(f"{path}: not a file that can be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error


def load_config(path: Path) -> Config:
    """Read and check a configuration file.

    :param path: YAML file; relative folders inside it count from the folder it lies in.
    :raises ConfigError: if the file is missing, is not YAML, or has unknown or wrong values.
    """
    values = read_yaml(path)
    try:
        config = config_of(values)
        check_study(config)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return resolve(config, path.parent)


def config_of(values: Any) -> Config:
    """A configuration from plain values.

    :raises ConfigError: if there are unknown or wrong values.
    """
    try:
        return _CONFIG.validate_python(values)
    except ValidationError as error:
        raise ConfigError(sentences(error)) from error


def check_study(config: Config) -> None:
    """Refuse a recipe of studies that could not be one.

    :raises ConfigError: naming the key below `study.recipe`.
    """
    try:
        config_of(study_values(config))
    except ConfigError as error:
        raise ConfigError(f"study.recipe: {error}") from error


def study_values(config: Config) -> dict[str, Any]:
    """Plain values of what every variant of a study begins with: the recipe, as short as said."""
    values = asdict(config)
    values["study"]["recipe"] = {}
    values["sft"]["steps"] = config.study.steps
    values["sft"]["warmup"] = min(config.sft.warmup, config.study.steps)
    return merged_values(values, config.study.recipe)


def merged_values(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values with some changed, part by part."""
    found = dict(values)
    for key, change in changes.items():
        inner = isinstance(change, dict) and isinstance(found.get(key), dict)
        found[key] = merged_values(found[key], change) if inner else change
    return found


def resolve(config: Config, folder: Path) -> Config:
    """The same configuration with its folders made absolute."""
    values = asdict(config)
    _resolve(values, "runs", folder)
    _resolve(values["bundle"], "assets", folder)
    if config.base.kind == "mini":
        _resolve(values["base"], "continue_from", folder)
    elif config.base.is_path:
        _resolve(values["base"], "where", folder)
    for tasks in (values["tasks"], *values["tasks"].get("also", ())):
        _resolve(tasks, "where", folder)
        _resolve(tasks, "texts", folder)
        _resolve(tasks, "replies", folder)
    return config_of(values)


def _resolve(values: dict[str, Any], key: str, folder: Path) -> None:
    if values.get(key) is not None:
        values[key] = str((folder / Path(values[key]).expanduser()).resolve())
