"""What is measured: a frozen base model of random weights, a hypernetwork and the batch of a step.

Speed and memory depend on sizes alone, so nothing has to be trained or fetched for it. All that
runs is what training runs: `frozen_reader`, `Hypernetwork`, `make_optimizers` and a `Batch`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import torch
from torch.optim import Optimizer
from transformers.modeling_utils import PreTrainedModel
from transformers.models.auto.configuration_auto import AutoConfig
from transformers.models.auto.modeling_auto import AutoModelForCausalLM

from t2l.base.device import Device
from t2l.base.packing import Sheets
from t2l.base.reader import Reader
from t2l.commands.bench.sizes import Sizes
from t2l.config.sft import SftConfig
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig
from t2l.template.rows import Row
from t2l.train.meta_batch import Batch, Drawn, by_length
from t2l.train.objectives.sft import make_optimizers
from t2l.train.zero_shot import frozen_reader

EMBEDDING = 384  # values of the vectors of every encoder that can ship
SFT = SftConfig()  # how steps are taken where a recipe says nothing


@dataclass(frozen=True, eq=False)
class Subject:
    """A step that can be taken.

    :param reader: runs the base model.
    :param hypernetwork: without dropout, so that every kind of step computes the same.
    :param optimizers: the hypernetwork's.
    :param batch: its examples are one part, so that all of a step's memory is held at once.
    :param sheets: the same examples as the base model runs them.
    """

    reader: Reader
    hypernetwork: Hypernetwork
    optimizers: list[Optimizer]
    batch: Batch
    sheets: Sheets

    @property
    def tokens(self) -> int:
        """Tokens that run through the base model in a step."""
        return self.sheets.tokens.numel()


def prepare(sizes: Sizes, device: str, seed: int = 0) -> Subject:
    """Draw weights and tokens.

    :param device: `cpu` or `cuda`.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = random_model(sizes, device)
        embeddings = torch.randn(sizes.tasks, EMBEDDING)  # [tasks, dim]
    network = random_hypernetwork(sizes, seed).to(device).train()
    reader = frozen_reader(model, Device(device, sizes.bfloat16))
    batch = Batch(embeddings, by_length(_examples(sizes, seed), buckets=1))
    (part,) = batch.parts
    return Subject(
        reader=reader,
        hypernetwork=network,
        optimizers=make_optimizers(network, SFT, sizes.bfloat16),
        batch=batch,
        sheets=reader.sheets(part.rows, sizes.tasks),
    )


def random_model(sizes: Sizes, device: str) -> PreTrainedModel:
    """A base model of random weights; on the device `meta`, of none."""
    shape = sizes.shape
    config = AutoConfig.for_model(
        sizes.target.base_model.architecture,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        vocab_size=shape.vocab,
        sliding_window=None,
    )
    dtype = torch.bfloat16 if sizes.bfloat16 else torch.float32
    with torch.device(device):
        return AutoModelForCausalLM.from_config(config, dtype=dtype)


def random_hypernetwork(sizes: Sizes, seed: int = 0) -> Hypernetwork:
    """A hypernetwork of the variant that ships, whose A and B are both other than zero."""
    config = HypernetworkConfig("S", EMBEDDING, dropout=0.0, input_scale=1.0, head_init="normal")
    return Hypernetwork(config, sizes.target, seed=seed)


def _examples(sizes: Sizes, seed: int) -> list[Drawn]:
    """Random tokens, the last ones of each row its answer."""
    rng = random.Random(f"bench|{seed}")
    question = sizes.length + 1 - sizes.answers  # the last token of a row does not run
    is_answer = [False] * question + [True] * sizes.answers

    def row() -> Row:
        return [rng.randrange(sizes.shape.vocab) for _ in is_answer], list(is_answer)

    return [Drawn(task, [row() for _ in range(sizes.examples)], []) for task in range(sizes.tasks)]
