"""Text-to-LoRA in a notebook: a description in, a PEFT model out, and the base model back.

    t2l = load_t2l("src/assets/hypernets/t2l-mini/VERSION")   # or "http://localhost:8787"
    lora = generate_lora(t2l, "Reverse the order of the words.")
    model = apply_lora(base_model, lora, strength=1.0)      # adds strength * B @ A, by PEFT
    base_model = remove(model)                              # bit for bit as it was

Nothing is ever merged into the base model's weights: applying wraps its target modules, removing
takes the wraps off. Where adapters come from is in `api/generator.py`. Adapters of other kinds than
LoRA (DoRA, IA3) come from hypernetworks that make those, and are used alike.
"""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import cast
from urllib.parse import urldefrag

import numpy as np
from peft import IA3Config, LoraConfig, PeftModel, PeftModelForCausalLM, set_peft_model_state_dict
from peft.tuners.ia3 import IA3Model
from peft.tuners.lora import LoraModel
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor, nn

from t2l.api.base_state import BaseState
from t2l.api.bundle_generator import BundleGenerator
from t2l.api.checkpoint_generator import CheckpointGenerator
from t2l.api.endpoint_generator import EndpointGenerator
from t2l.api.generated import Lora
from t2l.api.generator import Generator, embedding_vector
from t2l.base.outputs import output_of
from t2l.base.peft_io import filed_tensors, peft_config
from t2l.base.target import TargetModule, TargetSpec
from t2l.base.typed import layers_at
from t2l.encoders.embedding_service import service_of
from t2l.tasks.description_text import normalise_description

CHECKPOINT_FILE = "hypermod.pt"  # what a folder of a released Text-to-LoRA checkpoint has
TOKEN_VARIABLE = "T2L_TOKEN"  # that `t2l` reads, too
TUNERS = {"lora": (LoraConfig, LoraModel), "dora": (LoraConfig, LoraModel)}  # of kinds of output
TUNERS |= {"ia3": (IA3Config, IA3Model)}
PREFIXES = ("lora_", "ia3_")  # that PEFT tells an adapter's tensors by
_BEFORE = "_t2l_before"  # attribute of a PeftModel that keeps what `remove` restores


def load_t2l(
    source: str | Path,
    *,
    precision: str | None = None,
    encoder_url: str | None = None,
    encoder_dialect: str = "openai",
    encoder_token: str | None = None,
    hypernet: str | None = None,
    target: str | Path | None = None,
    token: str | None = None,
    unlisted: bool = False,
    allow_unfit: bool | None = None,
) -> Generator:
    """Open a hypernetwork.

    :param source: a bundle's folder `<root>/<name>/<version>`, whose files are all verified; the
        folder of a released checkpoint (`sakana/`); or the `http(s)://` URL of an endpoint, if need
        be with `#name@version`.
    :param precision: `float32` or `int8`; what the bundle names by default.
    :param encoder_url: the embedding service of a bundle whose encoder is of kind `http`.
    :param encoder_dialect: what that service speaks, `openai` (`/v1/embeddings`), `tei` (`/embed`)
        or `workers-ai` (`/ai/run/<model>`).
    :param encoder_token: sent to that service as a bearer token.
    :param hypernet: of an endpoint: a name, `name@version` or a digest, instead of `#name@version`.
    :param target: of a checkpoint: a target spec file, by default the one that ships for its base
        model.
    :param token: of an endpoint that is not for everybody; what the variable `T2L_TOKEN` holds by
        default, as for `t2l`.
    :param unlisted: of an endpoint: whether lists and searches leave out what is made anew.
    :param allow_unfit: of an endpoint: whether adapters are wanted that are not expected to work;
        the endpoint decides by default.
    :raises ValueError: for a source that is none of these, a bundle that does not verify
        (`BundleError`), a checkpoint that cannot be read (`CheckpointError`), or options that do
        not belong to the source.
    :raises ServiceError: if the endpoint cannot be reached.
    """
    if str(source).lower().startswith(("http://", "https://")):
        url, fragment = urldefrag(str(source))
        if encoder_url is not None or encoder_token is not None:
            raise ValueError(
                "an endpoint has its own encoder; leave out encoder_url and encoder_token"
            )
        if fragment and hypernet not in (None, fragment):
            raise ValueError(f"the URL names #{fragment}, hypernet= names {hypernet}; give one")
        return EndpointGenerator(
            url,
            hypernet or fragment or None,
            precision,
            token=token or os.environ.get(TOKEN_VARIABLE) or None,
            unlisted=unlisted,
            allow_unfit=allow_unfit,
        )
    folder = Path(source).expanduser()
    if token is not None or unlisted or allow_unfit is not None:
        raise ValueError(
            "token=, unlisted= and allow_unfit= belong to the URL of an endpoint, not to a folder"
        )
    if hypernet is not None:
        raise ValueError(
            "hypernet= belongs to the URL of an endpoint; a bundle is one hypernetwork"
        )
    if (folder / CHECKPOINT_FILE).exists():
        if precision not in (None, "float32"):
            raise ValueError(f"a checkpoint runs in float32; import it for {precision}")
        spec = None if target is None else Path(target)
        return CheckpointGenerator(
            folder, spec, service_of(encoder_url, encoder_dialect, encoder_token)
        )
    if target is not None:
        raise ValueError("target= belongs to a checkpoint; a bundle says itself what it is for")
    return BundleGenerator(folder, precision, encoder_url, encoder_dialect, encoder_token)


