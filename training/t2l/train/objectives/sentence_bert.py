"""The published sentence encoder as it is tuned: its word vectors stay, its layers learn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.models.bert.modeling_bert import BertModel

from t2l.base.device import Device
from t2l.encoders.onnx_encoder import TOKENIZER_FILE, source_folder

MAX_TOKENS = 96  # longer training texts are cut
TOGETHER = 20  # texts of similar length in one pass
Item = TypeVar("Item")


class SentenceBert(nn.Module):
    """BERT, mean over tokens, unit length.

    :param begin: the checkpoint that it begins with, the published one by default.
    """

    def __init__(self, begin: Path | None = None) -> None:
        super().__init__()
        self.bert = BertModel.from_pretrained(
            begin or source_folder(), add_pooling_layer=False, attn_implementation="eager"
        )
        self.bert.embeddings.requires_grad_(False)
        self._tokenizer = Tokenizer.from_file(str(source_folder() / TOKENIZER_FILE))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)

    def encode(self, texts: Sequence[str], device: Device) -> Tensor:
        """Unit vectors, [texts, dim]; texts of similar length run together."""
        rows = self._tokenizer.encode_batch(list(texts))
        order = sorted(range(len(rows)), key=lambda index: len(rows[index].ids))
        parts = [
            self._run([rows[i].ids for i in part], device) for part in batches(order, TOGETHER)
        ]
        back = torch.tensor(sorted(range(len(order)), key=order.__getitem__)).to(device.name)
        return torch.cat(parts)[back]

    @torch.no_grad()
    def encode_all(self, texts: Sequence[str], device: Device) -> Tensor:
        """Unit vectors of many texts without dropout or gradients, [texts, dim]."""
        self.eval()
        return torch.cat([self.encode(part, device) for part in batches(texts, 64)])

    def _run(self, rows: Sequence[list[int]], device: Device) -> Tensor:
        longest = max(map(len, rows))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows]).to(device.name)
        lengths = torch.tensor([len(row) for row in rows]).to(device.name)
        mask = (torch.arange(longest, device=device.name) < lengths[:, None]).long()
        with device.autocast():
            hidden = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        hidden = hidden.float() * mask[:, :, None]
        return F.normalize(hidden.sum(1) / lengths[:, None], dim=-1)


def batches(rows: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Neighbours, so many at a time."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
