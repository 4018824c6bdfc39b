"""A GGUF file as a plain model folder: weights without quantisation, config and tokenizer.

transformers reads the file, but slowly and as a quantised model that can neither be saved nor
trained through. So its values are put once into a float32 model of its config, in the cache:

    models/<sha256 of the file, 40 digits>-<FORM>/{config.json, model.safetensors, tokenizer.json}

Three things are mended. GGUF keeps numbers in float32, so 1e-05 comes back as 9.999999747e-06.
Byte-level tokenizers get a token that the model has no embedding for. And they split digits in ways
that transformers knows for some files only: without them "\\n\\n12" becomes other tokens than
llama.cpp's, with adapters none the wiser.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from tokenizers import Tokenizer, pre_tokenizers
from transformers.modeling_utils import PreTrainedModel
from transformers.models.auto.configuration_auto import AutoConfig
from transformers.models.auto.modeling_auto import AutoModelForCausalLM
from transformers.models.auto.tokenization_auto import AutoTokenizer
from transformers.tokenization_utils_base import PreTrainedTokenizerBase
from transformers.tokenization_utils_tokenizers import PreTrainedTokenizerFast

from t2l.base.gguf_header import read_facts
from t2l.base.source import BaseModelError, cache_folder
from t2l.base.typed import embedding_rows

logger = logging.getLogger(__name__)

FORM = 1  # of the converted folder; another number converts anew

# `tokenizer.ggml.pre` of files whose digits stand alone; after llama.cpp's src/llama-vocab.cpp
SINGLE_DIGITS = ("smollm", "starcoder", "refact", "command-r", "codeshell")
PLAIN = ("gpt-2", "phi-2", "mpt", "olmo")  # GPT-2's own way, which ByteLevel has


def converted_folder(path: Path, digest: str) -> Path:
    """The folder of the file's model in transformers' layout, made if the cache lacks it.

    :param digest: sha256 of the file.
    :raises BaseModelError: if transformers cannot read the file.
    """
    folder = cache_folder() / "models" / f"{digest[:40]}-{FORM}"
    if folder.exists():
        return folder
    pre = read_facts(path).get("tokenizer.ggml.pre")
    logger.info("converting %s, once", path)
    if find_spec("gguf") is None:
        raise BaseModelError(
            "a GGUF file needs the package gguf: pip install -r training/requirements.txt"
        )
    try:
        model = AutoModelForCausalLM.from_pretrained(
            path.parent, gguf_file=path.name, dtype=torch.float32
        )
        tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    except (ValueError, OSError, KeyError, ImportError, NotImplementedError) as error:
        reason = " ".join(str(error).split())
        raise BaseModelError(
            f"transformers cannot read {path} ({reason}): give the model's own folder instead"
        ) from None
    tokenizer = without_surplus(tokenizer, embedding_rows(model))
    split_as_llama_cpp(tokenizer, pre, path)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix="converting-"))
    try:
        plain_model(model).save_pretrained(partial)
        tokenizer.save_pretrained(partial)
        partial.chmod(0o755)
        try:
            partial.rename(folder)
        except OSError:
            if not folder.exists():  # else another process was faster
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def plain_model(model: PreTrainedModel) -> PreTrainedModel:
    """The same values as a model that knows nothing of quantisation, to be saved."""
    values = model.config.to_dict()
    for key in ("quantization_config", "_name_or_path", "_model_name_or_path"):
        values.pop(key, None)
    config = AutoConfig.for_model(values.pop("model_type"), **_rounded(values))
    config.name_or_path = ""
    with torch.device("meta"):  # no random weights only to be replaced
        plain = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    plain.load_state_dict(model.state_dict(), strict=True, assign=True)
    plain.tie_weights()
    return plain


def _rounded(value: Any) -> Any:
    """Numbers that are float32 values as their shortest decimals: 1e-05, not 9.999999747e-06."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, float) and np.float32(value) == value:
        return float(str(np.float32(value)))
    return value


def without_surplus(tokenizer: PreTrainedTokenizerBase, rows: int) -> PreTrainedTokenizerBase:
    """The tokenizer without what transformers adds to every byte-level one: GPT-2's unknown token.

    A file that lacks it has no embedding for it either.

    :param rows: number of embeddings.
    """
    added = tokenizer.added_tokens_decoder
    if all(token < rows for token in added):
        return tokenizer
    facts = json.loads(_backend(tokenizer).to_str())
    facts["added_tokens"] = [token for token in facts["added_tokens"] if token["id"] < rows]
    kept = {token["content"] for token in facts["added_tokens"]} | set(facts["model"]["vocab"])
    special = {
        name: token for name, token in tokenizer.special_tokens_map.items() if str(token) in kept
    }
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(facts)),
        chat_template=tokenizer.chat_template,
        clean_up_tokenization_spaces=False,
        **special,
    )


def split_as_llama_cpp(tokenizer: PreTrainedTokenizerBase, pre: str | None, path: Path) -> None:
    """Make a byte-level tokenizer split text before merging as the file's own does."""
    backend = _backend(tokenizer)
    if not isinstance(backend.pre_tokenizer, pre_tokenizers.ByteLevel) or pre in PLAIN:
        return  # sentencepiece, or one whose way of splitting transformers knows
    if pre not in SINGLE_DIGITS:
        raise BaseModelError(
            f"{path} splits text in a way that is not known here ({pre!r}), so its tokens would "
            "be wrong: give the model's own folder instead"
        )
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )


def _backend(tokenizer: PreTrainedTokenizerBase) -> Tokenizer:
    """What does the work: AutoTokenizer reads a GGUF file as a fast tokenizer only."""
    return cast(Tokenizer, tokenizer.backend_tokenizer)
