"""A run whose tasks are axes: what its adapters get right is plain, so a fit can be checked."""

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_weights import AdapterWeights
from t2l.base.device import Device
from t2l.base.target import TargetSpec
from t2l.config.recipe import BundleConfig, Config
from t2l.encoders.corpus import Corpus
from t2l.evaluate import fit as module
from t2l.evaluate import fit_levels, fit_rows
from t2l.evaluate.setting import Setting
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig
from t2l.tasks.procedural.registry import DOMAINS
from t2l.tasks.procedural.spoken import Spoken
from t2l.tasks.procedural.world import Task, TaskSet
from t2l.tasks.source import Split

AXES = 8  # training tasks; those of even number are done well
STYLE = AXES  # the axis of wording
DIM = 32  # texts off topic lie in the dimensions behind the axes
BASE = {"id": "none", "revision": "0" * 40, "architecture": "llama", "license": "mit"}
TARGET = TargetSpec.from_json(
    {
        "base_model": BASE,
        "layers": 1,
        "modules": [{"name": "vector", "path": "self_attn.vector", "in": 1, "out": DIM}],
        "rank": 1,
        "alpha": 1.0,
        "use_rslora": False,
    }
)


def noise(seed: str, first: int = 0) -> Tensor:
    """A unit vector, in the dimensions from `first` on."""
    generator = torch.Generator().manual_seed(zlib.crc32(seed.encode()))
    vector = torch.randn(DIM, generator=generator)
    vector[:first] = 0
    return vector / vector.norm()


def near(axis: int, seed: str) -> Tensor:
    """A description of a task that is like training task `axis`."""
    return normalize(torch.eye(DIM)[axis % AXES] + 0.5 * noise(seed), dim=0)


def in_style(vector: Tensor) -> Tensor:
    """The same in the grammar's words."""
    return normalize(vector - 0.5 * torch.eye(DIM)[STYLE], dim=0)


def away(seed: str) -> Tensor:
    """A text off topic."""
    return normalize(noise(seed, AXES) + 0.2 * noise(f"{seed}|more"), dim=0)


MATRIX = torch.eye(DIM)[:AXES]


class AxisEncoder:
    """Puts descriptions of known tasks at the task's axis and everything else far from them."""

    dim = DIM

    def __init__(self, places: dict[str, int], styled: frozenset[str] = frozenset()) -> None:
        """:param styled: texts that are worded like the grammar."""
        self.places, self.styled = places, styled

    def encode(self, texts: Sequence[str]) -> Tensor:
        return torch.stack([self.vector(text) for text in texts])

    def vector(self, text: str) -> Tensor:
        found = near(self.places[text], text) if text in self.places else away(text)
        return in_style(found) if text in self.styled else found


class AxisSetting(Setting):
    """An adapter is its vector; it answers right if a training task of even number is closest."""

    def generate_from(self, vectors: Tensor) -> AdapterWeights:
        return {"vector": (torch.ones(len(vectors), 1, 1, 1), vectors[:, None, :, None])}

    def score(self, rows, weights=None, answers=None) -> list[bool]:
        assert weights is not None
        vectors = weights["vector"][1][:, 0, :, 0]
        closest = (vectors @ MATRIX.T).max(dim=1)
        right = (closest.values > 0.5) & (closest.indices % 2 == 0)
        return right.repeat_interleave(len(rows) // len(vectors)).tolist()


def phrasings(tasks: Sequence[Task], split: Split, count: int, seed: int) -> dict[str, int]:
    return {
        text: number
        for number, task in enumerate(tasks)
        for text in task.descriptions(split, count, seed)
    }


EVERY = tuple(Task("words", (step,)) for step in DOMAINS["words"].operations)
TRAIN, SELECTION, UNSEEN = EVERY[:AXES], EVERY[AXES : 2 * AXES], EVERY[2 * AXES : 3 * AXES]


def written_texts() -> list[Spoken]:
    """Six texts of every task, and some of none, in both halves."""
    rows = []
    for number, task in enumerate((*TRAIN, *SELECTION, *UNSEEN)):
        half = "report" if number >= 2 * AXES else "calibration"
        rows += [Spoken(f"{task.name} by hand {k}", task.name, "task", half) for k in range(6)]
    for half in ("calibration", "report"):
        for kind in ("missing_step", "other"):
            rows += [Spoken(f"{half} {kind} {k}", None, kind, half) for k in range(6)]
        rows += [Spoken(f"seven of them, {half}", TRAIN[0].name, "size", half)]
    return rows


def axis_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AxisSetting:
    """A run of eight training tasks; those of even number are done well."""
    tasks = TaskSet(train=TRAIN, selection=SELECTION, report=UNSEEN, left_out=())
    texts = written_texts()
    monkeypatch.setattr(module, "tasks_of", lambda _config: tasks)
    monkeypatch.setattr(
        module, "spoken", lambda half: tuple(row for row in texts if row.split == half)
    )
    monkeypatch.setattr(module, "FEWEST_WRITTEN", 48)
    monkeypatch.setattr(fit_rows, "report_tasks", lambda _config: UNSEEN)
    monkeypatch.setattr(fit_rows, "left_out_tasks", lambda _config: ())
    monkeypatch.setattr(fit_rows, "seen_tasks", lambda _config: TRAIN[:2])
    four = module.DESCRIPTIONS
    number = {task.name: place for place, task in enumerate(EVERY)}
    places = {
        **phrasings(TRAIN, "selection", four, module.SUCCESS_SEED),
        **phrasings(TRAIN, "selection", fit_levels.DESCRIPTIONS, fit_levels.SEED),
        **phrasings(SELECTION, "selection", four, module.CALIBRATION_SEED),
        **phrasings(UNSEEN, "held_out", four, fit_rows.SEED),
        **phrasings(TRAIN, "held_out", four, fit_rows.SEED),
        **{row.text: number[row.task] for row in texts if row.task is not None},
    }
    corpus = Corpus(TRAIN, tuple((t.name,) for t in TRAIN), tuple(MATRIX.split(1)))
    cpu = Device("cpu", bfloat16=False)
    config = Config(runs=str(tmp_path), bundle=BundleConfig(sizes="Three or four."))
    network = Hypernetwork(
        HypernetworkConfig("S", embedding_dim=DIM, latent=128, head_in=8), TARGET
    )
    model = cast(PreTrainedModel, nn.Identity())
    return AxisSetting(model, network, AxisEncoder(places), corpus, config, cpu, tmp_path)
