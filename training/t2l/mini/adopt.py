"""Begins a run with the base model and the encoder that ship, so that only the rest is trained."""

import shutil
from pathlib import Path

from t2l.config.recipe import Config, ConfigError
from t2l.encoders.info import CONTRAST_FOLDER, TUNED_FOLDER
from t2l.encoders.onnx_encoder import MODEL_FILE
from t2l.export.onnx.lm import LM_FILE

ENCODER_FOLDERS = {"tuned": TUNED_FOLDER, "contrast": CONTRAST_FOLDER}


def adopt(config: Config) -> None:
    """Begin the run with the base model and the encoder that ship.

    The base model is put in the run's place for it; the encoder is used where it lies.

    :raises FileNotFoundError: if either has not shipped.
    :raises FileExistsError: if the run has a base model already.
    :raises ConfigError: if the run's base model is none that is trained here.
    """
    encoder = shipped_encoder(config)
    if config.base.kind == "mini" and encoder is not None and not encoder.exists():
        raise FileNotFoundError(f"{encoder}: nothing there to begin with; run `all` instead")
    adopt_base(config)


def adopt_base(config: Config) -> None:
    """Put the shipped base model in the run's place for it.

    :raises FileNotFoundError: if none has shipped.
    :raises FileExistsError: if the run has a base model already.
    :raises ConfigError: if the run's base model is none that is trained here.
    """
    source = shipped_base(config)
    weights = source / "model.safetensors"
    if not weights.exists():
        raise FileNotFoundError(f"{weights}: nothing there to begin with; run `all` instead")
    final = config.run_dir / "base" / "final"
    if final.exists():
        raise FileExistsError(f"{final} exists; a run that began otherwise is not changed")
    shutil.copytree(source, final, ignore=shutil.ignore_patterns(LM_FILE))


def base_is_missed(config: Config) -> bool:
    """Whether the run cannot be begun as it says, but with the base model that ships.

    That is so in a checkout without history: the weights that are to be continued are not there.
    """
    if config.base.kind != "mini" or config.base.continue_from is None:
        return False
    begun = (config.run_dir / "base").exists()
    missing = not Path(config.base.continue_from).exists()
    return missing and not begun and shipped_base(config).exists()


def shipped_base(config: Config) -> Path:
    """Where the base model that ships lies.

    :raises ConfigError: if the run's base model is none that is trained here.
    """
    if config.base.kind != "mini":
        raise ConfigError(f"base.kind {config.base.kind} is used as it is; there is none to adopt")
    return config.assets_dir / "base-models" / config.base.id.split("/")[-1]


def shipped_encoder(config: Config) -> Path | None:
    """The file of the tuned encoder that ships; None if the run takes one that is not tuned."""
    folder = ENCODER_FOLDERS.get(config.encoder.kind)
    return None if folder is None else config.assets_dir / "hypernets" / folder / MODEL_FILE


def encoder_is_adopted(config: Config) -> bool:
    """Whether there is an encoder that ships and none of the run's own making."""
    encoder = shipped_encoder(config)
    shipped = encoder is not None and encoder.exists()
    return shipped and not (config.run_dir / "encoder").exists()