def generate_lora(
    t2l: Generator,
    description: str | None = None,
    *,
    embedding: Tensor | np.ndarray | Sequence[float] | None = None,
) -> Lora:
    """Make an adapter; the same input gives the same values.

    :param t2l: what `load_t2l` gave.
    :param description: the task in a sentence.
    :param embedding: instead of a description, its encoder's vector, [dim], on any device.
    :return: tensors in float32 on the CPU; no GPU is needed.
    :raises ValueError: unless exactly one of the two is given, and for one that cannot be used.
    """
    if (description is None) == (embedding is None):
        raise ValueError("give either a description or embedding=, and not both")
    if description is not None:
        return t2l.generate(normalise_description(description))
    return t2l.generate(embedding_vector(embedding, t2l))


def apply_lora(
    base_model: nn.Module, lora: Lora, strength: float = 1.0, adapter_name: str = "default"
) -> PeftModel:
    """Let PEFT add strength * B @ A to every target module, on the base model's device and dtype.

    :param base_model: a transformers causal language model, or what this function gave: then the
        adapter is added under another name and made the active one (`set_adapter` chooses).
    :param strength: factor on the update; it is multiplied into B in float32.
    :param adapter_name: PEFT's name for the adapter.
    :return: the model with the adapter, for inference: nothing in it has gradients.
    :raises ValueError: if the base model is not one that the adapter is for, or an argument cannot
        be used; the base model is then as it was.
    """
    if not isinstance(base_model, nn.Module):
        raise ValueError(f"base_model must be a loaded model, got a {type(base_model).__name__}")
    if (
        isinstance(strength, bool)
        or not isinstance(strength, int | float)
        or not math.isfinite(strength)
    ):
        raise ValueError(f"strength must be a finite number, got {strength!r}")
    # PEFT initialises an adapter anew whose name is part of its own prefix
    if "." in adapter_name or any(adapter_name in prefix for prefix in PREFIXES):
        raise ValueError(
            "adapter_name must be a name without dots, not part of 'lora_' or 'ia3_', "
            f"got {adapter_name!r}"
        )
    base = _base_of(base_model, adapter_name, lora.target)
    _require_fit(base, lora.target)
    state = _strengthened(lora, strength)
    config = TUNERS[lora.target.output][0](**peft_config(lora.target))
    active = None
    if isinstance(base_model, PeftModel):
        model, active = base_model, base_model.active_adapter
        _add_adapter(model, adapter_name, config)
        model.set_adapter(adapter_name)
    else:
        before = BaseState.of(base)
        own = set(base.modules())
        # autocast would keep the adapter in float32 beside a base model in half precision
        model = PeftModelForCausalLM(base, config, adapter_name, autocast_adapter_dtype=False)
        setattr(model, _BEFORE, before)
        for module in model.modules():
            if module not in own:
                module.training = base.training
    result = set_peft_model_state_dict(model, state, adapter_name)
    unset = [key for key in result.missing_keys if _is_of(key, adapter_name)]
    if unset or result.unexpected_keys:
        if active is None:
            remove(model)
        else:
            model.delete_adapter(adapter_name)
            model.set_adapter(cast(str, active))  # a list of names will do too
        raise ValueError(
            "the base model has other target modules than the adapter: "
            f"{[*result.unexpected_keys, *unset][0]} has no counterpart"
        )
    for name, parameter in model.named_parameters():
        if _is_of(name, adapter_name):
            parameter.requires_grad_(False)
    return model


