"""Kinds of values that a recipe has, with the ranges in which they mean something.

A number is never read from true or false, and never NaN or infinite: pydantic would take the first
as 1 and the others as they are, and training would go wrong without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("not_a_number", "must be a number, got {got}", {"got": value})
    return value


_Int = Annotated[int, BeforeValidator(_no_bool)]
_Float = Annotated[float, BeforeValidator(_no_bool)]

Count = Annotated[_Int, Field(ge=1)]  # of things that there must be at least one of
Natural = Annotated[_Int, Field(ge=0)]  # steps, seeds, and what may be none
Share = Annotated[_Float, Field(ge=0, le=1)]
Fraction = Annotated[_Float, Field(ge=0, lt=1)]  # dropout, smoothing, momentum
Positive = Annotated[_Float, Field(gt=0)]  # rates, scales, clipping
Weight = Annotated[_Float, Field(ge=0)]  # of a loss, of decay, of noise
Text = Annotated[str, Field(min_length=1)]
Sentence = Annotated[str, Field(min_length=1, max_length=300)]  # shown as it is, in a line


def require_distinct(key: str, values: Sequence[object]) -> None:
    """Refuse no values, and a value that comes twice.

    :raises ValueError: naming the key and the value.
    """
    if not values:
        raise ValueError(f"{key} must name at least one")
    for index, value in enumerate(values):
        if value in values[:index]:
            raise ValueError(f"{key} has {value} twice; name each once")


def require_warmup(steps: int, warmup: int, name: str = "steps") -> None:
    """Refuse a warm-up that never ends; no steps at all need none.

    :param name: of the option that says how many steps there are.
    :raises ValueError: naming both.
    """
    if 0 < steps < warmup:
        raise ValueError(
            f"warmup {warmup} is longer than the whole training; make it at most {name}, {steps}"
        )
