"""A suite: benchmarks by name, what the harness calls them, and the descriptions of adapters.

    name: local
    tasks: .                        folder of task definitions; left out, the harness's own
    descriptions: ../other.yaml     a suite whose benchmarks of the same names have the descriptions
    benchmarks:
      boolq: {kind: reading, task: t2l_boolq, metric: acc, descriptions: [...]}

`text-to-lora` and `local` ship; anybody's own is a file like them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from t2l.config.fields import STRICT, Text
from t2l.config.load import RecipeYaml
from t2l.harness.library import HarnessError

FOLDER = Path(__file__).parent / "suites"
SHIPPED = {
    "text-to-lora": FOLDER / "text-to-lora.yaml",
    "local": FOLDER / "local" / "suite.yaml",
}


@checked(frozen=True, config=STRICT)
class Chat:
    """What takes the place of a task for a model with a chat template."""

    task: Text
    filter: Text | None = None


@checked(frozen=True, config=STRICT)
class Benchmark:
    """One benchmark.

    :param kind: an adapter of another kind's description is the control `shuffled`.
    :param task: what the harness calls it.
    :param metric: of every answer, 0 or 1.
    :param filter: what the harness does to an answer before it is judged.
    :param chat: another task for a model with a chat template.
    :param runs_code: whether judging an answer runs it.
    :param descriptions: that adapters are made from.
    """

    kind: Text
    task: Text
    metric: Text
    filter: Text = "none"
    chat: Chat | None = None
    runs_code: bool = False
    descriptions: tuple[Text, ...] = ()

    def asked(self, chat: bool) -> Benchmark:
        """The benchmark as a model is asked it.

        :param chat: whether in its chat template.
        """
        if not chat or self.chat is None:
            return self
        return replace(self, task=self.chat.task, filter=self.chat.filter or self.filter)


@checked(frozen=True, config=STRICT)
class _File:
    name: Text
    benchmarks: dict[str, Benchmark]
    tasks: Text | None = None
    descriptions: Text | None = None


_ADAPTER = TypeAdapter(_File)


@dataclass(frozen=True)
class Suite:
    """Some benchmarks.

    :param name: as it is written into results.
    :param tasks: folder of task definitions; None for the harness's own.
    :param benchmarks: by name, each with a description at least.
    """

    name: str
    tasks: Path | None
    benchmarks: dict[str, Benchmark] = field(default_factory=dict)


def open_suite(name: str) -> Suite:
    """A suite that ships, or one of a file.

    :raises HarnessError: for a file that is none.
    """
    return read_suite(SHIPPED.get(name, Path(name)))


def read_suite(path: Path) -> Suite:
    """The suite of a file; folders in it count from where it lies.

    :raises HarnessError: naming the file, what is wrong in it and what would be right.
    """
    found = _read(path)
    benchmarks = found.benchmarks
    if found.descriptions is not None:
        others = _read(path.parent / found.descriptions).benchmarks
        benchmarks = {
            name: one
            if one.descriptions or name not in others
            else replace(one, descriptions=others[name].descriptions)
            for name, one in benchmarks.items()
        }
    for name, one in benchmarks.items():
        if not one.descriptions:
            raise HarnessError(f"{path}: benchmarks.{name} has no descriptions; give at least one")
    tasks = None if found.tasks is None else (path.parent / found.tasks).resolve()
    return Suite(found.name, tasks, benchmarks)


def _read(path: Path) -> _File:
    try:
        values: Any = yaml.load(path.read_text(encoding="utf-8"), RecipeYaml)
        return _ADAPTER.validate_python(values)
    except OSError as error:
        raise HarnessError(
            f"{path} is no suite that can be read ({error.strerror}): name one of "
            f"{', '.join(SHIPPED)}, or give a file"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise HarnessError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise HarnessError(f"{path}: {place}: {first['msg']}") from None
