"""The files of adapters as an endpoint serves them, and a base model with one of them.

    text -> bundle -> adapter_model.safetensors, adapter_config.json -> PeftModel.from_pretrained

The bytes are those of the edge (`api/generated.py`); PEFT loads them as everybody does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from peft import PeftModel
from torch import nn
from transformers.modeling_utils import PreTrainedModel

from t2l.api.base_state import BaseState
from t2l.api.bundle_generator import BundleGenerator
from t2l.api.generated import Lora
from t2l.base.peft_io import WEIGHTS_FILE
from t2l.base.wheel import sha256_of
from t2l.evaluate.conditions.controls import mean_over
from t2l.export.bundle.run import BundleNetwork
from t2l.export.bundle.stored_fit import read_fit
from t2l.harness.conditions import Trial
from t2l.harness.library import HarnessError
from t2l.tasks.description_text import normalise_description


class Shelf:
    """Adapters of a bundle as files, each made once.

    :param root: an empty folder for them.
    """

    def __init__(self, bundle: BundleGenerator, root: Path) -> None:
        self.bundle, self.root = bundle, root
        self._folders: dict[str | None, Path] = {}

    def folder(self, trial: Trial) -> Path | None:
        """Where the adapter of a trial is; None for the plain base model.

        :raises HarnessError: for one that the bundle refuses to make.
        """
        if trial.condition == "plain":
            return None
        if trial.text not in self._folders:
            folder = self.root / str(len(self._folders))
            self._make(trial).save_pretrained(folder)
            self._folders[trial.text] = folder
        return self._folders[trial.text]

    def _make(self, trial: Trial) -> Lora:
        if trial.text is None:
            return mean_adapter(self.bundle)
        try:
            return self.bundle.generate(normalise_description(trial.text))
        except ValueError as error:
            raise HarnessError(
                f"{self.bundle.hypernet} makes no adapter for {trial.benchmark}, condition "
                f"{trial.condition}: {error}"
            ) from error


def mean_adapter(bundle: BundleGenerator) -> Lora:
    """The mean of the adapters of a bundle's training tasks, as the condition `static` has it.

    :raises HarnessError: for a bundle that does not say what it was trained on.
    """
    fit, stored = bundle.manifest.get("fit"), None
    if fit is not None:
        data = (bundle.folder / fit["file"]).read_bytes()
        stored = read_fit(fit, data, bundle.target.module_names)
    if stored is None:
        raise HarnessError(
            f"{bundle.hypernet} has no vectors of its training tasks, whose mean adapter is the "
            "condition static: leave static out of --conditions"
        )
    network = BundleNetwork(bundle.folder, bundle.precision)
    scale = float(bundle.manifest["encoder"].get("scale", 1))
    weights = mean_over(network, (stored.rows * scale).float())
    flat = {name: (a[0], b[0]) for name, (a, b) in weights.items()}
    return Lora.from_weights(bundle.target, flat, bundle.hypernet)


def weights_digest(folder: Path | None) -> str | None:
    """The sha256 of an adapter's weights file, in hex; None for no adapter."""
    return None if folder is None else sha256_of(folder / WEIGHTS_FILE)


@contextmanager
def with_adapter(base: PreTrainedModel, folder: Path | None) -> Iterator[nn.Module]:
    """The base model with the adapter of a folder, by PEFT; afterwards it is as it was.

    :param folder: None for the base model as it is.
    """
    if folder is None:
        yield base
        return
    before = BaseState.of(base)
    model = PeftModel.from_pretrained(base, folder)
    try:
        yield model.eval()
    finally:
        before.restore(cast(nn.Module, model.unload()))
