"""Meta-training: the hypernetwork learns through the frozen base model, end to end.

    description vector -> hypernetwork -> LoRA -> frozen base on the input -> loss on the answer

A step takes several tasks, one phrasing and a few fresh examples of each. The prompt never says
what the task is, so all the base model can know about it comes through the adapter: this is what
the released T2L checkpoints lack, whose prompts contain the task definition.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from operator import methodcaller
from pathlib import Path

import torch
from torch import nn
from torch.optim import Optimizer
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_weights import changed
from t2l.base.device import Device
from t2l.base.outputs.dora import row_norms
from t2l.base.reader import Reader
from t2l.base.target import TargetSpec
from t2l.config.recipe import Config, SftConfig, TrainerConfig
from t2l.encoders.corpus import Corpus
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig
from t2l.hypernet.whitening import Whitening
from t2l.template.arrow import ArrowTemplate
from t2l.template.template import Template
from t2l.train.checkpoint import PLATEAU, require_same, whole_folder
from t2l.train.meta_batch import Part, Teacher, by_length, draw_rows, make_batch
from t2l.train.muon import Muon
from t2l.train.objectives.meta_loss import Terms, batch_step
from t2l.train.objectives.teacher import open_teacher
from t2l.train.parallel import ALONE, World, join_world
from t2l.train.regularise import Regularisers
from t2l.train.rows import KeptRows
from t2l.train.trainer import Identity, Schedule, StepResult, Trainer
from t2l.train.zero_shot import adapted_losses, frozen_reader

RECIPE = ("tasks", "target", "hypernetwork", "sft")  # what decides the weights
VALIDATION_EXAMPLES = 2  # of every selection task


def build_hypernetwork(
    config: Config, target: TargetSpec, dim: int, model: nn.Module | None = None
) -> Hypernetwork:
    """An untrained hypernetwork of the configured shape.

    :param model: the base model, which a DoRA's magnitudes start from; without it that network can
        only be loaded into or counted.
    """
    scale = None if config.sft.whitening is None else 1.0  # whitened vectors have unit variance
    options = HypernetworkConfig(
        embedding_dim=dim, input_scale=scale, **asdict(config.hypernetwork)
    )
    network = Hypernetwork(options, target, seed=config.sft.seed)
    if target.output == "dora" and model is not None:
        network.start_from(row_norms(model, target))
    return network


def whitening_of(corpus: Corpus, config: SftConfig) -> Whitening | None:
    """The whitening of the training vectors, or None if none is asked for."""
    if config.whitening is None:
        return None
    if config.whiten_within:
        return Whitening.within(corpus.embeddings, config.whitening)
    return Whitening.of(torch.cat(corpus.embeddings), config.whitening)


def make_optimizers(hypernetwork: nn.Module, config: SftConfig, bfloat16: bool) -> list[Optimizer]:
    """Muon for the matrices and AdamW for the rest, or AdamW for everything.

    Offsets, norms and embeddings do not decay.
    """
    matrices, others = [], []
    for name, parameter in hypernetwork.named_parameters():
        matrix = parameter.ndim == 2 and not any(kind in name for kind in ("table", "offset"))
        (matrices if matrix else others).append(parameter)
    decay = config.weight_decay
    if config.matrix_lr is not None:
        return [
            Muon(matrices, config.matrix_lr, weight_decay=decay, bfloat16=bfloat16),
            torch.optim.AdamW(others, lr=config.lr, betas=config.betas, weight_decay=0.0),
        ]
    groups = [
        {"params": matrices, "weight_decay": decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return [torch.optim.AdamW(groups, lr=config.lr, betas=config.betas)]


@dataclass
class MetaTraining:
    """The objective of the hypernetwork.

    :param corpus: training tasks with the vectors that the network is to take.
    :param selection: unseen tasks with vectors of selection phrasings, whose loss is watched.
    :param teacher: tells the base model each task, for the distance to what it thinks then.
    :param definitions: share of the examples that have a description in the prompt.
    """

    reader: Reader
    module: Hypernetwork
    optimizers: list[Optimizer]
    corpus: Corpus
    options: SftConfig
    rows: KeptRows
    terms: Terms
    selection: Corpus | None = None
    teacher: Teacher | None = None
    definitions: float = 0.0
    world: World = ALONE

    def step(self, step: int) -> StepResult:
        """See `Objective.step`; `numbers` has the other terms of the loss."""
        batch = make_batch(
            self.corpus, self.options, step, self.rows, self.teacher, self.definitions
        )
        found = batch_step(self.reader, self.module, batch, self.terms, self.world)
        numbers = {}
        if self.terms.contrast > 0:
            numbers["mismatched"] = found.mismatched
        if self.terms.distill > 0:
            numbers["distance"] = found.distilled
        if self.terms.against.output_decay > 0:
            numbers["decay"] = found.decayed
        return StepResult(found.matched, found.tokens, numbers)

    @torch.no_grad()
    def validate(self) -> Mapping[str, float] | None:
        """The loss on selection tasks under their own adapters, and under those of others."""
        if self.selection is None or len(self.selection.tasks) < 2:
            return None
        self.module.eval()
        vectors = torch.stack([vectors[0] for vectors in self.selection.embeddings])
        weights = self.module(vectors.to(self.reader.device.name))
        parts = self._validation_parts()
        found = {}
        for name, shift in (("validation_matched", 0), ("validation_shuffled", 1)):
            moved = changed(weights, methodcaller("roll", shift, 0))
            sums, counts = adapted_losses(self.reader, self.module.target, moved, parts)
            found[name] = float(sums.sum() / counts.sum())
        self.module.train()
        return found

    def _validation_parts(self) -> tuple[Part, ...]:
        """The same questions at every validation."""
        assert self.selection is not None
        seed = f"validation|{self.options.seed}"
        return by_length(
            [
                draw_rows(place, task, VALIDATION_EXAMPLES, self.rows, seed)
                for place, task in enumerate(self.selection.tasks)
            ]
        )


def train_hypernetwork(
    config: Config,
    model: PreTrainedModel,
    hypernetwork: Hypernetwork,
    corpus: Corpus,
    folder: Path,
    device: Device,
    *,
    template: Template | None = None,
    selection: Corpus | None = None,
    identity: Identity | None = None,
    options: TrainerConfig | None = None,
    definitions: float = 0.0,
) -> Hypernetwork:
    """Train (or go on training) the hypernetwork.

    :param model: the frozen base model.
    :param corpus: training tasks with their encoded training phrasings.
    :param folder: where checkpoints, metrics and the finished network lie.
    :param template: how examples become tokens; t2l-mini's by default.
    :param selection: unseen tasks with their encoded selection phrasings, whose loss is watched.
    :param identity: what the run is besides its recipe: base model, tokenizer, template, encoder.
    :param options: how it runs on this machine.
    :param definitions: share of the examples that have a description in the prompt.
    :raises ConfigError: if the folder's network was begun as another run, or the teacher cannot
        be shown in this template.
    """
    recipe = {part: asdict(getattr(config, part)) for part in RECIPE}
    identity = {**recipe, **(identity or {})}
    schedule = Schedule.of(config.sft)
    goes_on_from = require_same(folder, identity, schedule.plateau)
    final = folder / "final"
    if goes_on_from == PLATEAU:
        shutil.rmtree(final, ignore_errors=True)  # of the shorter run
    if final.exists():
        return Hypernetwork.load(final)
    hypernetwork.require_norms()
    sft, options = config.sft, options or TrainerConfig()
    whitening = whitening_of(corpus, sft)
    if whitening is not None:
        corpus = whitened(corpus, whitening)
        selection = None if selection is None else whitened(selection, whitening)
    world = join_world()
    against = Regularisers(sft.smoothing, sft.neftune, sft.lora_dropout, sft.output_decay)
    terms = Terms(sft.answers, sft.contrast, sft.margin, sft.distill, sft.teacher_signal, against)
    terms.require_one_process(world)
    rows = KeptRows(template or ArrowTemplate())
    teacher = open_teacher(sft, rows)
    hypernetwork.to(device.name).train()
    objective = MetaTraining(
        reader=frozen_reader(model, device, options.gradient_checkpointing),
        module=hypernetwork,
        optimizers=make_optimizers(hypernetwork, sft, device.bfloat16),
        corpus=corpus,
        options=sft,
        rows=rows,
        terms=terms,
        selection=None if selection is None else first_tasks(selection, options.validation_tasks),
        teacher=teacher,
        definitions=definitions,
        world=world,
    )
    trainer = Trainer(schedule, options, folder, identity, "sft", world)
    summary = trainer.run(objective)
    hypernetwork.eval().cpu()
    finished = hypernetwork if whitening is None else whitening.fold(hypernetwork)
    finished.round_matrices()
    facts = {
        "steps": sft.steps,
        "seconds": round(summary.seconds),
        "resumed_at": summary.resumed_at,
        "tokens": summary.tokens,
        "parameters": sum(part.numel() for part in finished.parameters()),
        "loss": round(summary.loss, 4),
    }
    if world.first:
        with whole_folder(final) as partial:
            finished.save(partial)
            (partial / "training.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
    return finished


def whitened(corpus: Corpus, whitening: Whitening) -> Corpus:
    """The same tasks with whitened vectors."""
    return replace(corpus, embeddings=tuple(map(whitening, corpus.embeddings)))


def first_tasks(corpus: Corpus, count: int) -> Corpus:
    """The first tasks of a corpus."""
    return Corpus(corpus.tasks[:count], corpus.descriptions[:count], corpus.embeddings[:count])
