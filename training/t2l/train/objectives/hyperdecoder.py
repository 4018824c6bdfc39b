"""Hyperdecoders (Ivison & Peters, 2022): an adapter for every input, made from the input itself.

The network is our hypernetwork and the loss is ours. It reads no description: its vector is the
mean of the base model's final hidden states over the prompt. What it cannot know is which task is
wanted where the input does not say so, and that is what it is compared for.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import LlamaForCausalLM

from t2l.base.device import Device
from t2l.base.target import TargetSpec
from t2l.config.recipe import Config
from t2l.hypernet.hypernetwork import CONFIG_FILE, Hypernetwork
from t2l.hypernet.whitening import Whitening
from t2l.tasks.procedural.world import Task
from t2l.template.characters import PAD
from t2l.template.rows import Row
from t2l.train.loop import run_loop
from t2l.train.objectives.sft import build_hypernetwork
from t2l.train.zero_shot import adapted_losses, by_length, draw_questions, prepare

logger = logging.getLogger(__name__)
FOLDER = "hyperdecoder"


@torch.no_grad()
def prompt_vectors(model: LlamaForCausalLM, rows: Sequence[Row], device: Device) -> Tensor:
    """Unit mean of the final hidden states over each row's prompt, [rows, hidden], on the CPU.

    The answer is cut off; the model runs without any adapter.

    :param rows: questions with their answers.
    """
    found = []
    for start in range(0, len(rows), 160):
        prompts = [ids[: is_answer.index(True)] for ids, is_answer in rows[start : start + 160]]
        longest = max(map(len, prompts))
        tokens = torch.tensor([ids + [PAD] * (longest - len(ids)) for ids in prompts])
        lengths = torch.tensor([len(ids) for ids in prompts])
        inside = torch.arange(longest) < lengths[:, None]  # [rows, length]
        hidden = model.model(input_ids=tokens.to(device.name)).last_hidden_state
        inside = inside.to(hidden.device, hidden.dtype)[..., None]
        found.append((hidden * inside).sum(dim=1) / inside.sum(dim=1))
    return torch.nn.functional.normalize(torch.cat(found), dim=1).float().cpu()


def train_hyperdecoder(
    config: Config,
    model: LlamaForCausalLM,
    target: TargetSpec,
    tasks: Sequence[Task],
    folder: Path,
    device: Device,
) -> Hypernetwork:
    """Train the network that reads inputs.

    :param model: the frozen base model.
    :param tasks: the training tasks.
    :param folder: its `hyperdecoder/` gets checkpoints and the finished network.
    """
    place = folder / FOLDER
    if (place / CONFIG_FILE).exists():
        return load_hyperdecoder(folder)
    options = config.baselines.hyperdecoder
    prepare(model, device)
    network = build_hypernetwork(config, target, model.config.hidden_size).to(device.name).train()
    whitening = _whitening(config, model, tasks, device)

    def loss_at(step: int) -> Tensor:
        seed = f"hyperdecoder|{options.seed}|{step}"
        groups = draw_questions(tasks, options.tasks, options.examples, seed)
        vectors = prompt_vectors(model, [row for group in groups for row in group], device)
        if whitening is not None:
            vectors = whitening(vectors)
        with device.autocast():
            weights = network(vectors.to(device.name))
        weights = {name: (a.float(), b.float()) for name, (a, b) in weights.items()}
        sums, counts = adapted_losses(model, target, weights, by_length(groups), device)
        return sums.sum() / counts.sum()

    run_loop(network, loss_at, options, place, "hyperdecoder")
    network.eval().cpu()
    finished = network if whitening is None else whitening.fold(network)
    finished.save(place)
    return finished


def _whitening(
    config: Config, model: LlamaForCausalLM, tasks: Sequence[Task], device: Device
) -> Whitening | None:
    """The whitening of prompt vectors, with the shrinkage that descriptions get."""
    if config.sft.whitening is None:
        return None
    options = config.baselines.hyperdecoder
    each = -(-options.whitening_rows // len(tasks))
    groups = draw_questions(tasks, len(tasks), each, f"whitening|{options.seed}")
    rows = [row for group in groups for row in group][: options.whitening_rows]
    return Whitening.of(prompt_vectors(model, rows, device), config.sft.whitening)


def load_hyperdecoder(folder: Path) -> Hypernetwork:
    """The finished network; it takes prompt vectors as they are.

    :raises FileNotFoundError: if it was not trained.
    """
    place = folder / FOLDER
    if not (place / CONFIG_FILE).exists():
        raise FileNotFoundError(f"{place}: no network; run the `baselines` stage first")
    return Hypernetwork.load(place)
