"""Tunes the sentence encoder so that wording falls away and the task stays.

    two phrasings of each task -> BERT layers -> mean -> unit vectors -> InfoNCE

New wording is what costs a hypernetwork most: two ways of asking for one thing lie farther apart in
a published encoder than two things asked for alike. Here the phrasings of a task attract each other
and those of other tasks repel, siblings of the same family above all, because they differ in just
the word that matters (a label, a number, a place in a list). Only training tasks in training
phrasings are seen. Word vectors stay as they are and sentences about other things are held to the
published vectors, as in `encoder_tuning.py`; van den Oord et al. (2018) have the loss.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim import Optimizer

from t2l.base.device import Device
from t2l.config.recipe import EncoderConfig
from t2l.encoders.onnx_encoder import TOKENIZER_FILE, source_folder, tokenizer_bytes
from t2l.tasks.general import GENERAL
from t2l.tasks.source import Split, Task, TaskSet
from t2l.train.checkpoint import whole_folder
from t2l.train.objectives.sentence_bert import SentenceBert
from t2l.train.trainer import Schedule, StepResult, Trainer

POOL = 48  # training phrasings of a task that steps draw from
SIBLINGS = 0.5  # share of a step's tasks that come from few families


class ContrastObjective:
    """Attraction within tasks, repulsion between them.

    :param tasks: training tasks.
    :param selection: unseen tasks that retrieval is measured on.
    """

    def __init__(
        self,
        config: EncoderConfig,
        tasks: Sequence[Task],
        selection: Sequence[Task],
        device: Device,
    ) -> None:
        torch.manual_seed(config.seed)
        self._config, self._device = config, device
        self._bert = SentenceBert().to(device.name)
        self._general = self._bert.encode_all(GENERAL, device)
        self._texts = [task.descriptions("train", POOL, config.seed) for task in tasks]
        self._families = families_of(tasks)
        self._selection = selection
        learned = [p for p in self._bert.parameters() if p.requires_grad]
        self._optimizer = torch.optim.AdamW(
            learned, lr=config.lr, betas=(0.9, 0.98), weight_decay=config.weight_decay
        )

    @property
    def module(self) -> SentenceBert:
        """The encoder."""
        return self._bert

    @property
    def optimizers(self) -> Sequence[Optimizer]:
        """Of the encoder's layers."""
        return [self._optimizer]

    def step(self, step: int) -> StepResult:
        """Two phrasings of some tasks, and some sentences about other things."""
        config = self._config
        rng = random.Random(f"contrast|{config.seed}|{step}")
        self._bert.train()
        picks = draw_siblings(self._families, config.texts, rng)
        pairs = [rng.sample(self._texts[pick], 2) for pick in picks]
        others = rng.sample(range(len(GENERAL)), config.general)
        texts = [pair[side] for side in (0, 1) for pair in pairs] + [GENERAL[i] for i in others]
        vectors = self._bert.encode(texts, self._device)
        count = len(picks)
        loss = info_nce(vectors[:count], vectors[count : 2 * count], config.temperature)
        drift = (vectors[2 * count :] - self._general[others]).square().sum(-1).mean()
        (loss + config.drift * drift).backward()
        return StepResult(loss.item(), 0, {"drift": drift.item()})

    def validate(self) -> Mapping[str, float] | None:
        """How often a phrasing's nearest other phrasing is of its task."""
        return {
            f"retrieved_{split}": retrieved(self._bert, self._selection, split, self._device)
            for split in ("train", "selection")
        }


def families_of(tasks: Sequence[Task]) -> tuple[tuple[int, ...], ...]:
    """Places of the tasks of each family, families in order of appearance."""
    found: dict[str, list[int]] = {}
    for place, task in enumerate(tasks):
        found.setdefault(task.family, []).append(place)
    return tuple(map(tuple, found.values()))


def draw_siblings(families: Sequence[Sequence[int]], count: int, rng: random.Random) -> list[int]:
    """Distinct tasks: a part from a few whole families, the others from anywhere."""
    every = [place for family in families for place in family]
    count = min(count, len(every))
    picks: dict[int, None] = {}
    while len(picks) < round(SIBLINGS * count):
        family = rng.choice(families)
        for place in rng.sample(family, min(len(family), 8)):
            picks[place] = None
    while len(picks) < count:
        picks[rng.choice(every)] = None
    return list(picks)[:count]


def info_nce(one: Tensor, other: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of finding each row's partner among all partners, both ways.

    :param one: unit vectors, [n, dim]; row i of `other` [n, dim] is its partner.
    """
    logits = one @ other.T / temperature  # [n, n]
    wanted = torch.arange(len(one), device=one.device)
    return (F.cross_entropy(logits, wanted) + F.cross_entropy(logits.T, wanted)) / 2


@torch.no_grad()
def retrieved(
    bert: SentenceBert, tasks: Sequence[Task], split: Split, device: Device, count: int = 4
) -> float:
    """Share of descriptions whose nearest other description belongs to the same task."""
    rows = [
        (place, text)
        for place, task in enumerate(tasks)
        for text in task.descriptions(split, count, seed=0)
    ]
    vectors = bert.encode_all([text for _, text in rows], device)
    owners = torch.tensor([place for place, _ in rows], device=vectors.device)
    cosines = vectors @ vectors.T
    cosines.fill_diagonal_(-1)
    return float((owners[cosines.argmax(1)] == owners).float().mean())


def tune_on_phrasings(
    config: EncoderConfig, tasks: TaskSet, folder: Path, device: Device, trainer: Trainer
) -> Path:
    """Tune (or go on tuning) the encoder.

    :param tasks: trained on are the training tasks, measured the selection tasks.
    :param folder: where the finished encoder goes.
    :param trainer: with the run's folder and identity.
    :return: the folder of the finished encoder, a BERT checkpoint with its tokenizer.
    """
    final = folder / "final"
    if (final / "model.safetensors").exists():
        return final
    objective = ContrastObjective(config, tasks.train, tasks.selection, device)
    summary = trainer.run(objective)
    objective.module.eval().cpu()
    with whole_folder(final) as partial:
        objective.module.bert.save_pretrained(partial)
        (partial / TOKENIZER_FILE).write_bytes(tokenizer_bytes(source_folder()))
        facts = {**asdict(summary), **(objective.validate() or {})}
        (partial / "tuning.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return final


def schedule_of(config: EncoderConfig) -> Schedule:
    """The steps of the tuning."""
    return Schedule.of(config)
