"""The shape of a model read off the model itself, for families that `families.py` does not know.

Transformer layers are the list of modules that is as long as the config says. What can be adapted
are the linear layers that every one of them has at the same place in the same shape: a router or
an expert that some layers have is left out.
"""

from __future__ import annotations

from collections import Counter

from torch import nn
from transformers.configuration_utils import PreTrainedConfig
from transformers.modeling_utils import PreTrainedModel

from t2l.base.families import FAMILIES, ModelShape
from t2l.base.source import BaseModelError
from t2l.base.target import Attention, TargetError, TargetModule


def read_shape(model: PreTrainedModel) -> ModelShape:
    """What a loaded model is made of.

    :raises BaseModelError: if it has no list of transformer layers with linear layers in common.
    """
    config = model.config.get_text_config()
    layers_path, layers = _find_layers(model, config.num_hidden_layers)
    modules = _common_linears(layers)
    if not modules:
        raise BaseModelError(
            f"a {model.config.model_type} model has no linear layers that all of its "
            f"{len(layers)} layers share, so there is nothing to adapt"
        )
    return ModelShape(
        model.config.model_type, len(layers), _attention(config, modules), modules, layers_path
    )


def check_shape(shape: ModelShape, model: PreTrainedModel) -> None:
    """Refuse a model whose layers are not those that its config describes.

    :raises BaseModelError: naming the first module that differs.
    """
    found = read_shape(model)
    there = {module.path: module for module in found.modules}
    for module in shape.modules:
        if there.get(module.path) != module or found.layers != shape.layers:
            raise BaseModelError(
                f"the {shape.architecture} model differs from its config: {module.path} should be "
                f"{module.in_features} to {module.out_features} in {shape.layers} layers"
            )


def is_known(model_type: str) -> bool:
    """Whether the config alone tells the shapes."""
    return model_type in FAMILIES


def _find_layers(model: PreTrainedModel, count: int) -> tuple[str, nn.ModuleList]:
    for path, module in model.named_modules():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            if any(isinstance(part, nn.Linear) for part in module[0].modules()):
                return path, module
    raise BaseModelError(
        f"a {model.config.model_type} model has no list of {count} layers with linear layers in it"
    )


def _common_linears(layers: nn.ModuleList) -> tuple[TargetModule, ...]:
    """Linear layers at the same place in the same shape, in the order of the first layer.

    Their names are the last part of their paths, as PEFT's `target_modules` has them, so one that
    comes twice in a layer has no name of its own and is left out.
    """
    shapes = [_linears(layer) for layer in layers]
    common = [path for path in shapes[0] if all(s.get(path) == shapes[0][path] for s in shapes)]
    names = Counter(path.rsplit(".", 1)[-1] for path in shapes[0])
    modules = []
    for path in common:
        name = path.rsplit(".", 1)[-1]
        if names[name] == 1:
            try:
                modules.append(TargetModule(name, path, *shapes[0][path]))
            except TargetError:
                continue  # a name such as `0`, which no adapter could have
    return tuple(modules)


def _linears(layer: nn.Module) -> dict[str, tuple[int, int]]:
    return {
        path: (part.in_features, part.out_features)
        for path, part in layer.named_modules()
        if isinstance(part, nn.Linear)
    }


def _attention(config: PreTrainedConfig, modules: tuple[TargetModule, ...]) -> Attention | None:
    """The heads, if the config tells them and the projections agree."""
    heads = getattr(config, "num_attention_heads", None)
    if not isinstance(heads, int):
        return None
    kv_heads = getattr(config, "num_key_value_heads", None) or heads
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // heads
    try:
        attention = Attention(heads, kv_heads, head_dim)
    except TargetError:
        return None
    for module in modules:
        if attention.rows(module.name) not in (None, module.out_features):
            return None
    return attention
