"""A frozen language model that is asked for the tokens of answers and for nothing else.

    rows -> body -> states -> at the places before answer tokens -> head -> logits

A vocabulary of 32 000 or more makes logits as dear as several layers, and all but a few of them
are of no use: only the places that predict an answer go through the head. Heads that scale or cap
their logits (Gemma 2, Cohere, Granite) are known by their configuration; whether what is computed
here equals the model's own logits is tried once with a few tokens, and if it does not, the model's
own forward pass is used. The same is tried for several rows on one sheet (`packing.py`).
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers.modeling_utils import PreTrainedModel

from t2l.base.device import Device
from t2l.base.packing import Sheets, make_sheets
from t2l.base.typed import embedding_rows
from t2l.template.rows import Row

logger = logging.getLogger(__name__)

TRIED = (11, 5, 7, 3, 2, 9)  # tokens that the model is tried with; any do
TOLERANCE = 1e-3  # relative to the largest value; a wrong mask or head is off by far more
LOW_TOLERANCE = 5e-2  # the same in bfloat16 and float16
ADDED = ("eager", "sdpa")  # kinds of attention that take a mask of our own


@dataclass(frozen=True)
class Found:
    """What a pass gives.

    :param logits: at the places that predict an answer, float32, [answers, vocabulary].
    :param states: after every layer, [sheets, length, hidden] each; empty if not asked for.
    """

    logits: Tensor
    states: tuple[Tensor, ...] = ()


class Reader:
    """Runs sheets through a model.

    :param model: frozen, on its device.
    """

    def __init__(self, model: PreTrainedModel, device: Device) -> None:
        self.model = model
        self.device = device
        self._body: nn.Module = model.base_model
        self._head = model.get_output_embeddings()
        self._keeps = "logits_to_keep" in inspect.signature(model.forward).parameters
        self.plain_head = self._head_is_plain()
        self.packs = self._can_pack()
        self._window = _window(model)
        if not (self.plain_head and self.packs):
            logger.info(
                "%s: %s, %s",
                type(model).__name__,
                "its own head" if self.plain_head else "logits by its own forward pass",
                "rows of a task together" if self.packs else "every row by itself",
            )

    def sheets(self, rows: Sequence[Row], groups: int | None = None, whole: bool = False) -> Sheets:
        """Rows as this model runs them (`make_sheets`), on its device."""
        longest = max(len(ids) for ids, _ in rows)
        packed = self.packs and (self._window is None or longest <= self._window)
        return make_sheets(rows, groups, packed, whole).to(self.device.name)

    def __call__(self, sheets: Sheets, states: bool = False) -> Found:
        """Logits at the places that predict answers; differentiable.

        :param states: also give the states after every layer.
        """
        with self.device.autocast():
            if self._head is None or not self.plain_head:
                return self._by_itself(sheets, states)
            out = self._body(output_hidden_states=states, **self._inputs(sheets))
            last = out.last_hidden_state.flatten(0, 1)[sheets.at]  # [answers, hidden]
            logits = _finished(self.model.config, self._head(last))
        return Found(logits.float(), tuple(out.hidden_states[1:]) if states else ())

    def states(self, sheets: Sheets) -> tuple[Tensor, ...]:
        """States after every layer, [sheets, length, hidden] each."""
        with self.device.autocast():
            found = self._body(output_hidden_states=True, **self._inputs(sheets))
        return tuple(found.hidden_states[1:])

    def _by_itself(self, sheets: Sheets, states: bool) -> Found:
        """The model's own logits, at the columns where any sheet predicts an answer."""
        length = sheets.tokens.shape[1]
        rows, places = sheets.at // length, sheets.at % length
        columns = torch.arange(length, device=places.device)
        kept: dict[str, Any] = {}
        if self._keeps:
            columns = places.unique()
            kept["logits_to_keep"] = columns
        out = self.model(output_hidden_states=states, **kept, **self._inputs(sheets))
        logits = out.logits[rows, torch.searchsorted(columns, places)]
        return Found(logits.float(), tuple(out.hidden_states[1:]) if states else ())

    def _inputs(self, sheets: Sheets) -> dict[str, Any]:
        inputs: dict[str, Any] = {"input_ids": sheets.tokens, "use_cache": False}
        if sheets.looks is None:
            return {**inputs, "attention_mask": sheets.inside.long()}
        dtype = torch.bfloat16 if self.device.bfloat16 else self.model.dtype
        mask = torch.zeros(sheets.looks.shape, dtype=dtype, device=sheets.looks.device)
        mask.masked_fill_(~sheets.looks, torch.finfo(dtype).min)
        return {**inputs, "position_ids": sheets.positions, "attention_mask": mask[:, None]}

    @torch.no_grad()
    def _head_is_plain(self) -> bool:
        """Whether body and head make the model's own logits."""
        if self._head is None or self._body is self.model:
            return False
        tokens = self._tried(TRIED)
        try:
            with self.device.autocast():
                found = self._body(input_ids=tokens, use_cache=False).last_hidden_state
                ours = _finished(self.model.config, self._head(found))
                theirs = self.model(input_ids=tokens, use_cache=False).logits
        except (AttributeError, RuntimeError, TypeError, ValueError):
            return False
        return _alike(ours, theirs)

    @torch.no_grad()
    def _can_pack(self) -> bool:
        """Whether rows on one sheet give the states that each gives alone."""
        if self.model.config._attn_implementation not in ADDED:
            return False
        rows: list[Row] = [(list(TRIED), [False] * len(TRIED)) for _ in range(2)]
        rows[1] = ([*TRIED[:3], 1, 8], [False] * 5)
        rows = [([token % self._vocabulary for token in ids], answer) for ids, answer in rows]
        sheets = make_sheets(rows, 1, whole=True).to(self.device.name)
        try:
            with self.device.autocast():
                packed = self._body(**self._inputs(sheets)).last_hidden_state.flatten(0, 1)
                for row, (ids, _) in enumerate(rows):
                    tokens = self._tried(ids)
                    alone = self._body(input_ids=tokens, use_cache=False).last_hidden_state[0]
                    if not _alike(packed[sheets.cells[row, : len(ids)]], alone):
                        return False
        except (AttributeError, RuntimeError, TypeError, ValueError):
            return False
        return True

    @property
    def _vocabulary(self) -> int:
        return embedding_rows(self.model)

    def _tried(self, ids: Sequence[int]) -> Tensor:
        return torch.tensor([[token % self._vocabulary for token in ids]], device=self.device.name)


def _window(model: PreTrainedModel) -> int | None:
    """How far back some layer looks at most; within that, all layers look at everything."""
    config = model.config.get_text_config()
    sizes = [getattr(config, name, None) for name in ("sliding_window", "attention_chunk_size")]
    return min((size for size in sizes if size is not None), default=None)


def _finished(config: Any, logits: Tensor) -> Tensor:
    """What families do to the head's logits: Cohere multiplies, Granite divides, Gemma caps."""
    factor = getattr(config, "logit_scale", None)
    divisor = getattr(config, "logits_scaling", None)
    cap = getattr(config, "final_logit_softcapping", None)
    if factor is not None:
        logits = logits * factor
    if divisor is not None:
        logits = logits / divisor
    return logits if cap is None else cap * torch.tanh(logits / cap)


def _alike(ours: Tensor, theirs: Tensor) -> bool:
    if ours.shape != theirs.shape:
        return False
    exact = theirs.dtype == torch.float32
    ours, theirs = ours.float(), theirs.float()
    allowed = (TOLERANCE if exact else LOW_TOLERANCE) * float(theirs.abs().max())
    return bool((ours - theirs).abs().max() <= allowed)
