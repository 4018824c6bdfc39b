"""Arrow routing (Ostapenko et al., 2024) as PEFT has it: every token finds its own few oracles.

The training tasks' oracles are the experts. An expert's prototype is the first right singular
vector of its update; a layer sends each token to the experts whose prototypes fit it best, and no
description is read.
"""

import copy
import hashlib
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import peft
import torch
from peft import ArrowConfig, PeftModel
from torch import nn
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from t2l.base.peft_io import CONFIG_FILE, save_adapter
from t2l.base.scoring import answered
from t2l.base.target import TargetSpec
from t2l.config.baselines import ArrowOptions
from t2l.evaluate.conditions.trained import training_oracles
from t2l.evaluate.questions import Block
from t2l.evaluate.setting import Setting
from t2l.template.rows import collate
from t2l.train.objectives.oracle_store import FOLDER, OracleLibrary

# Untyped: its types are those of all of transformers, which takes a type checker 20 s to read.
create_arrow_model: Any = vars(peft)["create_arrow_model"]
ROWS_A_BATCH = 16  # PEFT computes every expert for every token: memory grows with both


@torch.no_grad()
def arrow(setting: Setting, block: Block) -> list[bool]:
    """Oracles of training tasks, mixed token by token."""
    options = setting.config.baselines.arrow
    names = training_oracles(setting)
    count = min(options.experts, len(names))
    experts = tuple(names[index * len(names) // count] for index in range(count))
    model = arrow_model(setting.model, setting.hypernetwork.target, setting.store, experts, options)
    rows, hits = block.rows(), []
    if setting.decodes:
        routed = replace(setting, model=model)
        return routed.score(rows, None, block.answers)
    for start in range(0, len(rows), ROWS_A_BATCH):
        part = rows[start : start + ROWS_A_BATCH]
        tokens, labels, _ = collate(part, setting.template.pad)
        logits = model(input_ids=tokens.to(setting.device.name)).logits
        hits += answered(logits, labels.to(setting.device.name)).tolist()
    return hits


@lru_cache(maxsize=1)
def arrow_model(
    base: LlamaForCausalLM,
    target: TargetSpec,
    store: Path,
    names: tuple[str, ...],
    options: ArrowOptions,
) -> PeftModel:
    """The base model with a router in front of the oracles of some tasks, its weights shared."""
    folders = export_oracles(target, store, names)
    config = ArrowConfig(
        top_k=min(options.top_k, len(names)),
        router_temperature=options.temperature,
        rng_seed=options.seed,
    )
    with torch.random.fork_rng(devices=[]):  # PEFT draws the router's unused factors
        own = with_same_weights(base)
        model = create_arrow_model(own, [str(path) for path in folders], config)
    _refresh_prototypes(model)
    return model.to(base.device).eval()


def with_same_weights(model: LlamaForCausalLM) -> LlamaForCausalLM:
    """A copy of a model's modules around the very same tensors.

    PEFT puts its layers in the place of a model's own, and the other conditions need those.
    """
    tensors = [*model.parameters(), *model.buffers()]
    return copy.deepcopy(model, {id(tensor): tensor for tensor in tensors})


def _refresh_prototypes(model: nn.Module) -> None:
    """Compute every router's prototypes, without which `.to()` would leave them behind."""
    for module in model.modules():
        for router in getattr(module, "lora_arrow", {}).values():
            router.build_prototypes(module.lora_A, module.lora_B)


def export_oracles(target: TargetSpec, store: Path, names: tuple[str, ...]) -> list[Path]:
    """The oracles of some tasks as PEFT adapter folders, written once.

    They lie inside the oracles' folder, so that whoever removes oracles removes these too.
    """
    root = store / FOLDER / "peft"
    folders = [root / hashlib.sha256(name.encode()).hexdigest()[:16] for name in names]
    library = OracleLibrary.open(store, names)
    for row, folder in enumerate(folders):
        if (folder / CONFIG_FILE).exists():
            continue
        weights = library.read([row])
        folded = {name: (a[0], b[0] * target.scaling) for name, (a, b) in weights.items()}
        save_adapter(folder, target, folded)
    return folders
