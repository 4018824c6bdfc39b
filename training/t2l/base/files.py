"""A base model's folder: its weights, read frozen, and the digest that is its revision."""

import hashlib
import json
from pathlib import Path

import torch
from transformers.models.llama.modeling_llama import LlamaForCausalLM


def load_base_model(folder: Path) -> LlamaForCausalLM:
    """The frozen base model in float32, from the float16 file.

    :raises FileNotFoundError: if the folder holds no finished base model.
    """
    if not (folder / "model.safetensors").exists():
        raise FileNotFoundError(f"{folder}: no finished base model; run the `base` stage first")
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return model.eval().requires_grad_(False)


def base_model_revision(folder: Path) -> str:
    """40 hex digits that change with the weights or the configuration.

    :param folder: a model in transformers' layout, its weights in one file or several.
    """
    digest = hashlib.sha1()
    for path in sorted(folder.glob("model*.safetensors")):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    digest.update(
        json.dumps(json.loads((folder / "config.json").read_text()), sort_keys=True).encode()
    )
    return digest.hexdigest()
