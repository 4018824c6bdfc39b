"""The training loop of everything that is trained beside the base model and the hypernetwork."""

import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from t2l.config.baselines import LoopOptions
from t2l.train.checkpoint import load_checkpoint, save_checkpoint, seed_step
from t2l.train.schedule import rate_factor

logger = logging.getLogger(__name__)
CHECKPOINT_EVERY = 100  # steps
BETAS = (0.9, 0.98)


def run_loop(
    module: nn.Module,
    loss_at: Callable[[int], Tensor],
    options: LoopOptions,
    folder: Path | None = None,
    label: str | None = None,
) -> None:
    """Take `options.steps` AdamW steps on a module's parameters.

    :param loss_at: the objective of a step; everything random in it depends on the step only.
    :param folder: where checkpoints lie, so that a run that was cut goes on; None for none.
    :param label: of the progress bar; None hides it.
    """
    groups = decay_matrices_only(module, options.weight_decay)
    optimizer = torch.optim.AdamW(groups, lr=options.lr, betas=BETAS)
    start = 0 if folder is None else load_checkpoint(folder, module, [optimizer])
    progress = tqdm(
        range(start, options.steps),
        initial=start,
        total=options.steps,
        desc=label,
        disable=label is None,
        mininterval=5,
    )
    average = 0.0
    for step in progress:
        seed_step(options.seed, step)
        factor = rate_factor(step, options.steps, options.warmup, options.decay_from)
        for group in optimizer.param_groups:
            group["lr"] = options.lr * factor
        loss = loss_at(step)
        loss.backward()
        if options.clip is not None:
            nn.utils.clip_grad_norm_(module.parameters(), options.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        average = loss.item() if step == start else 0.98 * average + 0.02 * loss.item()
        progress.set_postfix(loss=f"{average:.3f}")
        if folder is not None and ((step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == options.steps):
            notes = {"options": asdict(options), "loss": average}
            save_checkpoint(folder, step + 1, module, [optimizer], notes)
            logger.info("%s step %d loss %.4f", label, step + 1, average)


def decay_matrices_only(module: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Parameter groups: weight decay on matrices; offsets, norms and embeddings are left alone."""
    decayed, kept = [], []
    for name, parameter in module.named_parameters():
        matrix = parameter.ndim == 2 and "table" not in name
        (decayed if matrix else kept).append(parameter)
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": kept}]
    return [{"weight_decay": 0.0, **group} for group in groups if group["params"]]
