"""What an adapter changes in a base model beside its modules, to be put back when it is taken off.

PEFT freezes every parameter and sets `pretraining_tp` in the config. Where gradients are
checkpointed it also hooks the input embeddings, so that what they give has gradients, and so does
transformers when checkpointing is switched on through the PEFT model. transformers remembers the
last of those hooks only. `PeftModel.unload` undoes none of this, and PEFT 0.18 also leaves its
config.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

_ATTRIBUTES = (  # of any module; those that it had not are taken away again
    "training",
    "peft_config",
    "gradient_checkpointing",
    "_gradient_checkpointing_func",
    "_require_grads_hook",
    "_require_grads_hooks",
)
_LIBRARIES = ("peft", "transformers")


@dataclass(frozen=True)
class BaseState:
    """A base model's state when the adapter was put on.

    :param trainable: names of the parameters with gradients.
    :param attributes: module name -> those of `_ATTRIBUTES` that the module has itself.
    :param hooks: module name -> keys of its forward hooks.
    :param pretraining_tp: of the config; None if it has none.
    """

    trainable: tuple[str, ...]
    attributes: Mapping[str, Mapping[str, Any]]
    hooks: Mapping[str, tuple[int, ...]]
    pretraining_tp: int | None

    @classmethod
    def of(cls, base: nn.Module) -> BaseState:
        modules = dict(base.named_modules())
        return cls(
            trainable=tuple(name for name, p in base.named_parameters() if p.requires_grad),
            attributes={
                name: {key: vars(module)[key] for key in _ATTRIBUTES if key in vars(module)}
                for name, module in modules.items()
            },
            hooks={name: tuple(module._forward_hooks) for name, module in modules.items()},
            pretraining_tp=getattr(getattr(base, "config", None), "pretraining_tp", None),
        )

    def restore(self, base: nn.Module) -> None:
        """Put it back; hooks of others than PEFT and transformers are left where they are.

        :param base: the same model, all its adapters taken off.
        """
        for name, parameter in base.named_parameters():
            parameter.requires_grad_(name in self.trainable)
        for name, attributes in self.attributes.items():
            module = base.get_submodule(name)
            for key in _ATTRIBUTES:
                if key in attributes:
                    setattr(module, key, attributes[key])
                else:
                    vars(module).pop(key, None)
            for key, hook in list(module._forward_hooks.items()):
                if key not in self.hooks[name] and _library(hook) in _LIBRARIES:
                    del module._forward_hooks[key]
        if self.pretraining_tp is not None:
            config: Any = base.config  # a base model that has it has a config
            config.pretraining_tp = self.pretraining_tp


def _library(hook: object) -> str:
    """The package that a hook's function was written in."""
    return (getattr(hook, "__module__", None) or "").partition(".")[0]
