"""Reconstruction training: the hypernetwork copies per-task adapters instead of training through
the base model (T2L, section 3).

An oracle's factors are arbitrary up to an invertible matrix, so the targets are their canonical
factors; `distances.py` says how far an adapter is from them. Targets are not held: a step reads
those of its own tasks.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch.optim import Optimizer

from t2l.base.adapter_stack import to_device
from t2l.base.device import Device
from t2l.base.library import Library
from t2l.base.moments import Moments, Sides
from t2l.config.baselines import ReconstructionConfig
from t2l.config.recipe import Config
from t2l.encoders.corpus import Corpus
from t2l.hypernet.hypernetwork import CONFIG_FILE, Hypernetwork
from t2l.hypernet.whitening import Whitening
from t2l.train.checkpoint import PLATEAU, require_same
from t2l.train.objectives.distances import Distance, distance_of
from t2l.train.trainer import BETAS, Schedule, StepResult, Trainer, adamw

FINAL = "final"
WARM = "warm"


@dataclass
class Reconstruction:
    """The objective: adapters near the oracles.

    :param corpus: tasks with the vectors that the network is to take.
    :param targets: canonical adapters, one a task.
    :param distance: of generated adapters from those.
    """

    module: Hypernetwork
    optimizers: Sequence[Optimizer]
    corpus: Corpus
    targets: Library
    distance: Distance
    options: ReconstructionConfig
    device: Device

    def step(self, step: int) -> StepResult:
        """See `Objective.step`."""
        options, device = self.options, self.device.name
        rng = random.Random(f"reconstruction|{options.seed}|{step}")
        count = len(self.corpus.tasks)
        picks = rng.sample(range(count), min(options.tasks, count))
        vectors = torch.stack([rng.choice(self.corpus.embeddings[pick]) for pick in picks])
        weights = self.module(vectors.to(device))
        wanted = to_device(self.targets.read(picks), device)
        loss = self.distance(weights, wanted)
        loss.backward()
        return StepResult(loss.item())

    def validate(self) -> Mapping[str, float] | None:
        """Nothing: what is kept of the oracles is measured at the end."""
        return None


def train_reconstruction(
    config: Config,
    hypernetwork: Hypernetwork,
    corpus: Corpus,
    targets: Library,
    folder: Path,
    device: Device,
    whitening: Whitening | None = None,
) -> Hypernetwork:
    """Train a hypernetwork on oracles.

    With whitening, `folder/warm` takes whitened vectors, as meta-training gives them: it is the
    warm start. `folder/final` takes the encoder's vectors as they are; without whitening both are
    equal.

    :param hypernetwork: untrained, as `build_hypernetwork` makes it.
    :param corpus: tasks with their encoded training phrasings.
    :param targets: one canonical adapter for every task of the corpus, in order, B unscaled.
    :param folder: where checkpoints and the finished networks lie.
    :param whitening: the one that meta-training uses; by default, if the configuration asks for
        any, that of these tasks' vectors.
    :raises ValueError: if there are not as many targets as tasks.
    :raises ConfigError: if the folder was begun as another run, or with other oracles.
    """
    if len(targets) != len(corpus.tasks):
        raise ValueError(f"{len(targets)} oracles for {len(corpus.tasks)} tasks; give one a task")
    options = config.baselines.reconstruction
    identity = {
        "reconstruction": asdict(options),
        "hypernetwork": asdict(config.hypernetwork),
        "target": hypernetwork.target.to_json(),
        "oracles": {"digest": targets.digest},
    }
    schedule = Schedule.of(options)
    final = folder / FINAL
    if require_same(folder, identity, schedule.plateau) == PLATEAU:
        shutil.rmtree(final, ignore_errors=True)  # of the shorter run
    if (final / CONFIG_FILE).exists():
        return Hypernetwork.load(final)
    if config.sft.whitening is not None:
        whitening = whitening or Whitening.of(torch.cat(corpus.embeddings), config.sft.whitening)
        corpus = replace(corpus, embeddings=tuple(map(whitening, corpus.embeddings)))
    moments = Moments.of(targets)
    start_at_mean(hypernetwork, moments.means)
    hypernetwork.to(device.name).train()
    optimizers = [adamw(hypernetwork, options.lr, BETAS, options.weight_decay)]
    distance = distance_of(options, moments, device.name)
    objective = Reconstruction(hypernetwork, optimizers, corpus, targets, distance, options, device)
    Trainer(schedule, config.trainer, folder, identity, "reconstruction").run(objective)
    hypernetwork.eval().cpu()
    hypernetwork.save(folder / WARM)
    finished = hypernetwork if whitening is None else whitening.fold(hypernetwork)
    finished.save(final)
    return finished


def start_from(hypernetwork: Hypernetwork, folder: Path) -> None:
    """Give an untrained hypernetwork the weights of reconstruction, for meta-training.

    :param folder: what `train_reconstruction` wrote to.
    :raises FileNotFoundError: if reconstruction has not finished there.
    :raises RuntimeError: if the networks differ in shape.
    """
    warm = folder / WARM
    if not (warm / CONFIG_FILE).exists():
        raise FileNotFoundError(f"{warm}: no network; run the `reconstruction` stage first")
    hypernetwork.load_state_dict(Hypernetwork.load(warm).state_dict(), strict=True)


def start_at_mean(hypernetwork: Hypernetwork, means: Sides) -> None:
    """Begin with the mean adapter where there are offsets: only differences are left to learn.

    :param means: of the targets' values.
    """
    if not hypernetwork.config.has_offsets:
        return
    with torch.no_grad():
        for name, (a, b) in means.items():
            hypernetwork.offset_a[name].copy_(a)
            hypernetwork.offset_b[name].copy_(b)
