"""Analytic cost of answering: two operations a multiply-add, products of matrices only.

Norms, activations, rotary angles and softmax are left out; they are a small part of any of the
sums. Logits are counted where a token is chosen, causal attention with the tokens that are there:
the token at position p attends to p tokens, itself included.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from transformers.models.bert.configuration_bert import BertConfig
from transformers.models.llama.configuration_llama import LlamaConfig

from t2l.base.target import TargetSpec
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig


@dataclass(frozen=True)
class Transformer:
    """Sizes of a transformer.

    :param mlp_matrices: 3 for a gated block (Llama), 2 for a plain one (BERT).
    :param vocab: outputs of the language-model head, 0 for an encoder.
    """

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocab: int
    mlp_matrices: int = 3

    @classmethod
    def from_llama(cls, config: LlamaConfig) -> Transformer:
        """Sizes of a Llama or of anything built like one."""
        return cls(
            hidden=config.hidden_size,
            layers=config.num_hidden_layers,
            heads=config.num_attention_heads,
            kv_heads=config.num_key_value_heads or config.num_attention_heads,
            head_dim=config.head_dim or config.hidden_size // config.num_attention_heads,
            intermediate=config.intermediate_size,
            vocab=config.vocab_size,
        )

    @classmethod
    def from_bert(cls, config: BertConfig) -> Transformer:
        """Sizes of a BERT encoder."""
        heads = config.num_attention_heads
        return cls(
            hidden=config.hidden_size,
            layers=config.num_hidden_layers,
            heads=heads,
            kv_heads=heads,
            head_dim=config.hidden_size // heads,
            intermediate=config.intermediate_size,
            vocab=0,
            mlp_matrices=2,
        )

    @property
    def linear(self) -> int:
        """Cost of all linear layers for one token, without the head."""
        queries, keys = self.heads * self.head_dim, self.kv_heads * self.head_dim
        attention = self.hidden * (2 * queries + 2 * keys)
        return 2 * self.layers * (attention + self.mlp_matrices * self.hidden * self.intermediate)

    @property
    def attending(self) -> int:
        """Cost for one token of attending to one token: a score and its part of the mixture."""
        return 4 * self.layers * self.heads * self.head_dim

    @property
    def logits(self) -> int:
        """Cost of choosing one token."""
        return 2 * self.hidden * self.vocab


@dataclass(frozen=True)
class Lengths:
    """Mean numbers of tokens.

    :param begin: what every prompt begins with.
    :param demonstration: one example with its answer.
    :param question: an input, up to where the answer begins.
    :param answer: generated tokens, the one that ends the answer included.
    :param description: what the encoder reads.
    """

    begin: float
    demonstration: float
    question: float
    answer: float
    description: float

    def prefix(self, shots: int) -> float:
        """The part of a few-shot prompt that all questions share."""
        return self.begin + shots * self.demonstration


def prefill_flops(model: Transformer, tokens: float, cached: float = 0, extra: float = 0) -> float:
    """Cost of reading tokens after `cached` others whose keys and values are kept.

    :param extra: more linear cost per token, such as a LoRA's.
    """
    attended = tokens * cached + tokens * (tokens + 1) / 2
    return tokens * (model.linear + extra) + attended * model.attending


def answer_flops(
    model: Transformer, prompt: float, answer: float, cached: float = 0, extra: float = 0
) -> float:
    """Cost of reading a prompt and generating an answer.

    The last token of an answer is chosen but not read again.
    """
    read = prompt + answer - 1
    return prefill_flops(model, read, cached, extra) + answer * model.logits


def lora_flops(target: TargetSpec) -> int:
    """Cost per token of an adapter that is not merged into the weights."""
    return 2 * target.parameters


def encoder_flops(encoder: Transformer, tokens: float) -> float:
    """Cost of encoding a text: every token attends to every token."""
    return tokens * encoder.linear + tokens * tokens * encoder.attending


def hypernetwork_flops(config: HypernetworkConfig, target: TargetSpec) -> int:
    """Cost of one adapter: every linear layer times the rows that go through it."""
    with torch.device("meta"):
        network = Hypernetwork(config, target)
    rows = _rows(config, target)
    total = 0
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Linear) and not name.startswith("heads."):
            total += 2 * rows[name.split(".")[0].split("_")[0]] * layer.weight.numel()
    # Only the rows of a head that are needed are multiplied: every value of A and B is one product.
    return total + 2 * config.head_in * target.parameters


def _rows(config: HypernetworkConfig, target: TargetSpec) -> dict[str, int]:
    """How many rows go through the layers of each part of the body."""
    cells = target.layers * len(target.modules)
    count = len(target.sides)
    ranked = 0 if target.output == "ia3" else 2  # sides that have ranks
    by_rank = config.variant == "S" and ranked > 0
    sides = cells * (1 if config.variant == "L" else count)
    return {
        "task": 1,
        "mixer": cells,
        "mlp1": cells,
        "mlp2": sides + (target.rank if by_rank else 0),
        "mlp3": cells * (ranked * target.rank + count - ranked) if by_rank else sides,
    }


def crossover(once: float, answer: float, other_once: float, other: float) -> float | None:
    """After how many answers the first way has cost less than the other.

    :param once: what the first way costs before its first answer; `other_once` for the other.
    :return: 0 if it costs less from the start, None if it does not in the long run.
    """
    if other <= answer:
        return None
    return max(0.0, (once - other_once) / (other - answer))
