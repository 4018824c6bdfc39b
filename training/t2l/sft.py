"""Meta-training: the hypernetwork learns through the frozen base model, end to end.

    description vector -> hypernetwork -> LoRA -> frozen base on "input -> " -> loss on the output

A step takes several tasks, one phrasing and a few fresh examples of each. The prompt never says
what the task is, so all the base model can know about it comes through the adapter: this is what
the released T2L checkpoints lack, whose prompts contain the task definition.
"""

import logging
import random
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm
from transformers import LlamaForCausalLM

from t2l.base_model import base_model_revision, collate, completion_loss, encode_lines
from t2l.checkpoint import load_checkpoint, save_checkpoint, seed_step
from t2l.config import Config, SftConfig
from t2l.corpus import Corpus
from t2l.device import Device
from t2l.hypernetwork import Hypernetwork, HypernetworkConfig
from t2l.lora import LoraWeights, apply_lora
from t2l.schedule import rate_factor
from t2l.target import BaseModel, TargetModule, TargetSpec
from t2l.whitening import Whitening

logger = logging.getLogger(__name__)

CHECKPOINT_EVERY = 100  # steps
LENGTH_BUCKETS = 3  # a step's tasks are run in this many parts of similar length: less padding
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
    :raises ValueError: if the configuration names a module that the model does not have.
    """
    modules = []
    for name in config.target.modules:
        if name not in PROJECTIONS:
            raise ValueError(f"target module {name!r} is not one of {', '.join(PROJECTIONS)}")
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
    )


def build_hypernetwork(config: Config, target: TargetSpec, dim: int) -> Hypernetwork:
    """An untrained hypernetwork of the configured shape."""
    scale = None if config.sft.whitening is None else 1.0  # whitened vectors have unit variance
    options = HypernetworkConfig(
        embedding_dim=dim, input_scale=scale, **asdict(config.hypernetwork)
    )
    return Hypernetwork(options, target, seed=config.sft.seed)


@dataclass(frozen=True)
class Batch:
    """What one step needs.

    :param embeddings: one description vector a task, [tasks, dim].
    :param parts: (task rows, token ids, labels) by length; ids are [rows * examples, length].
    """

    embeddings: Tensor
    parts: tuple[tuple[Tensor, Tensor, Tensor], ...]


def make_batch(corpus: Corpus, config: SftConfig, step: int) -> Batch:
    """The batch of one step: distinct tasks, one phrasing and fresh examples of each."""
    rng = random.Random(f"sft|{config.seed}|{step}")
    picks = rng.sample(range(len(corpus.tasks)), min(config.tasks, len(corpus.tasks)))
    embeddings = torch.stack([rng.choice(corpus.embeddings[pick]) for pick in picks])
    rows = []
    for place, pick in enumerate(picks):
        task = corpus.tasks[pick]
        examples = [encode_lines([task.sample(rng)]) for _ in range(config.examples)]
        rows.append((max(len(ids) for ids, _ in examples), place, examples))
    rows.sort(key=lambda row: row[:2])
    size = -(-len(rows) // LENGTH_BUCKETS)
    parts = []
    for start in range(0, len(rows), size):
        group = rows[start : start + size]
        tokens, labels = collate([example for _, _, examples in group for example in examples])
        parts.append((torch.tensor([place for _, place, _ in group]), tokens, labels))
    return Batch(embeddings, tuple(parts))


def select_tasks(weights: LoraWeights, rows: Tensor) -> LoraWeights:
    """The LoRA of some of the tasks of a batch."""
    return {name: (a[rows], b[rows]) for name, (a, b) in weights.items()}


def batch_loss(
    model: LlamaForCausalLM, hypernetwork: Hypernetwork, batch: Batch, device: Device
) -> tuple[Tensor, LoraWeights, int]:
    """Completion loss of a batch under the generated adapters.

    :return: mean loss over the output tokens, the generated weights, tokens computed.
    """
    weights = hypernetwork(batch.embeddings.to(device.name))
    total = torch.zeros((), device=device.name)
    labelled, computed = 0, 0
    for rows, tokens, labels in batch.parts:
        tokens, labels = tokens.to(device.name), labels.to(device.name)
        part = select_tasks(weights, rows.to(device.name))
        with apply_lora(model, hypernetwork.target, part, groups=len(rows)), device.autocast():
            loss = completion_loss(model(input_ids=tokens).logits, labels)
        count = int((labels[:, 1:] >= 0).sum())
        total = total + loss * count
        labelled += count
        computed += tokens.numel()
    return total / labelled, weights, computed


def mean_square(weights: LoraWeights) -> Tensor:
    """Mean square of all generated values."""
    values = [part for pair in weights.values() for part in pair]
    return sum(part.square().sum() for part in values) / sum(part.numel() for part in values)


def parameter_groups(hypernetwork: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Weight decay on matrices only: offsets, norms and embeddings are left alone."""
    decayed, kept = [], []
    for name, parameter in hypernetwork.named_parameters():
        matrix = parameter.ndim == 2 and "table" not in name
        (decayed if matrix else kept).append(parameter)
    return [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": kept, "weight_decay": 0.0},
    ]


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
    """
    final = folder / "final"
    if final.exists():
        return Hypernetwork.load(final)
    options = config.sft
    whitening = None
    if options.whitening is not None:
        whitening = Whitening.of(torch.cat(corpus.embeddings), options.whitening)
        whitened = tuple(whitening(vectors) for vectors in corpus.embeddings)
        corpus = replace(corpus, embeddings=whitened)
    model.to(device.name)
    hypernetwork.to(device.name).train()
    optimizer = torch.optim.AdamW(
        parameter_groups(hypernetwork, options.weight_decay), lr=options.lr, betas=options.betas
    )
    start = load_checkpoint(folder, hypernetwork, [optimizer])
    tokens_seen, average = 0, 0.0
    progress = tqdm(range(start, options.steps), initial=start, total=options.steps, mininterval=5)
    for step in progress:
        seed_step(options.seed, step)
        rate = options.lr * rate_factor(step, options.steps, options.warmup, options.decay_from)
        for group in optimizer.param_groups:
            group["lr"] = rate
        batch = make_batch(corpus, options, step)
        loss, weights, computed = batch_loss(model, hypernetwork, batch, device)
        objective = loss
        if options.norm_penalty > 0:
            objective = loss + options.norm_penalty * mean_square(weights)
        objective.backward()
        nn.utils.clip_grad_norm_(hypernetwork.parameters(), options.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        tokens_seen += computed
        average = loss.item() if step == start else 0.98 * average + 0.02 * loss.item()
        elapsed = progress.format_dict["elapsed"] or 1e-9
        progress.set_postfix(loss=f"{average:.3f}", tokens_per_s=int(tokens_seen / elapsed))
        if (step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == options.steps:
            notes = {"config": asdict(config), "loss": average}
            save_checkpoint(folder, step + 1, hypernetwork, [optimizer], notes)
            logger.info("sft step %d loss %.4f", step + 1, average)
    hypernetwork.eval().cpu()
    finished = hypernetwork if whitening is None else whitening.fold(hypernetwork)
    finished.save(final)
    return finished
