"""A tiny random model of each family with a byte-level BPE tokenizer trained on mixed scripts.

Chat templates are the published ones without their tools: Llama 3 trims and begins with a token of
its own, Mistral writes no generation prompt, Gemma refuses the system role, Qwen 2 adds a system
message, Qwen 3 an empty thought.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers.modeling_utils import PreTrainedModel
from transformers.models.auto.configuration_auto import AutoConfig
from transformers.models.auto.modeling_auto import AutoModelForCausalLM
from transformers.tokenization_utils_base import PreTrainedTokenizerBase
from transformers.tokenization_utils_tokenizers import PreTrainedTokenizerFast

from t2l.tasks.source import Sample

FAMILIES = ("llama", "mistral", "gemma2", "gemma3_text", "qwen2", "qwen3")
VOCABULARY = 420
TEXTS = (
    "What is the capital of France? The capital of France is Paris.",
    "Write the words in reverse order, one after the other: red green blue.",
    "Ça coûte 12,50 €, n'est-ce pas? Größe, naïve, façade.",
    "日本の首都は東京です。中国的首都是北京。",
    "Привет, мир! Γειά σου Κόσμε! שלום עולם مرحبا",
    "🙂 👍🏽 👨‍👩‍👧 🇫🇷 ∑∞≠ “quoted” — and\ttabs\nlines",
)
SAMPLES = (  # in any characters, with white space that some templates trim
    Sample("What is the capital of France?", "Paris"),
    Sample("日本の首都は?", "東京です。"),
    Sample("two\nlines 🙂", "👍🏽 👨‍👩‍👧"),
    Sample("naïve — coûte", "Größe, “quoted”\nand more"),
    Sample("x", "Привет, мир!"),
)

# family -> (bos, eos, pad, other special tokens)
_SPECIAL: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "llama": (
        "<|begin_of_text|>",
        "<|eot_id|>",
        "<|finetune_right_pad_id|>",
        ("<|start_header_id|>", "<|end_header_id|>", "<|end_of_text|>"),
    ),
    "mistral": ("<s>", "</s>", "<unk>", ("[INST]", "[/INST]")),
    "gemma": ("<bos>", "<eos>", "<pad>", ("<start_of_turn>", "<end_of_turn>")),
    "qwen": (
        "<|endoftext|>",
        "<|im_end|>",
        "<|endoftext|>",
        ("<|im_start|>", "<think>", "</think>"),
    ),
}
_LLAMA = """\
{{- bos_token }}{%- for message in messages %}{{- '<|start_header_id|>' + message['role'] + \
'<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}{%- endfor %}\
{%- if add_generation_prompt %}\
{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}"""
_MISTRAL = """\
{%- if messages[0]['role'] == 'system' %}{%- set system = messages[0]['content'] + '\\n\\n' %}\
{%- set loop_messages = messages[1:] %}{%- else %}{%- set system = '' %}\
{%- set loop_messages = messages %}{%- endif %}{{- bos_token }}\
{%- for message in loop_messages %}\
{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}\
{{- raise_exception('Conversation roles must alternate user/assistant') }}{%- endif %}\
{%- if message['role'] == 'user' %}\
{{- '[INST] ' + (system if loop.first else '') + message['content'] + ' [/INST]' }}\
{%- else %}{{- ' ' + message['content'] + eos_token }}{%- endif %}{%- endfor %}"""
_GEMMA = """\
{{- bos_token }}{%- if messages[0]['role'] == 'system' %}\
{{- raise_exception('System role not supported') }}{%- endif %}{%- for message in messages %}\
{%- set role = 'model' if message['role'] == 'assistant' else message['role'] %}\
{{- '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}\
{%- endfor %}{%- if add_generation_prompt %}{{- '<start_of_turn>model\\n' }}{%- endif %}"""
_QWEN2 = """\
{%- for message in messages %}{%- if loop.first and message['role'] != 'system' %}\
{{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}{%- endif %}\
{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}\
{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"""
_QWEN3 = """\
{%- for message in messages %}{{- '<|im_start|>' + message['role'] + '\\n' }}\
{%- if message['role'] == 'assistant' and loop.last %}\
{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}\
{{- message['content'].strip('\\n') + '<|im_end|>\\n' }}{%- endfor %}\
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}\
{%- if enable_thinking is defined and enable_thinking is false %}\
{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}"""
_CHAT = {
    "llama": _LLAMA,
    "mistral": _MISTRAL,
    "gemma2": _GEMMA,
    "gemma3_text": _GEMMA,
    "qwen2": _QWEN2,
    "qwen3": _QWEN3,
}
# Grouped key/value heads, and a head_dim that is not hidden / heads where a family may have one.
_SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
}
_OWN: dict[str, dict[str, Any]] = {
    "llama": {"tie_word_embeddings": True},
    "mistral": {"sliding_window": 8, "head_dim": 16},
    "gemma2": {
        "head_dim": 16,
        "query_pre_attn_scalar": 16,
        "sliding_window": 8,
        "final_logit_softcapping": 5.0,
        "attn_logit_softcapping": 20.0,
    },
    "gemma3_text": {"head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 8},
    "qwen2": {"tie_word_embeddings": False},
    "qwen3": {"head_dim": 16},
}


@cache
def tiny_tokenizer(family: str) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer with the family's special tokens and chat template."""
    kind = "gemma" if family.startswith("gemma") else family.rstrip("0123456789")
    bos, eos, pad, others = _SPECIAL[kind]
    special = list(dict.fromkeys((pad, bos, eos, *others)))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    if kind != "qwen":  # as published: a plain text begins with the token, a chat has its own
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", special_tokens=[(bos, tokenizer.token_to_id(bos))]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=bos,
        eos_token=eos,
        pad_token=pad,
        additional_special_tokens=list(others),
        chat_template=_CHAT[family],
        clean_up_tokenization_spaces=False,
    )


def tiny_model(family: str, seed: int = 0, **changes: Any) -> PreTrainedModel:
    """A random model of the family, in float32 and eval mode.

    :param changes: values of its config that are to be others.
    """
    tokenizer = tiny_tokenizer(family)
    tokens = {name: getattr(tokenizer, name) for name in ("bos_token_id", "pad_token_id")}
    options = {"vocab_size": VOCABULARY, "eos_token_id": tokenizer.eos_token_id, **tokens}
    config = AutoConfig.for_model(family, **{**options, **_SIZES, **_OWN[family], **changes})
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():  # apart from their small start, so that a wrong product shows
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(4)
    return model


def save_family(family: str, folder: Path, **changes: Any) -> Path:
    """The folder, with a tiny model, its tokenizer and a model card that names a licence."""
    tiny_model(family, **changes).save_pretrained(folder)
    tiny_tokenizer(family).save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# Tiny\n", encoding="utf-8")
    return folder


def decoded(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    """The text of one row of tokens; `decode` takes several rows too."""
    text = tokenizer.decode(list(ids))
    assert isinstance(text, str)
    return text
