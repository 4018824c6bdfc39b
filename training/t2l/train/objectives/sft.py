"""Meta-training: the hypernetwork learns through the frozen base model, end to end.

    description vector -> hypernetwork -> LoRA -> frozen base on "input -> " -> loss on the output

A step takes several tasks, one phrasing and a few fresh examples of each. The prompt never says
what the task is, so all the base model can know about it comes through the adapter: this is what
the released T2L checkpoints lack, whose prompts contain the task definition.
"""

import json
import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm
from transformers import LlamaForCausalLM

from t2l.base.device import Device
from t2l.base.families import CONFIG_FILE, model_shape
from t2l.base.files import base_model_revision
from t2l.base.lora import LoraWeights, apply_lora
from t2l.base.target import BaseModel, TargetModule, TargetSpec
from t2l.config.recipe import Config, SftConfig
from t2l.encoders.corpus import Corpus
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig
from t2l.hypernet.whitening import Whitening
from t2l.train.checkpoint import (
    load_checkpoint,
    read_notes,
    require_same,
    save_checkpoint,
    seed_step,
    whole_folder,
)
from t2l.train.loss import completion_loss
from t2l.train.meta_batch import Batch, make_batch
from t2l.train.muon import Muon
from t2l.train.objectives.distillation import distance, teacher_states
from t2l.train.schedule import rate_factor, set_rates

logger = logging.getLogger(__name__)

CHECKPOINT_EVERY = 200  # steps
RECIPE = ("tasks", "target", "hypernetwork", "sft")  # what decides the weights
PROJECTIONS = {  # target module -> where it lies in a Llama layer
    "q_proj": "self_attn.q_proj",
    "k_proj": "self_attn.k_proj",
    "v_proj": "self_attn.v_proj",
    "o_proj": "self_attn.o_proj",
    "gate_proj": "mlp.gate_proj",
    "up_proj": "mlp.up_proj",
    "down_proj": "mlp.down_proj",
}


def target_of(model: LlamaForCausalLM, folder: Path, config: Config) -> TargetSpec:
    """The target spec of the base model that was trained here.

    :param folder: where the finished base model lies; its bytes are its revision.
    """
    modules = []
    for name in config.target.modules:
        linear = model.model.layers[0].get_submodule(PROJECTIONS[name])
        modules.append(
            TargetModule(name, PROJECTIONS[name], linear.in_features, linear.out_features)
        )
    return TargetSpec(
        base_model=BaseModel(config.base.id, base_model_revision(folder), "llama", "apache-2.0"),
        layers=model.config.num_hidden_layers,
        modules=tuple(modules),
        rank=config.target.rank,
        alpha=config.target.alpha,
        use_rslora=config.target.use_rslora,
        attention=model_shape(model.config.to_dict(), folder / CONFIG_FILE).attention,
    )


def build_hypernetwork(config: Config, target: TargetSpec, dim: int) -> Hypernetwork:
    """An untrained hypernetwork of the configured shape."""
    scale = None if config.sft.whitening is None else 1.0  # whitened vectors have unit variance
    options = HypernetworkConfig(
        embedding_dim=dim, input_scale=scale, **asdict(config.hypernetwork)
    )
    return Hypernetwork(options, target, seed=config.sft.seed)


def whitening_of(corpus: Corpus, config: SftConfig) -> Whitening | None:
    """The whitening of the training vectors, or None if none is asked for."""
    if config.whitening is None:
        return None
    if config.whiten_within:
        return Whitening.within(corpus.embeddings, config.whitening)
    return Whitening.of(torch.cat(corpus.embeddings), config.whitening)


def select_tasks(weights: LoraWeights, rows: Tensor) -> LoraWeights:
    """The LoRA of some of the tasks of a batch."""
    return {name: (a[rows], b[rows]) for name, (a, b) in weights.items()}


@dataclass(frozen=True)
class BatchLoss:
    """What a batch gives.

    :param matched: mean loss over the output tokens under each task's own adapter.
    :param mismatched: mean shortfall of the margin by which the own adapter must beat another
        task's, zero if that is not asked for.
    :param distilled: distance of hidden states (`distillation.py`), zero if not asked for.
    :param weights: the generated adapters.
    :param tokens: tokens computed.
    """

    matched: Tensor
    mismatched: Tensor
    distilled: Tensor
    weights: LoraWeights
    tokens: int


