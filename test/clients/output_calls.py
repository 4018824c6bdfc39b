"""What PEFT makes of served adapters of any kind, against a forward pass without PEFT.

    HF_ENDPOINT=http://... HF_HOME=... python output_calls.py BASE RECIPES

BASE is a folder with the adapters' base model. RECIPES is JSON, a list: the `repository` of an
adapter at the endpoint, and what it was made from: the `graph` of the hypernetwork, the manifest's
`target`, the `embedding` and the `strength`; and the `ways` in which it is to be loaded. The other
forward pass runs the graph in ONNX Runtime and puts what it gives into the weights of the base
model. Prints, of each recipe, the largest difference of each way of loading to that pass, and how
far it moves the logits.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import torch
from peft import AutoPeftModelForCausalLM, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

PROMPT = "cat sun map -> "

Weights = dict[str, torch.Tensor]


def adapted_weight(
    weight: torch.Tensor, sides: Weights, feedforward: bool, strength: float
) -> torch.Tensor:
    """The weights [out, in] of a module with its sides, of one layer."""
    if "L" in sides:
        factors = 1 + strength * (sides["L"] - 1)
        return weight * (factors[None, :] if feedforward else factors[:, None])
    update = sides["B"] @ sides["A"] * strength
    if "M" not in sides:
        return weight + update
    direction = weight + update
    return sides["M"][:, None] * direction / direction.norm(dim=1, keepdim=True)


def adapt(model: PreTrainedModel, recipe: dict[str, Any]) -> PreTrainedModel:
    """The base model with other weights."""
    session = onnxruntime.InferenceSession(recipe["graph"], providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    embedding = np.array([recipe["embedding"]], dtype=np.float32)
    outputs = dict(zip(names, session.run(names, {"embedding": embedding}), strict=True))
    for layer, block in enumerate(model.model.layers):
        for module in recipe["target"]["modules"]:
            start = f"{module['name']}."
            sides = {
                name.removeprefix(start): torch.from_numpy(np.asarray(value[layer]))
                for name, value in outputs.items()
                if name.startswith(start)
            }
            linear = block.get_submodule(module["path"])
            feedforward = module.get("feedforward", False)
            linear.weight.data = adapted_weight(
                linear.weight.data, sides, feedforward, recipe["strength"]
            )
    return model


def main(base: str, recipes: str) -> list[dict[str, float]]:
    """How far the ways are from the other forward pass, of each recipe."""
    ids = AutoTokenizer.from_pretrained(base)(PROMPT, return_tensors="pt").input_ids

    def logits(model: PreTrainedModel | PeftModel) -> torch.Tensor:
        with torch.no_grad():
            return model.eval()(ids).logits[0]

    def load_base() -> PreTrainedModel:
        return AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)

    ways: dict[str, Callable[[str], PreTrainedModel | PeftModel]] = {
        "PeftModel": lambda name: PeftModel.from_pretrained(load_base(), name),
        "AutoPeftModelForCausalLM": lambda name: AutoPeftModelForCausalLM.from_pretrained(
            name, dtype=torch.float32
        ),
        "AutoModelForCausalLM": lambda name: AutoModelForCausalLM.from_pretrained(
            name, dtype=torch.float32
        ),
    }
    plain = logits(load_base())
    found = []
    for recipe in json.loads(recipes):
        expected = logits(adapt(load_base(), recipe))
        differences = {
            way: float((logits(ways[way](recipe["repository"])) - expected).abs().max())
            for way in recipe["ways"]
        }
        found.append({"moved": float((expected - plain).abs().max()), **differences})
    return found


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
