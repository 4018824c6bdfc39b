"""A base model that vLLM's CPU attention takes, and what PEFT makes of it with an adapter.

    python vllm_reference.py BASE_FOLDER ADAPTER_FOLDER OUT_FOLDER PROMPT...

vLLM's attention on CPUs has certain head sizes, and the 48 of t2l-mini's base model is none of
them. So this writes a base model of the same shapes with three heads of 64 and random weights into
OUT_FOLDER; the adapter's matrices fit it. Prints, for every prompt, its tokens and the next-token
probabilities without and with the adapter, `[vocabulary]` each.
"""

import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

HEADS, HEAD_SIZE = 3, 64


def write_base(source: str, out: str) -> None:
    """Random weights under the tokenizer and the shapes of `source`."""
    torch.manual_seed(0)
    config = LlamaConfig.from_pretrained(source)
    config.num_attention_heads = config.num_key_value_heads = HEADS
    config.head_dim = HEAD_SIZE
    model = LlamaForCausalLM(config).float()
    for weight in model.parameters():
        if weight.ndim == 2:
            # Wide enough that an adapter of the usual size moves the probabilities.
            torch.nn.init.normal_(weight, std=0.08)
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(source).save_pretrained(out)


def main(source: str, adapter: str, out: str, *prompts: str) -> list[dict[str, list[float]]]:
    """Tokens and probabilities of every prompt."""
    write_base(source, out)
    tokenizer = AutoTokenizer.from_pretrained(out)

    def load_base() -> LlamaForCausalLM:
        return AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32).eval()

    models = {"base": load_base(), "adapter": PeftModel.from_pretrained(load_base(), adapter)}
    answers = []
    for prompt in prompts:
        tokens = tokenizer(prompt, return_tensors="pt").input_ids
        with torch.no_grad():
            probabilities = {
                name: model.eval()(tokens).logits[0, -1].double().softmax(-1).tolist()
                for name, model in models.items()
            }
        answers.append({"tokens": tokens[0].tolist(), **probabilities})
    return answers


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
