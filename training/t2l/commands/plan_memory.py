"""How much memory the training of a hypernetwork takes, part by part, from shapes alone.

    weights       base model, hypernetwork
    training      the hypernetwork's gradients and its optimizers' running means
    adapters      those of a step's tasks, and their gradients
    activations   what the backward pass needs of the largest part of a step
    logits        at the places of answers

Activations are counted tensor by tensor for a layer of the usual kind (norms, attention, a gated
MLP); what a family does otherwise, and what the allocator keeps, is not. Read them as "about".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn
from torch.optim import Optimizer
from transformers.configuration_utils import PreTrainedConfig
from transformers.modeling_utils import PreTrainedModel

from t2l.base.quantized import quantized_bytes
from t2l.base.target import TargetSpec
from t2l.train.muon import Muon

FLOAT = 4  # bytes
LOGIT_COPIES = 3  # logits, their softmax, and the gradient


@dataclass(frozen=True)
class LargestPart:
    """The part of a step that needs the most memory.

    :param sheets: token sequences that run side by side.
    :param length: tokens of each, padding included.
    :param answers: tokens that are predicted.
    """

    sheets: int
    length: int
    answers: int

    @property
    def tokens(self) -> int:
        """Tokens that run through the model at once."""
        return self.sheets * self.length


def memory_parts(
    base: PreTrainedModel,
    hypernetwork: nn.Module,
    optimizers: Sequence[Optimizer],
    target: TargetSpec,
    tasks: int,
    part: LargestPart,
    *,
    bfloat16: bool,
    recompute: bool,
    scores: int = 1,
    quantized: bool = False,
) -> dict[str, int]:
    """Bytes by part.

    :param base: the base model; its weights need not be there.
    :param optimizers: the hypernetwork's.
    :param tasks: of a step.
    :param bfloat16: whether products are in bfloat16.
    :param recompute: whether activations are computed twice instead of kept.
    :param scores: values that a layer keeps for every head and pair of tokens: one where attention
        is written out (`eager`), none where one kernel does it.
    :param quantized: whether the base model's linear layers lie in 4 bits.
    """
    config = base.config.get_text_config()
    weights = sum(p.numel() * p.element_size() for p in base.parameters())
    if quantized:
        weights = quantized_bytes(base)
    elif bfloat16 and all(p.element_size() == FLOAT for p in base.parameters()):
        weights += weights // 2  # autocast keeps a copy of each matrix while it runs
    trained = FLOAT * sum(p.numel() for p in hypernetwork.parameters())
    means = sum(FLOAT * _running_means(optimizer) for optimizer in optimizers)
    width = FLOAT // 2 if bfloat16 else FLOAT
    layers = target.layers
    layer = part.tokens * width * _values_a_token(config, scores * part.length)
    entry = part.tokens * width * config.hidden_size
    kept = layers * entry + layer if recompute else layers * layer
    return {
        "base model": weights,
        "hypernetwork": trained,
        "its gradients": trained,
        "its optimizers": means,
        "adapters of a step": 2 * FLOAT * tasks * target.parameters,
        "activations": kept,
        "logits": LOGIT_COPIES * FLOAT * part.answers * config.vocab_size,
    }


def _running_means(optimizer: Optimizer) -> int:
    """Values that an optimizer keeps: Muon one a weight, AdamW two."""
    each = 1 if isinstance(optimizer, Muon) else 2
    return each * sum(p.numel() for group in optimizer.param_groups for p in group["params"])


def _values_a_token(config: PreTrainedConfig, scores: int) -> int:
    """Values that the backward pass of one frozen layer needs for every token.

    :param scores: those of attention, for each head.
    """
    hidden, heads = config.hidden_size, config.num_attention_heads
    size = getattr(config, "head_dim", None) or hidden // heads
    inner = getattr(config, "intermediate_size", None) or 4 * hidden
    norms = 3 * hidden  # what goes into both, and into the adapters
    attention = 3 * heads * size + heads * scores  # queries, keys and values of all heads; weights
    return norms + attention + 3 * inner  # gate, what it lets through, and what it is put to
