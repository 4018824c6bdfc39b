"""Trains a tiny hypernetwork: alone, or in each of the processes that `torchrun` starts.

python -m torch.distributed.run --standalone --nproc-per-node 2 training_for_tests.py BASE RUN
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from adapters_for_tests import CONFIG, CPU, DIM, open_tiny, tiny_corpus

from t2l.config.recipe import TrainerConfig
from t2l.train.objectives.sft import build_hypernetwork, train_hypernetwork

SFT = replace(
    CONFIG.sft, steps=8, tasks=7, distill=0.5, teacher_signal="logits", noise=0.1, examples=2
)


def train(base: Path, run: Path, **changes: object) -> None:
    """Train on a base model that was saved."""
    still = replace(CONFIG.hypernetwork, dropout=0.0)  # which each process would draw for itself
    config = replace(CONFIG, sft=replace(SFT, **changes), hypernetwork=still)
    model, target = open_tiny(base)
    network = build_hypernetwork(config, target, DIM)
    options = TrainerConfig(tensorboard=False, validate_steps=4)
    corpus = tiny_corpus()
    train_hypernetwork(config, model, network, corpus, run, CPU, options=options, selection=corpus)


if __name__ == "__main__":
    train(Path(sys.argv[1]), Path(sys.argv[2]))
