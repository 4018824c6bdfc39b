"""all-MiniLM-L6-v2 as one ONNX file: as published, or as one of the two tunings left it."""

import logging
from pathlib import Path

from t2l.config.recipe import Config
from t2l.encoders.info import CONTRAST_FOLDER, TUNED_FOLDER
from t2l.encoders.onnx_encoder import MODEL_FILE, OnnxEncoder, export_encoder

logger = logging.getLogger(__name__)


def tuned(config: Config) -> OnnxEncoder:
    """The encoder that reads the steps of t2l-mini's tasks."""
    return _shipped(config, TUNED_FOLDER)


def contrast(config: Config) -> OnnxEncoder:
    """The encoder that was tuned on phrasings."""
    return _shipped(config, CONTRAST_FOLDER)


def _shipped(config: Config, place: str) -> OnnxEncoder:
    """An encoder that ships, exported from the run that tuned it if it is not there.

    :param place: its folder below that of the bundles.
    :raises FileNotFoundError: if it was neither exported nor tuned.
    """
    folder = config.assets_dir / "hypernets" / place
    source = config.run_dir / "encoder" / "final"
    if not (folder / MODEL_FILE).exists() and not (source / "model.safetensors").exists():
        raise FileNotFoundError(f"{source}: no tuned encoder; run the `encoder` stage first")
    return _opened(folder, source, config)


def minilm(config: Config) -> OnnxEncoder:
    """The encoder as published, kept with the run."""
    return _opened(config.run_dir / "minilm", None, config)


def _opened(folder: Path, source: Path | None, config: Config) -> OnnxEncoder:
    if not (folder / MODEL_FILE).exists():
        logger.info("exporting the encoder to %s", folder)
        export_encoder(folder, source)
    return OnnxEncoder(folder, config.run_dir / "embeddings")
