"""What an operation is: a named function on the items of a value, and pieces to make one from."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["order", "select", "map", "filter", "join", "reduce", "judge"]
Items = tuple[str, ...]
Function = Callable[[Items], Items]
Test = Callable[[str], bool]


@dataclass(frozen=True)
class State:
    """A value on its way through a task: its items and the text between them."""

    items: Items
    separator: str

    @property
    def text(self) -> str:
        """How the value is written."""
        return self.separator.join(self.items)


@dataclass(frozen=True)
class Operation:
    """One step.

    :param name: stable identifier, e.g. `append:s`.
    :param kind: which slot of a composition it can fill.
    :param apply: the function on the items; joins change the separator instead.
    :param accepts: whether the items make the step visible (the letter occurs, ...).
    :param separator: new separator, for joins.
    :param key: entry in the phrase book; the name where a step has no parameter.
    :param slots: what the phrases' parameter slots are filled with.
    :param parameter: the one character the step is about (`s`), or empty.
    """

    name: str
    kind: Kind
    apply: Function
    accepts: Callable[[Items], bool] | None = None
    separator: str | None = None
    key: str = ""
    slots: Mapping[str, str] = field(default_factory=dict)
    parameter: str = ""

    @property
    def control(self) -> str:
        """The control code that asks the base model for this step: the name less its parameter."""
        name = self.name.removesuffix(self.parameter) if self.parameter else self.name
        return f"<{name.removesuffix(':')}>"

    def __call__(self, state: State) -> State:
        separator = state.separator if self.separator is None else self.separator
        return State(self.apply(state.items), separator)


def each(function: Callable[[str], str]) -> Function:
    """The function applied to every item."""
    return lambda items: tuple(function(item) for item in items)


def keep(test: Test) -> Function:
    """The items that pass the test."""
    return lambda items: tuple(item for item in items if test(item))


def count(test: Test) -> Function:
    """How many items pass the test."""
    return lambda items: (str(sum(map(test, items))),)


def judge(test: Callable[[Items], bool]) -> Function:
    """Yes or no."""
    return lambda items: ("yes" if test(items) else "no",)


def any_of(test: Test) -> Callable[[Items], bool]:
    """Whether at least one item passes."""
    return lambda items: any(map(test, items))


def some_not_all(test: Test) -> Callable[[Items], bool]:
    """Whether at least one item passes and at least one does not."""
    return lambda items: 0 < sum(map(test, items)) < len(items)


def at_most(size: int) -> Callable[[Items], bool]:
    """Whether there are at most so many items: for steps that make answers long."""
    return lambda items: len(items) <= size


def with_parameter(
    value: str,
    slots: Mapping[str, str],
    rows: Iterable[tuple[str, Kind, Function, Callable[[Items], bool] | None]],
) -> list[Operation]:
    """Operations named `<key>:<value>`, said with the key's phrases."""
    return [
        Operation(
            f"{key}:{value}", kind, function, accepts, key=f"{key}:", slots=slots, parameter=value
        )
        for key, kind, function, accepts in rows
    ]
