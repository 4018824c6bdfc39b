"""The logits that a served adapter gives, loaded by every way that PEFT and transformers have.

    HF_ENDPOINT=http://... HF_HOME=... python peft_calls.py REPOSITORY ADAPTER_FOLDER BASE_FOLDER

The two folders hold the same adapter and the base model on disk: what the other ways must equal.
Prints the largest difference of each way to the folders, and how far the adapter moves the logits.
"""

import json
import sys

import torch
from peft import AutoPeftModelForCausalLM, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

PROMPT = "cat sun map -> "


def main(repository: str, adapter: str, base: str) -> dict[str, float]:
    """How far every way is from the folders."""
    ids = AutoTokenizer.from_pretrained(base)(PROMPT, return_tensors="pt").input_ids

    def logits(model: PreTrainedModel | PeftModel) -> torch.Tensor:
        with torch.no_grad():
            return model.eval()(ids).logits[0]

    def load_base() -> PreTrainedModel:
        return AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)

    plain = logits(load_base())
    expected = logits(PeftModel.from_pretrained(load_base(), adapter))
    auto = AutoPeftModelForCausalLM.from_pretrained(repository, dtype=torch.float32)
    base_id = auto.peft_config["default"].base_model_name_or_path
    served = AutoTokenizer.from_pretrained(base_id)(PROMPT, return_tensors="pt").input_ids
    ways = {
        "PeftModel": PeftModel.from_pretrained(load_base(), repository),
        "AutoPeftModelForCausalLM": auto,
        "AutoModelForCausalLM": AutoModelForCausalLM.from_pretrained(
            repository, dtype=torch.float32
        ),
    }
    return {
        "moved": float((expected - plain).abs().max()),
        "tokens": float((served - ids).abs().max()),
        **{name: float((logits(way) - expected).abs().max()) for name, way in ways.items()},
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:4])))
