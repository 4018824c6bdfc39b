"""What is scored is the file that would be served, and the base model is left as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mini_bundle_for_tests import BUNDLE, DESCRIPTION, ROOT
from safetensors.torch import load_file

from t2l.api.adapters import apply_lora, generate_lora, load_t2l, remove
from t2l.api.bundle_generator import BundleGenerator
from t2l.base.model import BaseModel
from t2l.base.peft_io import CONFIG_FILE, WEIGHTS_FILE
from t2l.base.source import BaseSource
from t2l.harness.conditions import Trial
from t2l.harness.library import HarnessError
from t2l.harness.served import Shelf, mean_adapter, weights_digest, with_adapter

MATCHED = Trial("reverse", "matched", 0, f"  {DESCRIPTION} ")
IDS = torch.tensor([[1, 5, 6, 7, 8, 9]])


@pytest.fixture(scope="module")
def bundle() -> BundleGenerator:
    return BundleGenerator(BUNDLE)


@pytest.fixture(scope="module")
def base() -> BaseModel:
    folder = ROOT / "src" / "assets" / "base-models" / "t2l-mini-base"
    return BaseModel.open(BaseSource("mini", str(folder)))


def test_the_files_are_those_of_the_adapter(bundle: BundleGenerator, tmp_path: Path) -> None:
    shelf = Shelf(bundle, tmp_path / "shelf")
    folder = shelf.folder(MATCHED)
    assert folder is not None and shelf.folder(MATCHED) == folder
    generate_lora(load_t2l(BUNDLE), DESCRIPTION).save_pretrained(tmp_path / "served")
    for name in (WEIGHTS_FILE, CONFIG_FILE):
        assert (folder / name).read_bytes() == (tmp_path / "served" / name).read_bytes()
    assert weights_digest(folder) == weights_digest(tmp_path / "served")
    assert shelf.folder(Trial("reverse", "plain", 0, None)) is None


def test_the_model_computes_with_the_adapter_and_then_without_it(
    bundle: BundleGenerator, base: BaseModel, tmp_path: Path
) -> None:
    plain = base.model(IDS).logits
    lora = generate_lora(bundle, DESCRIPTION)
    model = apply_lora(base.model, lora)
    wanted = model(IDS).logits
    remove(model)
    lora.save_pretrained(tmp_path)
    for _ in range(2):
        with with_adapter(base.model, tmp_path) as adapted:
            torch.testing.assert_close(adapted(IDS).logits, wanted)
        assert torch.equal(base.model(IDS).logits, plain)
    assert not torch.allclose(wanted, plain, atol=1e-2)
    with with_adapter(base.model, None) as model:
        assert model is base.model


def test_the_mean_adapter_is_the_mean_of_those_of_the_training_tasks(
    bundle: BundleGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = bundle._stored_fit()
    assert stored is not None and len(stored.rows) == 1295
    some = stored.rows[:70].float()
    monkeypatch.setattr("t2l.harness.served.read_fit", lambda *_: _Some(some))
    found = mean_adapter(bundle).tensors
    each = [bundle.generate(vector).tensors for vector in some]
    for name, tensor in found.items():
        wanted = torch.stack([one[name] for one in each]).double().mean(dim=0).float()
        torch.testing.assert_close(tensor, wanted, atol=1e-5, rtol=1e-4)


class _Some:
    """A fit of fewer training tasks, or the test would take minutes."""

    def __init__(self, rows: torch.Tensor) -> None:
        self.rows = rows


def test_an_adapter_that_the_bundle_refuses_is_named(
    bundle: BundleGenerator, tmp_path: Path
) -> None:
    with pytest.raises(HarnessError, match=r"t2l-mini .* no adapter for piqa, condition matched"):
        Shelf(bundle, tmp_path).folder(Trial("piqa", "matched", 0, "\u200b"))


def test_the_static_adapter_is_a_file_like_the_others(
    bundle: BundleGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = bundle._stored_fit()
    assert stored is not None
    monkeypatch.setattr("t2l.harness.served.read_fit", lambda *_: _Some(stored.rows[:2]))
    folder = Shelf(bundle, tmp_path).folder(Trial("piqa", "static", 0, None))
    assert folder is not None
    assert len(load_file(folder / WEIGHTS_FILE)) == 2 * 2 * 6  # sides, modules, layers
