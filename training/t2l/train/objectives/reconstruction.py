"""Reconstruction training: the hypernetwork copies per-task adapters instead of training through
the base model (T2L, section 3).

An oracle's factors are arbitrary up to an invertible matrix, so the targets are their canonical
factors. Distances are standardized per module and side: a mean squared loss of 1 is what the mean
adapter of all tasks would get.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from t2l.base.device import Device
from t2l.base.lora import LoraWeights
from t2l.base.low_rank import canonical, canonical_weights
from t2l.config.baselines import ReconstructionConfig
from t2l.config.recipe import Config
from t2l.encoders.corpus import Corpus
from t2l.hypernet.hypernetwork import CONFIG_FILE, Hypernetwork
from t2l.hypernet.whitening import Whitening
from t2l.train.trainer import BETAS, Schedule, StepResult, Trainer, adamw

__all__ = ["canonical", "deviations", "reconstruction_loss", "start_from", "train_reconstruction"]
FINAL = "final"
WARM = "warm"
LOSSES = {"mse": torch.square, "l1": torch.abs}


@dataclass
class Reconstruction:
    """The objective: adapters near the oracles.

    :param corpus: tasks with the vectors that the network is to take.
    :param targets: canonical adapters, one a task.
    :param units: standard deviation of each module's A and B.
    """

    module: Hypernetwork
    optimizers: Sequence[Optimizer]
    corpus: Corpus
    targets: LoraWeights
    units: dict[str, tuple[float, float]]
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
        wanted = {
            name: (a[picks].to(device), b[picks].to(device))
            for name, (a, b) in self.targets.items()
        }
        loss = reconstruction_loss(weights, wanted, self.units, options.loss)
        loss.backward()
        return StepResult(loss.item())

    def validate(self) -> Mapping[str, float] | None:
        """Nothing: what is kept of the oracles is measured at the end."""
        return None


def train_reconstruction(
    config: Config,
    hypernetwork: Hypernetwork,
    corpus: Corpus,
    oracles: LoraWeights,
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
    :param oracles: one adapter for every task of the corpus, in order, B unscaled.
    :param folder: where checkpoints and the finished networks lie.
    :param whitening: the one that meta-training uses; by default, if the configuration asks for
        any, that of these tasks' vectors.
    :raises ValueError: if there are not as many oracles as tasks.
    :raises ConfigError: if the folder was begun as another run.
    """
    final = folder / FINAL
    if (final / CONFIG_FILE).exists():
        return Hypernetwork.load(final)
    count = next(iter(oracles.values()))[0].shape[0]
    if count != len(corpus.tasks):
        raise ValueError(f"{count} oracles for {len(corpus.tasks)} tasks")
    options = config.baselines.reconstruction
    if config.sft.whitening is not None:
        whitening = whitening or Whitening.of(torch.cat(corpus.embeddings), config.sft.whitening)
        corpus = replace(corpus, embeddings=tuple(map(whitening, corpus.embeddings)))
    targets = canonical_weights(oracles)
    start_at_mean(hypernetwork, targets)
    hypernetwork.to(device.name).train()
    optimizers = [adamw(hypernetwork, options.lr, BETAS, options.weight_decay)]
    objective = Reconstruction(
        hypernetwork, optimizers, corpus, targets, deviations(targets), options, device
    )
    identity = {
        "reconstruction": asdict(options),
        "hypernetwork": asdict(config.hypernetwork),
        "target": hypernetwork.target.to_json(),
    }
    schedule = Schedule.of(options)
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


def reconstruction_loss(
    weights: LoraWeights, wanted: LoraWeights, units: dict[str, tuple[float, float]], loss: str
) -> Tensor:
    """Mean distance of standardized values, every module and side counting the same.

    :param weights: generated adapters, [T, ...].
    :param wanted: canonical adapters, [T, ...].
    :param units: standard deviation of each module's A and B.
    :param loss: `mse` or `l1`.
    """
    distance = LOSSES[loss]
    parts = [
        distance((weights[name][side] - wanted[name][side]) / units[name][side]).mean()
        for name in wanted
        for side in (0, 1)
    ]
    return torch.stack(parts).mean()


def deviations(weights: LoraWeights) -> dict[str, tuple[float, float]]:
    """Root mean square distance of each module's A and B from the mean adapter."""

    def one(values: Tensor) -> float:
        spread = (values - values.mean(dim=0, keepdim=True)).square().mean().sqrt()
        return max(float(spread), 1e-8)  # a single adapter does not deviate at all

    return {name: (one(a), one(b)) for name, (a, b) in weights.items()}


def start_at_mean(hypernetwork: Hypernetwork, targets: LoraWeights) -> None:
    """Begin with the mean adapter where there are offsets: only differences are left to learn."""
    if not hypernetwork.config.has_offsets:
        return
    with torch.no_grad():
        for name, (a, b) in targets.items():
            _copy_mean(hypernetwork.offset_a[name], a)
            _copy_mean(hypernetwork.offset_b[name], b)


def _copy_mean(offset: nn.Parameter, values: Tensor) -> None:
    offset.copy_(values.mean(dim=0).to(offset.device))
