"""The loss of a meta-training batch, and its gradients.

    matched     answers under each task's own adapter
    mismatched  shortfall of the margin by which the own adapter must beat another task's
    distilled   distance of hidden states, or divergence of what is expected, from the base model
                that is told the task

All are means over the answer tokens of the whole batch, whatever parts it is run in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from t2l.base.adapter_weights import AdapterWeights, changed
from t2l.base.applying import apply_adapters
from t2l.base.packing import Sheets
from t2l.base.reader import Reader
from t2l.base.target import TargetSpec
from t2l.config.errors import ConfigError
from t2l.train.loss import RowLosses, answer_losses
from t2l.train.meta_batch import Batch, Part
from t2l.train.objectives.distillation import (
    distance,
    divergence,
    teacher_logits,
    teacher_states,
)
from t2l.train.parallel import ALONE, World
from t2l.train.regularise import NONE, Regularisers, decay_of, noisy_embeddings
from t2l.train.step import adapted_backward


@dataclass(frozen=True)
class Terms:
    """What the loss has besides the answers under their own adapters.

    :param answers: weight of the matched term.
    :param contrast: weight of the mismatched term, 0 for none.
    :param margin: how much likelier an answer must be under its own adapter, nats a token.
    :param distill: weight of the distilled term, 0 for none.
    :param signal: what is distilled, the states of all layers or the logits of answers.
    :param against: what is done against learning by heart.
    """

    answers: float = 1.0
    contrast: float = 0.0
    margin: float = 1.0
    distill: float = 0.0
    signal: Literal["states", "logits"] = "states"
    against: Regularisers = NONE

    def require_one_process(self, world: World) -> None:
        """Refuse several processes where a term is not a sum over tasks.

        :raises ConfigError: saying what would be right.
        """
        if world.size == 1:
            return
        remedy = "start one process"
        if self.contrast > 0:
            raise ConfigError(
                f"sft.contrast {self.contrast} compares tasks that {world.size} processes do not "
                f"have together; set it to 0 or {remedy}"
            )
        if self.distill > 0 and self.signal == "states":
            raise ConfigError(
                "sft.teacher_signal states is relative to the states of a step's tasks, which "
                f"{world.size} processes do not have together; set it to logits or {remedy}"
            )


@dataclass(frozen=True)
class BatchLoss:
    """What a batch gives; of this process's share of it, if there are several.

    :param matched: loss under each task's own adapter.
    :param mismatched: mean shortfall of the margin, zero if it is not asked for.
    :param distilled: distance to the told base model, zero if it is not asked for.
    :param decayed: penalty on the generated weights, zero if it is not asked for.
    :param weights: the generated adapters of this process's tasks, without their history.
    :param tokens: run through the base model under adapters of their own.
    """

    matched: float
    mismatched: float
    distilled: float
    decayed: float
    weights: AdapterWeights
    tokens: int


def batch_step(
    reader: Reader,
    hypernetwork: nn.Module,
    batch: Batch,
    terms: Terms,
    world: World = ALONE,
) -> BatchLoss:
    """The loss of a batch; its gradients are left in the hypernetwork, if it has any.

    Each process generates the adapters of its own tasks only. Dropout is drawn by each for itself,
    so with it several processes take other draws than one does.

    :param hypernetwork: vectors [tasks, dim] -> adapters; its `target` says for what.
    :param world: which of the batch's parts run here: a share of the tasks of each.
    """
    target: TargetSpec = hypernetwork.target  # type: ignore[assignment]
    device = reader.device
    shares = map_shares(batch, world)
    ours = torch.tensor(sorted(place for part in shares for place in part.places.tolist()))
    with device.autocast():
        weights = hypernetwork(batch.embeddings[ours.long()].to(device.name))
    weights = changed(weights, Tensor.float)
    learns = any(side.requires_grad for sides in weights.values() for side in sides)
    labelled = batch.answer_tokens
    sums, against = _Sums(), terms.against

    def run(part: Part, own: AdapterWeights) -> None:
        share = part.answer_tokens / labelled
        groups = len(part.places)
        taught = terms.distill > 0
        by_states = taught and terms.signal == "states"
        sheets = reader.sheets(part.rows, groups, whole=by_states)
        apart_of = _distance_from(reader, part, sheets, by_states) if taught else None
        dropped = against.lora_dropout if learns else 0.0
        with (
            apply_adapters(reader.model, target, own, groups, dropped),
            noisy_embeddings(reader.model, against.neftune if learns else 0.0),
        ):
            found = answer_losses(reader, sheets, by_states, against.smoothing)
            matched = found.sums.sum() / labelled
            loss = terms.answers * matched
            if apart_of is not None:
                apart = apart_of(found) * share
                loss = loss + terms.distill * apart
                sums.distilled += apart.item()
            if loss.requires_grad:
                loss.backward()
        sums.matched += matched.item()
        sums.tokens += int(sheets.tokens.numel())
        if terms.contrast > 0:
            other = changed(own, lambda side: side.roll(1, 0))
            with apply_adapters(reader.model, target, other, groups):
                wrong = answer_losses(reader, sheets).sums.sum() / labelled
                missed = (terms.margin * share + matched.detach() - wrong).clamp(min=0)
                if missed.requires_grad:
                    (terms.contrast * missed).backward()
            sums.missed += missed.item()

    parts = [(torch.searchsorted(ours, part.places).to(device.name), part) for part in shares]
    begun, penalty = None, 0.0
    if against.output_decay > 0 and learns:
        penalty, begun = decay_of(weights, len(batch.embeddings), against.output_decay)
    adapted_backward(weights, parts, run, reader.model.dtype, begun)
    kept = changed(weights, Tensor.detach)
    return BatchLoss(sums.matched, sums.missed, sums.distilled, penalty, kept, sums.tokens)


def _distance_from(
    reader: Reader, part: Part, sheets: Sheets, by_states: bool
) -> Callable[[RowLosses], Tensor]:
    """How far what is computed under adapters is from the told base model, a mean over a part."""
    if by_states:
        states = teacher_states(reader, part, sheets)
        return lambda found: distance(states.tokens_of(found.states), states.states)
    logits = teacher_logits(reader, part, sheets)
    return lambda found: divergence(found.logits, logits) / len(logits)


@dataclass
class _Sums:
    matched: float = 0.0
    missed: float = 0.0
    distilled: float = 0.0
    tokens: int = 0


def map_shares(batch: Batch, world: World) -> list[Part]:
    """The parts of a batch that this process runs: as many tasks as any other, or one fewer."""
    shares, before = [], 0
    for part in batch.parts:
        shares.append(part.share(world, before))
        before += len(part.places)
    return [part for part in shares if len(part.places)]
