"""Kinds of adapters behind one seam, a file each: how they act on a layer, and their PEFT files."""

from __future__ import annotations

from t2l.base.outputs.dora import Dora
from t2l.base.outputs.ia3 import Ia3
from t2l.base.outputs.lora import Lora
from t2l.base.outputs.output import Output
from t2l.base.target import TargetSpec

__all__ = ["ENDINGS", "Output", "output_of", "title_of"]

ENDINGS = {**Dora.endings, **Ia3.endings}
"""Side -> what PEFT's name of its tensor ends with; no two kinds mean different things by one."""

_KINDS: dict[str, Output] = {"lora": Lora(), "dora": Dora(), "ia3": Ia3()}


def output_of(target: TargetSpec) -> Output:
    """What a target's adapters do and how they are filed."""
    return _KINDS[target.output]


def title_of(output: str) -> str:
    """What people call a kind of adapter."""
    return _KINDS[output].title
