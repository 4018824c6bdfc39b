"""Pieces of the text: tables, numbers with intervals, and the line that stands for missing data."""

from collections.abc import Sequence

from t2l.report.statistics import Estimate

ABSENT = "–"


def percent(value: float | None) -> str:
    """A share as per cent."""
    return ABSENT if value is None else f"{100 * value:.1f}%"


def points(value: float | None) -> str:
    """A difference of shares in percentage points, with its sign where it is not zero."""
    if value is None:
        return ABSENT
    text = f"{100 * value:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def percent_interval(found: Estimate | None) -> str:
    """`46.5% (37.8 to 55.5)`."""
    if found is None:
        return ABSENT
    return f"{percent(found.mean)} ({100 * found.low:.1f} to {100 * found.high:.1f})"


def points_interval(found: Estimate | None) -> str:
    """`+12.0 (+8.1 to +15.9)`."""
    if found is None:
        return ABSENT
    return f"{points(found.mean)} ({points(found.low)} to {points(found.high)})"


def nats_interval(found: Estimate | None, signed: bool = False) -> str:
    """`1.234 (1.101 to 1.367)`, with a sign where it is a difference."""
    if found is None:
        return ABSENT
    sign = "+" if signed else ""
    return f"{found.mean:{sign}.3f} ({found.low:{sign}.3f} to {found.high:{sign}.3f})"


def count(value: float | None) -> str:
    """A whole number with thin groups of three digits."""
    return ABSENT if value is None else f"{round(value):,}".replace(",", " ")


def counted(number: int, what: str) -> str:
    """`3 tasks`, `1 task` or `no tasks`."""
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def significant(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits, large ones with a power of ten in words."""
    if value is None:
        return ABSENT
    for size, unit in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:.{digits}g}{unit}"
    return f"{value:.{digits}g}"


def listed(names: Sequence[str]) -> str:
    """`a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> str:
    """A table; the first column is text, the others numbers.

    :param texts: how many columns are text, where it is not the first alone.
    :raises ValueError: if a row has another length than the header.
    """
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"a row of {len(row)} cells under a header of {len(header)}")
    lines = [header, [*["---"] * texts, *["---:"] * (len(header) - texts)], *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def made_with(command: str) -> str:
    """The line under a table or figure."""
    return f"Made with `{command}`."


def missing(command: str) -> str:
    """The line in place of a table or figure."""
    return f"Not measured yet: run `{command}`."


def paragraphs(*parts: str | None) -> str:
    """Parts with empty lines between them; empty parts are left out."""
    return "\n\n".join(part for part in parts if part)
