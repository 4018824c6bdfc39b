"""The tiny base model: a character-level Llama that has skills but is told nothing.

It is a plain transformers `LlamaForCausalLM`, so PEFT, transformers and every converter can load
it. It learns from episodes of several "input -> output" lines of one task, with the loss on every
output. Most begin with the task's control codes (as CTRL's do, Keskar et al., 2019): one token a
step, and its parameter. They teach the skills and how skills combine. The others say nothing: line
k is a k-shot prompt, and line 0 is zero-shot, where the model cannot know which of
many hundred tasks is wanted. No episode has a description, and nobody who uses the model writes
codes. That gap between having a skill and knowing that it is wanted is what an adapter has to fill.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.optim import Optimizer
from transformers.models.llama.configuration_llama import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from t2l.base.device import Device
from t2l.base.files import load_base_model
from t2l.base.typed import on_device
from t2l.config.recipe import BaseModelConfig
from t2l.config.sft import TrainerConfig
from t2l.tasks.procedural.world import Task
from t2l.template.arrow import encode_lines
from t2l.template.characters import BOS, END, EOS, PAD, TOKEN_IDS, VOCABULARY, build_tokenizer
from t2l.template.rows import collate
from t2l.train.checkpoint import whole_folder
from t2l.train.loss import completion_loss
from t2l.train.muon import Muon
from t2l.train.trainer import Schedule, StepResult, Trainer


def build_model(config: BaseModelConfig) -> LlamaForCausalLM:
    """An untrained base model; weights drawn from the configuration's seed."""
    torch.manual_seed(config.seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(VOCABULARY),
            hidden_size=config.hidden,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            num_key_value_heads=config.heads,
            intermediate_size=config.intermediate,
            max_position_embeddings=512,
            tie_word_embeddings=False,
            pad_token_id=PAD,
            bos_token_id=BOS,
            eos_token_id=EOS,
        )
    )


def start_from(model: LlamaForCausalLM, folder: Path) -> None:
    """Begin with the weights of an earlier base model of the same shape.

    Its vocabulary must be the beginning of ours: the rows of newer tokens stay as drawn.

    :raises FileNotFoundError: if there is no such model.
    :raises ValueError: if a weight has another shape, or there are other weights.
    """
    path = folder / "model.safetensors"
    if not path.exists():
        raise FileNotFoundError(
            f"{path}: no base model to continue; training/README.md says where to get it from, or "
            "leave base.continue_from out to train from nothing"
        )
    ours, theirs = model.state_dict(), load_file(path)
    if theirs.keys() != ours.keys():
        raise ValueError(f"{folder}: it has {len(theirs)} weights, wanted {len(ours)}")
    for name, value in theirs.items():
        shape = ours[name].shape
        if value.shape[1:] != shape[1:] or value.shape[0] > shape[0]:
            raise ValueError(f"{folder}: {name} is {tuple(value.shape)}, wanted {tuple(shape)}")
        ours[name][: value.shape[0]] = value.float()
    model.load_state_dict(ours)


def episode_batch(
    tasks: Sequence[Task], config: BaseModelConfig, step: int
) -> tuple[Tensor, Tensor]:
    """The episodes of one step: one random training task each, all with control codes or none.

    :return: token ids and labels, both [episodes, length].
    """
    rng = random.Random(f"base|{config.seed}|{step}")
    singles = [task for task in tasks if len(task.steps) == 1] or tasks
    coded = rng.random() < config.coded
    rows = []
    for _ in range(config.coded_episodes if coded else config.episodes):
        task = rng.choice(singles if rng.random() < config.singles else tasks)
        codes = task.codes if coded else ()
        pairs = config.coded_pairs if coded else config.pairs
        rows.append(fill_row(task, codes, pairs, config.row, rng))
    tokens, labels, _ = collate(rows, PAD)
    return tokens, labels


def fill_row(
    task: Task, codes: Sequence[str], pairs: int, row: int, rng: random.Random
) -> tuple[list[int], list[bool]]:
    """One episode: as many pairs of a task as fit the row, so that little of a batch is padding."""
    ids, is_output = encode_lines([task.sample(rng)], codes)
    for _ in range(pairs - 1):
        more_ids, more_is_output = encode_lines([task.sample(rng)])
        if len(ids) + len(more_ids) - 1 > row:
            break
        ids += more_ids[1:]
        is_output += more_is_output[1:]
    return ids, is_output


def make_optimizers(
    model: nn.Module, config: BaseModelConfig, bfloat16: bool = False
) -> list[Optimizer]:
    """Muon for the matrices inside the blocks, AdamW for everything else."""
    inside, outside = [], []
    for name, parameter in model.named_parameters():
        matrix = parameter.ndim == 2 and ".layers." in name
        (inside if matrix else outside).append(parameter)
    return [
        Muon(inside, lr=config.matrix_lr, weight_decay=0.01, bfloat16=bfloat16),
        torch.optim.AdamW(outside, lr=config.lr, betas=(0.9, 0.98), weight_decay=0.0),
    ]


@dataclass
class Episodes:
    """The objective: every output of an episode."""

    module: LlamaForCausalLM
    optimizers: Sequence[Optimizer]
    tasks: Sequence[Task]
    config: BaseModelConfig
    device: Device

    def step(self, step: int) -> StepResult:
        """See `Objective.step`."""
        batch = episode_batch(self.tasks, self.config, step)
        tokens, labels = (part.to(self.device.name) for part in batch)
        with self.device.autocast():
            loss = completion_loss(self.module(input_ids=tokens).logits, labels)
        loss.backward()
        return StepResult(loss.item(), tokens.numel())

    def validate(self) -> Mapping[str, float] | None:
        """Nothing: what it can do is measured with the adapters."""
        return None


def train_base_model(
    config: BaseModelConfig,
    tasks: Sequence[Task],
    folder: Path,
    device: Device,
    options: TrainerConfig | None = None,
) -> LlamaForCausalLM:
    """Train (or go on training) the base model, then round its weights to float16 values.

    Rounding makes the float16 file that ships exact: training, evaluation and the edge all
    compute with the very same numbers.

    :param folder: where checkpoints and the finished model lie.
    :param options: how it runs on this machine.
    :raises ConfigError: if the folder was begun as another run.
    """
    final = folder / "final"
    if (final / "model.safetensors").exists():
        return load_base_model(final)
    model = build_model(config)
    if config.continue_from is not None:
        start_from(model, Path(config.continue_from))
    on_device(model, device.name)
    if device.name == "cpu":  # at these lengths the fused kernel's backward pass is the slower one
        model.set_attn_implementation("eager")
    optimizers = make_optimizers(model, config, device.bfloat16)
    identity = {"base": asdict(config)}
    loop = Trainer(Schedule.of(config), options or TrainerConfig(), folder, identity, "base model")
    loop.run(Episodes(model, optimizers, tasks, config, device))
    round_to_float16(model)
    with whole_folder(final) as partial:
        save_base_model(model, partial)
    return load_base_model(final)


def round_to_float16(model: nn.Module) -> None:
    """Replace every weight by the nearest float16 value, kept as float32."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half().float())


def save_base_model(model: LlamaForCausalLM, folder: Path) -> None:
    """Write the model as float16, with its tokenizer, in the transformers layout."""
    folder.mkdir(parents=True, exist_ok=True)
    half = LlamaForCausalLM(model.config)
    half.load_state_dict(model.state_dict())
    # An answer is one line: any consumer's `generate` stops at its end.
    half.generation_config.eos_token_id = [EOS, TOKEN_IDS[END]]
    half.half().save_pretrained(folder)
    build_tokenizer().save_pretrained(folder)
