"""What a condition may use to answer: the model, the hypernetwork, and whatever the run trained."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_weights import AdapterWeights, concatenated
from t2l.base.decoding import greedy
from t2l.base.device import Device
from t2l.base.scoring import exact_matches
from t2l.config.recipe import Config
from t2l.encoders.corpus import Corpus, Encoder
from t2l.evaluate.judging import exact
from t2l.evaluate.questions import Block
from t2l.export.bundle.run import BundleNetwork
from t2l.hypernet.hypernetwork import Hypernetwork
from t2l.template.arrow import ArrowTemplate
from t2l.template.rows import Row
from t2l.template.template import Template

LONG = 24  # tokens more for an answer that may say more than was asked
ROOM = 2  # tokens an answer may be longer than the one that training teaches


@dataclass(frozen=True)
class Setting:
    """One run that is measured.

    :param model: the frozen base model.
    :param hypernetwork: takes the encoder's vectors as they are; a trained one or a bundle's graph.
    :param encoder: what makes vectors of descriptions.
    :param train: the training tasks with their training descriptions.
    :param config: of the run.
    :param store: folder of adapters trained per task (`oracles.py`) and of the trained baselines.
    :param template: how a question becomes tokens.
    :param hears: is told every answer that is written, with the right ones, in order.
    """

    model: PreTrainedModel
    hypernetwork: Hypernetwork | BundleNetwork
    encoder: Encoder
    train: Corpus
    config: Config
    device: Device
    store: Path
    template: Template = field(default_factory=ArrowTemplate)
    hears: Callable[[str, Sequence[str]], None] | None = None

    @torch.no_grad()
    def generate(self, descriptions: Sequence[str]) -> AdapterWeights:
        """The adapters of some descriptions, [descriptions, ...]."""
        return self.generate_from(self.encoder.encode(list(descriptions)))

    @torch.no_grad()
    def generate_from(self, vectors: Tensor) -> AdapterWeights:
        """The adapters of some vectors, [n, ...]."""
        parts = [self.hypernetwork(part.to(self.device.name)) for part in vectors.split(64)]
        return concatenated(parts)

    @property
    def exact_device(self) -> Device:
        """In float32 on a CPU: losses that are measured must not depend on the processor."""
        return Device(self.device.name, bfloat16=self.device.name == "cuda")

    @property
    def decodes(self) -> bool:
        """Whether answers are written and then judged.

        One teacher-forced pass decides exact match where an answer has one form only, as t2l-mini's
        have; elsewhere a right answer may be said in several ways.
        """
        return self.template.name != "arrow"

    def score(
        self,
        rows: Sequence[Row],
        weights: AdapterWeights | None = None,
        answers: Sequence[Sequence[str]] | None = None,
    ) -> list[bool]:
        """Exact match of every row under no adapter, or under adapters that share the rows.

        :param answers: right answers of every row; by default the one in the row.
        """
        if not self.decodes:
            target = self.hypernetwork.target
            return exact_matches(self.model, rows, self.device, target, weights)
        said = self.said(rows, weights)
        right = answers or [(self.template.answer(answer_ids(row)),) for row in rows]
        return self._judged(said, right, exact)

    def said(
        self, rows: Sequence[Row], weights: AdapterWeights | None = None, room: int = ROOM
    ) -> list[str]:
        """What the model writes after every row's prompt.

        :param room: tokens that an answer may be longer than the row's own.
        """
        own = [len(answer_ids(row)) for row in rows]
        prompts = [ids[: -count or None] for (ids, _), count in zip(rows, own, strict=True)]
        written = greedy(
            self.model,
            prompts,
            [count + room for count in own],
            self.template.ends,
            self.template.pad,
            self.device,
            self.hypernetwork.target,
            weights,
        )
        return [self.template.answer(ids) for ids in written]

    def ask(
        self,
        block: Block,
        weights: AdapterWeights | None = None,
        judge: Callable[[str, Sequence[str]], bool] | None = None,
        **how: Any,
    ) -> list[bool]:
        """Whether each question of a block is answered rightly.

        :param judge: another rule than exact match, for answers that may be longer.
        :param how: as `Block.rows` takes it.
        """
        rows = block.rows(**how)
        if judge is None:
            return self.score(rows, weights, block.answers)
        said = self.said(rows, weights, LONG)
        return self._judged(said, block.answers, judge)

    def _judged(
        self,
        said: Sequence[str],
        right: Sequence[Sequence[str]],
        judge: Callable[[str, Sequence[str]], bool],
    ) -> list[bool]:
        if self.hears is not None:
            for text, ones in zip(said, right, strict=True):
                self.hears(text, ones)
        return [judge(text, ones) for text, ones in zip(said, right, strict=True)]

    def described(self, block: Block, descriptions: Sequence[Sequence[str]]) -> list[bool]:
        """Exact match of a block under the adapters of other descriptions, as many a task."""
        flat = [text for row in descriptions for text in row]
        return self.ask(block, self.generate(flat))


def answer_ids(row: Row) -> list[int]:
    """The token ids of a row's answer, the one that ends it included."""
    return [token for token, is_answer in zip(*row, strict=True) if is_answer]
