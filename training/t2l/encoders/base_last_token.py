"""The base model's own reading of a description: its last token's final hidden state.

A large instruction-tuned model reads well; ours saw no English but its lists of words.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from t2l.base.files import load_base_model
from t2l.config.recipe import Config
from t2l.template.characters import BOS, PAD, TOKEN_IDS

TEXTS_A_BATCH = 64
MAX_CHARACTERS = 256


class BaseLastToken:
    """Final hidden state of the last character, as a unit vector.

    :param model: the base model.
    """

    def __init__(self, model: LlamaForCausalLM) -> None:
        self._model = model.eval()
        self.dim: int = model.config.hidden_size

    @torch.no_grad()
    def encode(self, texts: Sequence[str]) -> Tensor:
        """Unit vectors, [texts, dim]; characters outside the vocabulary are left out."""
        parts = [
            self._batch(texts[start : start + TEXTS_A_BATCH])
            for start in range(0, len(texts), TEXTS_A_BATCH)
        ]
        return torch.cat(parts) if parts else torch.empty(0, self.dim)

    def _batch(self, texts: Sequence[str]) -> Tensor:
        rows = [
            [BOS, *(TOKEN_IDS[c] for c in text[:MAX_CHARACTERS] if c in TOKEN_IDS)]
            for text in texts
        ]
        last = torch.tensor([len(row) - 1 for row in rows])
        ids = torch.full((len(rows), int(last.max()) + 1), PAD)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor(row)
        hidden = self._model.model(input_ids=ids).last_hidden_state
        return torch.nn.functional.normalize(hidden[torch.arange(len(rows)), last], dim=-1)


def base_last_token(config: Config) -> BaseLastToken:
    """The reading of the run's own base model."""
    return BaseLastToken(load_base_model(config.run_dir / "base" / "final"))
