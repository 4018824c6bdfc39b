"""Context distillation: an adapter's hidden states held to those of the base model that is told.

    teacher   <bos> <reverse> <upper> cat sun map -> PAM NUS TAC     no adapter
    student   <bos>                   cat sun map -> PAM NUS TAC     the generated adapter

The answer alone says little per example about what the adapter should do inside the model. The
base model that reads the task's control codes does it already, so every token's hidden state after
every layer is a target: the distance is ||student - teacher||^2 relative to ||teacher||^2. For a
large base model the teacher would be the same model with the description in its prompt
(Snell et al., 2022; Doc-to-LoRA does the like with documents).
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import LlamaForCausalLM

from t2l.base.device import Device
from t2l.template.characters import PAD

States = tuple[Tensor, ...]
"""Hidden states after every layer, each [rows, length, hidden]."""


@torch.no_grad()
def teacher_states(
    model: LlamaForCausalLM, tokens: Tensor, shifts: Tensor, length: int, device: Device
) -> States:
    """What the base model thinks when it is told, at the student's positions.

    :param tokens: rows that begin with control codes, [rows, longer].
    :param shifts: how many tokens the codes of each row are, [rows].
    :param length: the student's row length.
    """
    with device.autocast():
        found = model(input_ids=tokens, output_hidden_states=True).hidden_states[1:]
    places = torch.arange(length, device=tokens.device) + shifts[:, None]
    places = places.clamp(max=tokens.shape[1] - 1)  # beyond the row's end: padding, not compared
    rows = torch.arange(len(tokens), device=tokens.device)[:, None]
    return tuple(state[rows, places].float() for state in found)


def distance(student: Sequence[Tensor], teacher: States, tokens: Tensor) -> Tensor:
    """Mean over layers of the squared distance relative to the teacher's squared length.

    :param student: hidden states after every layer, each [rows, length, hidden].
    :param tokens: the student's tokens, [rows, length]; padding and the first token do not count.
    """
    counted = tokens != PAD
    counted[:, 0] = False
    parts = []
    for ours, theirs in zip(student, teacher, strict=True):
        ours, theirs = ours.float()[counted], theirs[counted]
        parts.append((ours - theirs).square().sum() / theirs.square().sum())
    return torch.stack(parts).mean()
