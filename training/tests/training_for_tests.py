"""Trains a tiny hypernetwork: alone, or in each of the processes that `torchrun` starts.

python -m torch.distributed.run --standalone --nproc-per-node 2 training_for_tests.py BASE RUN
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters_for_tests import CONFIG, CPU, DIM, open_tiny, tiny_corpus

from t2l.config.recipe import SftConfig, TrainerConfig
from t2l.encoders.corpus import Corpus
from t2l.train.meta_batch import Batch, make_batch
from t2l.train.objectives.sft import build_hypernetwork, train_hypernetwork

SFT = replace(
    CONFIG.sft, steps=8, tasks=7, distill=0.5, teacher_signal="logits", noise=0.1, examples=2
)


def train(base: Path, run: Path, options: TrainerConfig | None = None, **changes: object) -> None:
    """Train on a base model that was saved.

    :param changes: of the options of SFT.
    """
    still = replace(CONFIG.hypernetwork, dropout=0.0)  # which each process would draw for itself
    config = replace(CONFIG, sft=replace(SFT, **changes), hypernetwork=still)
    model, target = open_tiny(base)
    network = build_hypernetwork(config, target, DIM)
    options = options or TrainerConfig(tensorboard=False, validate_steps=4)
    corpus = tiny_corpus()
    train_hypernetwork(config, model, network, corpus, run, CPU, options=options, selection=corpus)


def cut_at(step: int) -> Callable[..., Batch]:
    """A `make_batch` that is interrupted at a step."""

    def cut(corpus: Corpus, options: SftConfig, at: int, *others: Any) -> Batch:
        if at == step:
            raise KeyboardInterrupt
        return make_batch(corpus, options, at, *others)

    return cut


if __name__ == "__main__":
    train(Path(sys.argv[1]), Path(sys.argv[2]))
