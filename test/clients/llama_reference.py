"""What transformers and PEFT compute with a language model from its GGUF file, for comparison.

    python llama_reference.py GGUF ADAPTER QUESTIONS OUT

QUESTIONS is JSON: {"texts": [...], "inputs": [...], "tokens": N}. Prints as JSON the token ids of
the texts, the prompts' ids (the model's chat template with an empty system message) and the greedy
answers, at most N tokens, without the adapter and with it. Writes to OUT the logits after each of
the last three tokens of every prompt (float32, [2, inputs, 3, vocabulary]).
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from language_model_calls import open_model
from peft import PeftModel
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from t2l.base.gguf import split_as_llama_cpp, without_surplus

LAST = 3


def open_tokenizer(gguf: Path, rows: int) -> PreTrainedTokenizerBase:
    """The file's tokenizer as training has it, which transformers alone does not read right."""
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    tokenizer = without_surplus(tokenizer, rows)
    split_as_llama_cpp(tokenizer, "smollm", gguf)
    return tokenizer


def ids_of(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """The tokens of a text, special ones where it has them."""
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def prompt_of(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """The tokens of an input in the template, after an empty system message."""
    messages = [{"role": "system", "content": ""}, {"role": "user", "content": text}]
    rendered = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert isinstance(rendered, str)
    return ids_of(tokenizer, rendered)


@torch.no_grad()
def measure(
    model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, prompts: list[list[int]], most: int
) -> tuple[np.ndarray, list[list[int]]]:
    """Logits [prompts, 3, vocabulary] and answers."""
    logits, answers = [], []
    for prompt in prompts:
        output = model(torch.tensor([prompt]), use_cache=True)
        logits.append(output.logits[0, -LAST:].numpy())
        said: list[int] = []
        while len(said) < most:
            best = int(output.logits[0, -1].argmax())
            if best == tokenizer.eos_token_id:
                break
            said.append(best)
            past = output.past_key_values
            output = model(torch.tensor([[best]]), past_key_values=past, use_cache=True)
        answers.append(said)
    return np.stack(logits), answers


def main(gguf: Path, adapter: Path, questions: dict, out: Path) -> dict[str, object]:
    """Compute without the adapter, and with it."""
    torch.set_num_threads(1)
    model = open_model(gguf)
    tokenizer = open_tokenizer(gguf, model.config.vocab_size)
    prompts = [prompt_of(tokenizer, text) for text in questions["inputs"]]
    base, plain = measure(model, tokenizer, prompts, questions["tokens"])
    peft = PeftModel.from_pretrained(model, adapter).eval()
    adapted, changed = measure(peft, tokenizer, prompts, questions["tokens"])
    np.stack([base, adapted]).astype(np.float32).tofile(out)
    return {
        "texts": [ids_of(tokenizer, text) for text in questions["texts"]],
        "prompts": prompts,
        "base": plain,
        "adapted": changed,
    }


if __name__ == "__main__":
    gguf, adapter, questions, out = sys.argv[1:5]
    print(json.dumps(main(Path(gguf), Path(adapter), json.loads(questions), Path(out))))
