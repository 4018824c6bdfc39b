"""The type of the fixtures that run `python -m t2l` in this process."""

from collections.abc import Callable

Command = Callable[..., str]
"""Takes the arguments after `python -m t2l`; gives standard output, or the message if refused."""
