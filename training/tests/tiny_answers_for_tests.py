"""The shipped base model: its logits and its answer to one prompt, with or without an adapter."""

import torch
from mini_bundle_for_tests import ROOT
from peft import PeftModel
from torch import Tensor
from transformers.models.auto.tokenization_auto import AutoTokenizer
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from t2l.api.adapters import apply_lora
from t2l.api.generated import Lora
from t2l.base.typed import generate

BASE = ROOT / "src" / "assets" / "base-models" / "t2l-mini-base"
PROMPT = "cat sun map -> "


def fresh_base(dtype: torch.dtype = torch.float32) -> LlamaForCausalLM:
    return LlamaForCausalLM.from_pretrained(BASE, dtype=dtype)


def logits(model: torch.nn.Module) -> Tensor:
    ids = AutoTokenizer.from_pretrained(BASE)(PROMPT, return_tensors="pt").input_ids
    with torch.no_grad():
        return model(input_ids=ids).logits[0]  # [length, vocabulary]


def answer(model: torch.nn.Module) -> str:
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    prompt = tokenizer(PROMPT, return_tensors="pt")
    made = generate(model, **prompt, max_new_tokens=32, do_sample=False)
    return tokenizer.decode(made[0, prompt["input_ids"].shape[1] :]).strip()


def applied_to_another(lora: Lora) -> PeftModel:
    """The adapter on another copy of the base model."""
    return apply_lora(fresh_base(), lora)
