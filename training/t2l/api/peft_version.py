"""Refuses a PEFT that is too old, in a sentence and before its import fails.

PEFT 0.16 and 0.17 import what transformers 5 has dropped; nothing before 0.18 has the Arrow routing
that the evaluation compares with.
"""

from __future__ import annotations

from importlib.metadata import version

PEFT_AT_LEAST = (0, 18)  # as in pyproject.toml


def require_peft() -> None:
    """Check the PEFT that Python would import.

    :raises ImportError: if it is too old, or missing.
    """
    found = version("peft")
    if tuple(map(int, found.split(".")[:2])) < PEFT_AT_LEAST:
        wanted = ".".join(map(str, PEFT_AT_LEAST))
        raise ImportError(
            f"t2l needs PEFT {wanted} or later, found {found}; pip install 'peft>={wanted}'"
        )
