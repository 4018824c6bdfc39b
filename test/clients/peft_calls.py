"""The logits that a served adapter gives, loaded by every way that PEFT and transformers have.

    HF_ENDPOINT=http://... HF_HOME=... python peft_calls.py REPOSITORY ADAPTER BASE [WAY]...

ADAPTER and BASE are folders with the same adapter and the base model: what the ways must equal, all
of them or those that are named. Prints the largest difference of each way to the folders, and how
far the adapter moves the logits.
"""

import json
import sys

import torch
from peft import AutoPeftModelForCausalLM, PeftConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

PROMPT = "cat sun map -> "


def main(repository: str, adapter: str, base: str, *names: str) -> dict[str, float]:
    """How far the ways are from the folders."""
    ids = AutoTokenizer.from_pretrained(base)(PROMPT, return_tensors="pt").input_ids

    def logits(model: PreTrainedModel | PeftModel) -> torch.Tensor:
        with torch.no_grad():
            return model.eval()(ids).logits[0]

    def load_base() -> PreTrainedModel:
        return AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)

    ways = {
        "PeftModel": lambda: PeftModel.from_pretrained(load_base(), repository),
        "AutoPeftModelForCausalLM": lambda: AutoPeftModelForCausalLM.from_pretrained(
            repository, dtype=torch.float32
        ),
        "AutoModelForCausalLM": lambda: AutoModelForCausalLM.from_pretrained(
            repository, dtype=torch.float32
        ),
    }
    plain = logits(load_base())
    expected = logits(PeftModel.from_pretrained(load_base(), adapter))
    base_id = PeftConfig.from_pretrained(repository).base_model_name_or_path
    served = AutoTokenizer.from_pretrained(base_id)(PROMPT, return_tensors="pt").input_ids
    return {
        "moved": float((expected - plain).abs().max()),
        "tokens": float((served - ids).abs().max()),
        **{name: float((logits(ways[name]()) - expected).abs().max()) for name in names or ways},
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