def remove(model: PeftModel) -> nn.Module:
    """Take every adapter off, and give back the very base model, bit for bit as it was.

    So are its mode, its gradients, its checkpointing and its config, and PEFT's hooks are gone.

    :param model: what `apply_lora` gave; it is of no use afterwards.
    :raises ValueError: for a model without an adapter, or with one merged into its weights.
    """
    tuners = (LoraModel, IA3Model)
    if not isinstance(model, PeftModel) or not isinstance(model.base_model, tuners):
        raise ValueError(f"remove takes what apply_lora gave, not a {type(model).__name__}")
    for name, module in model.base_model.model.named_modules():
        if isinstance(module, BaseTunerLayer) and module.merged:
            raise ValueError(
                f"{name} has an adapter merged into its weights, which cannot be taken out bit for "
                "bit; load the base model again"
            )
    base = model.unload()
    before = vars(model).get(_BEFORE)
    if before is not None:
        before.restore(base)
    return base


def _strengthened(lora: Lora, strength: float) -> dict[str, Tensor]:
    """PEFT's tensors at a strength, which is multiplied in in float32."""
    if strength == 1:
        return dict(lora.tensors)
    output = output_of(lora.target)
    sides = {
        name: output.strengthened(tuple(side.float() for side in sides), strength)
        for name, sides in lora.weights.items()
    }
    return filed_tensors(lora.target, sides)


def _is_of(key: str, adapter_name: str) -> bool:
    """Whether a parameter's name is one of an adapter's own."""
    ours = any(f".{prefix}" in key for prefix in PREFIXES)
    return ours and key.endswith((f".{adapter_name}.weight", f".ia3_l.{adapter_name}"))


def _add_adapter(model: PeftModel, adapter_name: str, config: LoraConfig | IA3Config) -> None:
    """Add an adapter in the base model's dtype, as PEFT 0.18 does without being told."""
    told = "autocast_adapter_dtype" in inspect.signature(model.add_adapter).parameters
    model.add_adapter(adapter_name, config, **({"autocast_adapter_dtype": False} if told else {}))


def _base_of(model: nn.Module, adapter_name: str, target: TargetSpec) -> nn.Module:
    """The base model itself, once it is sure that an adapter of that name can be added."""
    if isinstance(model, PeftModel):
        if not isinstance(model.base_model, TUNERS[target.output][1]):
            title = output_of(target).title
            raise ValueError(f"the PEFT model has {model.peft_type}, beside which no {title} fits")
        if adapter_name in model.peft_config:
            raise ValueError(
                f"the model has an adapter {adapter_name!r} already; give another adapter_name, or "
                "remove(model) first"
            )
        return model.get_base_model()
    if any(isinstance(module, BaseTunerLayer) for module in model.modules()):
        raise ValueError(
            "the base model carries an adapter already; apply to the model that apply_lora gave, "
            "or remove(model) first"
        )
    return model


def _require_fit(base: nn.Module, target: TargetSpec) -> None:
    wanted = f"the adapter is for {target.base_model.id}"
    try:
        layers = layers_at(base, target.layers_path)
    except AttributeError as error:
        raise ValueError(f"the base model has no {target.layers_path}; {wanted}") from error
    if len(layers) != target.layers:
        raise ValueError(
            f"the base model has {len(layers)} layers; {wanted}, which has {target.layers}"
        )
    for index, layer in enumerate(layers):
        for module in target.modules:
            try:
                linear = layer.get_submodule(module.path)
            except AttributeError as error:
                raise ValueError(
                    f"the base model has no {module.path} in layer {index}; {wanted}"
                ) from error
            sizes = tuple(getattr(linear, f"{side}_features", None) for side in ("in", "out"))
            if not _sizes_fit(target, module, sizes):
                raise ValueError(
                    f"{module.name} in layer {index} of the base model takes {sizes[0]} and gives "
                    f"{sizes[1]} values; {wanted}, where it takes {module.in_features} and gives "
                    f"{module.out_features}"
                )


def _sizes_fit(target: TargetSpec, module: TargetModule, sizes: tuple[int | None, ...]) -> bool:
    """Whether a layer of these inputs and outputs is the module; of IA3 the factors' side counts,
    the only one that the files of an adapter tell."""
    if target.output == "ia3":
        return sizes[0 if module.feedforward else 1] == target.shapes(module)["L"][-1]
    return sizes == (module.in_features, module.out_features)
