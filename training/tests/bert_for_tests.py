"""A sentence encoder that is tuned in a moment."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers.models.bert.configuration_bert import BertConfig
from transformers.models.bert.modeling_bert import BertModel

from t2l.encoders.onnx_encoder import TOKENIZER_FILE, source_folder, tokenizer_bytes


def tiny_bert(folder: Path, layers: int) -> Path:
    """Write a BERT of the published tokenizer, 32 wide, with random weights."""
    (folder / TOKENIZER_FILE).write_bytes(tokenizer_bytes(source_folder()))
    size = Tokenizer.from_file(str(folder / TOKENIZER_FILE)).get_vocab_size()
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=size,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=layers,
        num_attention_heads=2,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder
