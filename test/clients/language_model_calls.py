"""What a served adapter does to a language model, opened from its GGUF file, in PyTorch.

    HF_ENDPOINT=http://... python language_model_calls.py GGUF ADAPTER REPOSITORY PROMPTS OUT

ADAPTER is a folder, REPOSITORY the same adapter at the endpoint, and PROMPTS a JSON list of texts.
The model is the file's architecture with its dequantised weights, in float32. Writes the
probabilities of the token after each prompt, without the adapter and with it through PEFT, to OUT
(float32, [2, prompts, vocabulary]). Prints as JSON: the token ids of the prompts, the name of the
base model, how far the adapter moves the logits, and the largest difference of PEFT's logits with
the folder from those with the repository, and from those of the model into whose weights the update
B A was added by hand.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from peft import PeftModel
from safetensors.torch import load_file
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

PREFIX = "base_model.model."
SUFFIX = ".lora_A.weight"


def open_model(gguf: Path) -> LlamaForCausalLM:
    """A plain model of the file's architecture and weights: a quantised one is another class."""
    read = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32
    )
    config = type(read.config).from_dict(
        {k: v for k, v in read.config.to_dict().items() if k != "quantization_config"}
    )
    model = LlamaForCausalLM(config)
    model.load_state_dict(read.state_dict())
    return model.eval()


@torch.no_grad()
def logits_after(model: torch.nn.Module, rows: list[list[int]]) -> Tensor:
    """The logits of the token after each row."""
    return torch.stack([model(torch.tensor([ids])).logits[0, -1] for ids in rows])


@torch.no_grad()
def fold(model: LlamaForCausalLM, adapter: Path) -> None:
    """Add every update to its weight, with no scale."""
    tensors = load_file(adapter / "adapter_model.safetensors")
    for name, a in tensors.items():
        if name.endswith(SUFFIX):
            path = name.removesuffix(SUFFIX)
            b = tensors[f"{path}.lora_B.weight"]
            model.get_submodule(path.removeprefix(PREFIX)).weight += b.float() @ a.float()


def main(
    gguf: Path, adapter: Path, repository: str, prompts: list[str], out: Path
) -> dict[str, object]:
    """Compare the ways."""
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    rows = [tokenizer(prompt).input_ids for prompt in prompts]
    model = open_model(gguf)
    base = logits_after(model, rows)
    peft = PeftModel.from_pretrained(model, adapter).eval()
    adapted = logits_after(peft, rows)
    base_name = peft.peft_config["default"].base_model_name_or_path
    model = peft.unload()
    peft = PeftModel.from_pretrained(model, repository).eval()
    served = logits_after(peft, rows)
    folded = peft.unload()
    fold(folded, adapter)
    both = torch.stack([base, adapted]).double().softmax(-1)
    both.float().numpy().astype(np.float32).tofile(out)
    return {
        "rows": rows,
        "base_model": base_name,
        "repository": float((served - adapted).abs().max()),
        "fold": float((logits_after(folded, rows) - adapted).abs().max()),
        "moved": float((adapted - base).abs().max()),
    }


if __name__ == "__main__":
    gguf, adapter, repository, prompts, out = sys.argv[1:6]
    print(json.dumps(main(Path(gguf), Path(adapter), repository, json.loads(prompts), Path(out))))
