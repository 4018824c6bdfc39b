"""Begins a run with the base model and the encoder that ship, so that only the rest is trained."""

import shutil

from t2l.config.recipe import Config
from t2l.encoders.info import TUNED_FOLDER
from t2l.encoders.onnx_encoder import MODEL_FILE
from t2l.export.onnx.lm import LM_FILE


def adopt(config: Config) -> None:
    """Put the shipped base model in the run's place for it; the encoder is used where it lies.

    :raises FileNotFoundError: if either has not shipped.
    :raises FileExistsError: if the run has a base model already.
    """
    source = config.assets_dir / "base-models" / config.base.id.split("/")[-1]
    encoder = config.assets_dir / "hypernets" / TUNED_FOLDER / MODEL_FILE
    for path in (source / "model.safetensors", encoder):
        if not path.exists():
            raise FileNotFoundError(f"{path}: nothing there to begin with; run `all` instead")
    final = config.run_dir / "base" / "final"
    if final.exists():
        raise FileExistsError(f"{final} exists; a run that began otherwise is not changed")
    shutil.copytree(source, final, ignore=shutil.ignore_patterns(LM_FILE))


def encoder_is_adopted(config: Config) -> bool:
    """Whether there is an encoder that ships and none of the run's own making."""
    encoder = config.assets_dir / "hypernets" / TUNED_FOLDER / MODEL_FILE
    return encoder.exists() and not (config.run_dir / "encoder").exists()
