"""Text-to-LoRA: training, the export of bundles, and adapters in a notebook.

    from t2l import load_t2l, generate_lora, apply_lora, remove

These four live in `t2l.api.adapters` and are imported when they are first asked for, so that
`import t2l` loads neither torch nor PEFT.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from t2l.api.adapters import apply_lora, generate_lora, load_t2l, remove

__version__ = "0.1.0"
__all__ = ["apply_lora", "generate_lora", "load_t2l", "remove"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("t2l.api.adapters"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