def batch_loss(
    model: LlamaForCausalLM,
    hypernetwork: Hypernetwork,
    batch: Batch,
    device: Device,
    margin: float | None = None,
    distill: bool = False,
) -> BatchLoss:
    """Completion loss of a batch under the generated adapters.

    :param margin: also compute every answer under the next task's adapter, whose loss is to be
        higher by this much (nats a token).
    :param distill: also compare hidden states with those of the base model that is told the task.
    """
    with device.autocast():
        weights = hypernetwork(batch.embeddings.to(device.name))
    weights = {name: (a.float(), b.float()) for name, (a, b) in weights.items()}
    matched, missed, distilled = torch.zeros(3, device=device.name).unbind()
    labelled, computed = 0, 0
    for part in batch.parts:
        rows, tokens = part.rows.to(device.name), part.tokens.to(device.name)
        labels = part.labels.to(device.name)
        count = int((labels[:, 1:] >= 0).sum())
        own = select_tasks(weights, rows)
        with apply_lora(model, hypernetwork.target, own, groups=len(rows)), device.autocast():
            found = model(input_ids=tokens, output_hidden_states=distill)
            loss = completion_loss(found.logits, labels)
        matched = matched + loss * count
        if distill:
            told, shifts = part.told.to(device.name), part.shifts.to(device.name)
            teacher = teacher_states(model, told, shifts, tokens.shape[1], device)
            distilled = distilled + distance(found.hidden_states[1:], teacher, tokens) * count
        if margin is not None:
            other = select_tasks(weights, rows.roll(1))
            with apply_lora(model, hypernetwork.target, other), device.autocast():
                wrong = completion_loss(model(input_ids=tokens).logits, labels)
            missed = missed + (margin + loss.detach() - wrong).clamp(min=0) * count
        labelled += count
        computed += tokens.numel()
    return BatchLoss(matched / labelled, missed / labelled, distilled / labelled, weights, computed)


def make_optimizers(
    hypernetwork: nn.Module, config: SftConfig, bfloat16: bool
) -> list[torch.optim.Optimizer]:
    """Muon for the matrices and AdamW for the rest, or AdamW for everything.

    Offsets, norms and embeddings do not decay.
    """
    matrices, others = [], []
    for name, parameter in hypernetwork.named_parameters():
        matrix = parameter.ndim == 2 and "table" not in name
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


def train_hypernetwork(
    config: Config,
    model: LlamaForCausalLM,
    hypernetwork: Hypernetwork,
    corpus: Corpus,
    folder: Path,
    device: Device,
) -> Hypernetwork:
    """Train (or go on training) the hypernetwork.

    :param model: the frozen base model.
    :param corpus: training tasks with their encoded training phrasings.
    :param folder: where checkpoints and the finished network lie.
    :raises ConfigError: if the folder's network was begun with another recipe.
    """
    require_same(folder, {part: asdict(getattr(config, part)) for part in RECIPE})
    final = folder / "final"
    if final.exists():
        return Hypernetwork.load(final)
    options = config.sft
    whitening = whitening_of(corpus, options)
    if whitening is not None:
        whitened = tuple(whitening(vectors) for vectors in corpus.embeddings)
        corpus = replace(corpus, embeddings=whitened)
    model.to(device.name)
    if device.name == "cpu":  # at these lengths the fused kernel's backward pass is the slower one
        model.set_attn_implementation("eager")
    hypernetwork.to(device.name).train()
    optimizers = make_optimizers(hypernetwork, options, device.bfloat16)
    peaks = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
    start = load_checkpoint(folder, hypernetwork, optimizers)
    margin = options.margin if options.contrast > 0 else None
    before = read_notes(folder) if start > 0 else {}
    tokens_seen, average = before.get("tokens", 0), before.get("loss")
    seconds_before, tokens_before = before.get("seconds", 0.0), tokens_seen
    progress = tqdm(range(start, options.steps), initial=start, total=options.steps, mininterval=5)
    for step in progress:
        seed_step(options.seed, step)
        factor = rate_factor(step, options.steps, options.warmup, options.decay_from)
        set_rates(optimizers, peaks, factor)
        batch = make_batch(corpus, options, step)
        found = batch_loss(model, hypernetwork, batch, device, margin, options.distill > 0)
        objective = found.matched + options.contrast * found.mismatched
        objective = objective + options.distill * found.distilled
        objective.backward()
        nn.utils.clip_grad_norm_(hypernetwork.parameters(), options.clip)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        tokens_seen += found.tokens
        loss = found.matched.item()
        average = loss if average is None else 0.98 * average + 0.02 * loss
        elapsed = progress.format_dict["elapsed"] or 1e-9
        progress.set_postfix(
            loss=f"{average:.3f}",
            distance=f"{found.distilled.item():.3f}",
            tokens_per_s=int((tokens_seen - tokens_before) / elapsed),
            refresh=False,
        )
        if (step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == options.steps:
            notes = {
                "config": asdict(config),
                "loss": average,
                "tokens": tokens_seen,
                "seconds": seconds_before + elapsed,
            }
            save_checkpoint(folder, step + 1, hypernetwork, optimizers, notes)
            logger.info("sft step %d loss %.4f", step + 1, average)
    hypernetwork.eval().cpu()
    finished = hypernetwork if whitening is None else whitening.fold(hypernetwork)
    finished.round_matrices()
    facts = {
        "steps": options.steps,
        "seconds": round(seconds_before + progress.format_dict["elapsed"]),
        "resumed_at": start,
        "tokens": tokens_seen,
        "parameters": sum(part.numel() for part in finished.parameters()),
        "loss": round(average or 0.0, 4),
    }
    with whole_folder(final) as partial:
        finished.save(partial)
        (partial / "training.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
    return finished
