"""Operations of a step through a frozen base model, from its sizes alone.

A product of a matrix with N weights costs 2 N operations a token, its gradient with respect to the
input another 2 N and that with respect to the weights another 2 N (Kaplan et al. 2020, arXiv
2001.08361, section 2.1: 2 N forward, 4 N backward). A frozen matrix has no gradient of its own, so
of the base model's linear layers

    forward 2 N  +  backward 2 N                        4 N a token
    and, with gradient checkpointing, forward again     6 N less 2 D a token

where D are the weights of every layer's last product (down_proj). Checkpointing runs a layer's
forward pass once more (Chen et al. 2016, arXiv 1604.06174), and PyTorch stops it as soon as it has
all that the backward pass needs, which is before that product, unless a norm comes behind it (Gemma
2); then D is 0. Attention's two products of activations have two gradients each: 4 a pair forward,
8 backward. An adapter learns, so it costs 3 times its forward pass, and a fourth with
checkpointing. The head runs at the places of answers only, and is not run again. Norms, activations
and rotary angles are left out. So is that without checkpointing no gradient goes below the first
layer, which saves about one part in three times the layers.
"""

from __future__ import annotations

from transformers.configuration_utils import PreTrainedConfig
from transformers.modeling_utils import PreTrainedModel

from t2l.base.target import TargetSpec
from t2l.base.typed import layers_at
from t2l.hypernet.hypernetwork import HypernetworkConfig
from t2l.report.flops import Transformer, hypernetwork_flops, lora_flops


def transformer_of(config: PreTrainedConfig) -> Transformer:
    """Sizes of a decoder with a gated MLP; what a config does not say is as Llama has it."""
    text = config.get_text_config()
    heads = text.num_attention_heads
    return Transformer(
        hidden=text.hidden_size,
        layers=text.num_hidden_layers,
        heads=heads,
        kv_heads=getattr(text, "num_key_value_heads", None) or heads,
        head_dim=getattr(text, "head_dim", None) or text.hidden_size // heads,
        intermediate=getattr(text, "intermediate_size", None) or 4 * text.hidden_size,
        vocab=text.vocab_size,
    )


def base_flops(
    model: Transformer,
    target: TargetSpec,
    tokens: float,
    length: float,
    answers: float,
    *,
    recompute: bool,
    last_again: bool = False,
) -> float:
    """Operations of tokens that run through a frozen base model under adapters, and back.

    :param tokens: all that run, padding included.
    :param length: of the sequence that each of them is in, and attends to with its padding.
    :param answers: tokens that are predicted.
    :param recompute: whether activations are computed twice (`trainer.gradient_checkpointing`).
    :param last_again: whether that includes every layer's last product (`runs_last_again`).
    """
    attention = tokens * length * model.attending
    forward = tokens * (model.linear + lora_flops(target)) + attention
    backward = tokens * (model.linear + 2 * lora_flops(target)) + 2 * attention
    last = 0 if last_again else 2 * model.layers * model.hidden * model.intermediate
    again = forward - tokens * last if recompute else 0.0
    return forward + backward + again + 2 * answers * model.logits


def runs_last_again(model: PreTrainedModel, layers_path: str) -> bool:
    """Whether a layer's backward pass needs what its last product gives: for a norm behind it."""
    return hasattr(layers_at(model, layers_path)[0], "post_feedforward_layernorm")


def told_flops(model: Transformer, tokens: float, length: float) -> float:
    """Operations of tokens that are read and not learnt from, as a teacher reads.

    :param length: of the sequence that each of them is in.
    """
    return tokens * (model.linear + length * model.attending)


def network_flops(config: HypernetworkConfig, target: TargetSpec, tasks: int) -> float:
    """Operations of a hypernetwork that writes adapters and learns: three times its forward pass.

    :param tasks: adapters.
    """
    return 3.0 * tasks * hypernetwork_flops(config, target)
