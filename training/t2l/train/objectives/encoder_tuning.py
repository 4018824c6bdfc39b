"""Tunes the sentence encoder so that the steps of a task can be read off a description's vector.

    description -> BERT layers -> mean -> unit vector -> linear readers: step 1, 2, 3, parameters

A pooled sentence vector says well what a sentence is about and badly in which order things are to
be done. The readers (one softmax for every place and its parameter) are trained together with the
encoder's layers on training tasks in training phrasings, and thrown away: what stays is an encoder
whose vectors are close to a sum of one part a step, also for compositions that nobody trained on.
Word vectors stay as they are, so that words which training never used keep their place beside
those it did; and on sentences about other things the vector is held to the original encoder's,
so that what is no task of ours still looks like it.

An encoder that was tuned on the phrasings of other tasks (`encoder_contrast.py`) can be taught to
read as well: it begins where those left it, and their descriptions are held there.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer

from t2l.base.device import Device, cpu_device
from t2l.config.recipe import EncoderConfig
from t2l.config.sft import TrainerConfig
from t2l.encoders.onnx_encoder import TOKENIZER_FILE, source_folder, tokenizer_bytes
from t2l.tasks.general import GENERAL
from t2l.tasks.procedural.registry import DOMAINS
from t2l.tasks.procedural.world import Task, TaskSet, wider_compositions
from t2l.tasks.source import Split
from t2l.train.checkpoint import whole_folder
from t2l.train.objectives.sentence_bert import SentenceBert, batches
from t2l.train.trainer import BETAS, Schedule, StepResult, Trainer

PLACES = 3  # most steps in a task
IGNORED = -100


class Readers(nn.Module):
    """Linear readers of every place's step and parameter.

    :param dim: length of the vector.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        operations = [row for domain in DOMAINS.values() for row in domain.operations]
        self.controls = {
            c: i + 1 for i, c in enumerate(dict.fromkeys(o.control for o in operations))
        }
        names = sorted({row.parameter for row in operations if row.parameter})
        self.parameters_ = {name: index for index, name in enumerate(names)}
        self.scale = dim**0.5  # unit vectors become vectors of unit variance
        self.control = nn.Linear(dim, PLACES * (len(self.controls) + 1))
        self.parameter = nn.Linear(dim, PLACES * len(self.parameters_))

    def labels(self, tasks: Sequence[Task]) -> tuple[Tensor, Tensor]:
        """Step and parameter at every place, [tasks, places]: 0 for no step, ignored for none."""
        steps = torch.zeros(len(tasks), PLACES, dtype=torch.long)
        parameters = torch.full((len(tasks), PLACES), IGNORED)
        for row, task in enumerate(tasks):
            for place, step in enumerate(task.steps):
                steps[row, place] = self.controls[step.control]
                if step.parameter:
                    parameters[row, place] = self.parameters_[step.parameter]
        return steps, parameters

    def forward(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of steps [n, places, steps + 1] and of parameters [n, places, parameters]."""
        scaled = vectors * self.scale
        return (
            self.control(scaled).unflatten(-1, (PLACES, -1)),
            self.parameter(scaled).unflatten(-1, (PLACES, -1)),
        )

    def loss(self, vectors: Tensor, tasks: Sequence[Task], smoothing: float) -> Tensor:
        """Cross-entropy of steps plus that of parameters."""
        steps, parameters = self(vectors)
        steps_wanted, parameters_wanted = (x.to(vectors.device) for x in self.labels(tasks))
        loss = F.cross_entropy(
            steps.flatten(0, 1), steps_wanted.flatten(), label_smoothing=smoothing
        )
        if bool((parameters_wanted != IGNORED).any()):
            loss = loss + F.cross_entropy(
                parameters.flatten(0, 1), parameters_wanted.flatten(), ignore_index=IGNORED
            )
        return loss

    def all_right(self, vectors: Tensor, tasks: Sequence[Task]) -> Tensor:
        """Whether every step and parameter of a task is read rightly, [n]."""
        steps, parameters = (x.argmax(-1) for x in self(vectors))
        steps_wanted, parameters_wanted = (x.to(vectors.device) for x in self.labels(tasks))
        known = parameters_wanted == IGNORED
        return (steps == steps_wanted).all(-1) & ((parameters == parameters_wanted) | known).all(-1)


class TunedEncoder(SentenceBert):
    """An encoder with frozen word vectors, and the readers.

    :param begin: as in `SentenceBert`.
    """

    def __init__(self, begin: Path | None = None) -> None:
        super().__init__(begin)
        self.readers = Readers(self.bert.config.hidden_size)


def draw_texts(
    tasks: Sequence[Task], wider: Sequence[Task], count: int, rng: random.Random
) -> tuple[list[Task], list[str]]:
    """Random tasks, half of them from the wider compositions, and one training phrasing of each."""
    picks = [rng.choice(wider if wider and rng.random() < 0.5 else tasks) for _ in range(count)]
    return picks, [task.description("train", rng) for task in picks]


def parameter_groups(model: TunedEncoder, config: EncoderConfig) -> list[dict[str, object]]:
    """The encoder's layers learn slowly, the readers fast."""
    return [
        {
            "params": [p for p in model.bert.parameters() if p.requires_grad],
            "lr": config.lr,
            "weight_decay": config.weight_decay,
        },
        {"params": list(model.readers.parameters()), "lr": config.reader_lr, "weight_decay": 0.0},
    ]


@dataclass(frozen=True)
class Before:
    """What was tuned before, and stays.

    :param encoder: folder of the encoder to begin with.
    :param texts: whose vectors are held.
    :param held: how many of them a step.
    """

    encoder: Path
    texts: Sequence[str]
    held: int


class ReadingObjective:
    """Steps and parameters read off the vectors of training phrasings.

    :param tasks: trained on are the training tasks, whose compositions may be joined by wider ones;
        reading is measured on the selection tasks in selection phrasings.
    :param before: what was tuned before; None begins with the published encoder.
    """

    def __init__(
        self,
        config: EncoderConfig,
        tasks: TaskSet,
        device: Device,
        before: Before | None = None,
    ) -> None:
        torch.manual_seed(config.seed)
        self._config, self._device, self._tasks, self._before = config, device, tasks, before
        self.module = TunedEncoder(before.encoder if before else None).to(device.name)
        self._general = self.module.encode_all(GENERAL, device)
        if before is not None:
            self._held = self.module.encode_all(before.texts, device)
        self._wider = wider_compositions(tasks)
        groups = parameter_groups(self.module, config)
        self.optimizers: list[Optimizer] = [torch.optim.AdamW(groups, betas=BETAS)]

    def step(self, step: int) -> StepResult:
        """Phrasings of some tasks, and some sentences about other things."""
        config, model = self._config, self.module
        rng = random.Random(f"encoder|{config.seed}|{step}")
        model.train()
        picks, texts = draw_texts(self._tasks.train, self._wider, config.texts, rng)
        others = rng.sample(range(len(GENERAL)), config.general)
        vectors = model.encode([*texts, *(GENERAL[i] for i in others)], self._device)
        loss = model.readers.loss(vectors[: len(texts)], picks, config.smoothing)
        drift = (vectors[len(texts) :] - self._general[others]).square().sum(-1).mean()
        (loss + config.drift * drift).backward()
        numbers = {"drift": drift.item()}
        if self._before is not None:
            numbers["held"] = self._hold(self._before, rng)
        return StepResult(loss.item(), 0, numbers)

    def _hold(self, before: Before, rng: random.Random) -> float:
        """Pull some held texts back to where they were; their mean squared distance from there."""
        picks = rng.sample(range(len(before.texts)), min(before.held, len(before.texts)))
        vectors = self.module.encode([before.texts[i] for i in picks], self._device)
        drift = (vectors - self._held[picks]).square().sum(-1).mean()
        (self._config.drift * drift).backward()
        return drift.item()

    def validate(self) -> Mapping[str, float] | None:
        """How well unseen tasks are read."""
        tasks = self._tasks.selection
        return {"read": reading_accuracy(self.module, tasks, "selection", self._device)}


def tune_encoder(
    config: EncoderConfig,
    tasks: TaskSet,
    folder: Path,
    device: Device,
    options: TrainerConfig | None = None,
    before: Before | None = None,
) -> Path:
    """Tune (or go on tuning) the encoder.

    :param tasks: see `ReadingObjective`.
    :param folder: where checkpoints and the finished encoder lie.
    :param options: how it runs on this machine.
    :param before: see `ReadingObjective`.
    :return: the folder of the finished encoder, a BERT checkpoint with its tokenizer.
    :raises ConfigError: if the folder was begun as another run.
    """
    final = folder / "final"
    if (final / "model.safetensors").exists():
        return final
    objective = ReadingObjective(config, tasks, device, before)
    identity = {"encoder": asdict(config)}
    Trainer(Schedule.of(config), options or TrainerConfig(), folder, identity, "encoder").run(
        objective
    )
    model = objective.module.eval().cpu()
    read = {
        split: reading_accuracy(model, tasks.selection, split, cpu_device())
        for split in ("train", "selection")
    }
    with whole_folder(final) as partial:
        model.bert.save_pretrained(partial)
        (partial / TOKENIZER_FILE).write_bytes(tokenizer_bytes(source_folder()))
        (partial / "reading.json").write_text(json.dumps(read, indent=2) + "\n", encoding="utf-8")
    return final


@torch.no_grad()
def reading_accuracy(
    model: TunedEncoder, tasks: Sequence[Task], split: Split, device: Device, count: int = 4
) -> float:
    """Share of descriptions all of whose steps and parameters the readers get right."""
    model.eval()
    rows = [(task, text) for task in tasks for text in task.descriptions(split, count, seed=0)]
    right = []
    for part in batches(rows, 64):
        vectors = model.encode([text for _, text in part], device)
        right.append(model.readers.all_right(vectors, [task for task, _ in part]))
    return float(torch.cat(right).float().mean())
