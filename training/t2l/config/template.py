"""How an example becomes tokens: t2l-mini's arrow, or the base model's own chat template.

template: {kind: arrow}
template: {kind: chat, system: "", definition: never}
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag
from pydantic.dataclasses import dataclass

from t2l.config.fields import STRICT, Share

KINDS = ("arrow", "chat")


@dataclass(frozen=True, config=STRICT)
class ArrowConfig:
    """`input -> output`, a character a token: the form of t2l-mini's base model."""

    kind: Literal["arrow"] = "arrow"


@dataclass(frozen=True, config=STRICT)
class DropConfig:
    """The task's definition stands in the prompt, but for a share of the examples.

    :param drop: that share; 0 is `always` and 1 is `never`.
    """

    drop: Share


Definition = Annotated[
    Annotated[Literal["never", "always"], Tag("word")] | Annotated[DropConfig, Tag("share")],
    Discriminator(lambda value: "word" if isinstance(value, str) else "share"),
]


@dataclass(frozen=True, config=STRICT)
class ChatConfig:
    """The model's own chat template: the input is what the user says, the answer what it replies.

    :param system: the system message; empty sends an empty one in place of a model's own default,
        None sends none.
    :param definition: whether training examples have the task's definition in the prompt. With
        it the adapter need not know the task, so the default is never.
    """

    kind: Literal["chat"] = "chat"
    system: str | None = ""
    definition: Definition = "never"

    @property
    def definition_share(self) -> float:
        """The share of training examples that have the definition in the prompt."""
        if isinstance(self.definition, DropConfig):
            return 1 - self.definition.drop
        return 1.0 if self.definition == "always" else 0.0


def _kind_of(value: Any) -> str | None:
    if isinstance(value, dict):
        return value.get("kind", "arrow")
    return getattr(value, "kind", None)


AnyTemplate = Annotated[
    Annotated[ArrowConfig, Tag("arrow")] | Annotated[ChatConfig, Tag("chat")],
    Discriminator(_kind_of),
]
