"""Measures the fit of a bundle anew and writes its next version, with the same network.

The bundle runs through its own float32 graph, so nothing that was trained is needed but the base
model and the encoder: in a fresh checkout `adopt` brings both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from t2l.commands.ship import ENCODERS, check_encoder
from t2l.commands.task_map import draw_map
from t2l.config.recipe import Config, ConfigError
from t2l.evaluate.fit import fit_of
from t2l.evaluate.opening import open_base, target_of
from t2l.evaluate.run import open_setting, results_dir, training_corpus
from t2l.export.bundle.manifest import MANIFEST_FILE, read_manifest
from t2l.export.bundle.refit import with_fit
from t2l.export.bundle.run import BundleNetwork

EXACT = "float32"


def refit(config: Config, folder: Path, real: Path | None = None) -> str:
    """Measure the fit of a bundle anew and write its next version.

    That is version `bundle.version`, which differs from `folder` in its fit alone.

    :param real: file of descriptions that people wrote of other tasks, for the fit's results.
    :return: the new bundle's digest.
    :raises ConfigError: if the recipe is not that of the bundle, or the version is its own.
    :raises FileNotFoundError: if there is no bundle.
    """
    check_encoder(config)
    if not (folder / MANIFEST_FILE).exists():
        raise FileNotFoundError(f"{folder}: no bundle there; give the folder of its manifest")
    manifest, _ = read_manifest(folder)
    _check_recipe(config, folder, manifest)
    # the exact graph, or the one that the edge runs if there is no other
    precision = EXACT if EXACT in manifest["graphs"] else manifest["precision"]
    network = BundleNetwork(folder, precision)
    setting = open_setting(config, network, training_corpus(config))
    fit = fit_of(setting, results_dir(config), real)
    root = config.assets_dir / "hypernets"
    bundle = config.bundle
    identity = with_fit(folder, fit, bundle.version, root, make_default=bundle.default)
    draw_map(root / bundle.name / bundle.version, config.assets_dir, setting.train)
    return identity


def _check_recipe(config: Config, folder: Path, manifest: dict[str, Any]) -> None:
    """Refuse a recipe that the bundle was not made with: its fit would be another network's."""
    bundle = config.bundle
    if manifest["name"] != bundle.name:
        raise ConfigError(
            f"{folder} is {manifest['name']}, but bundle.name is {bundle.name}; give its recipe"
        )
    if (config.assets_dir / "hypernets" / bundle.name / bundle.version).exists():
        raise ConfigError(f"bundle.version {bundle.version} exists already; set it to the next one")
    if ENCODERS[config.encoder.kind].to_json() != manifest["encoder"]:
        raise ConfigError(
            f"encoder.kind {config.encoder.kind} is another encoder than {folder} has, "
            f"{manifest['encoder']['model']}"
        )
    ours = target_of(config, open_base(config)).to_manifest()
    if ours != manifest["target"]:
        keys = [key for key in manifest["target"] if ours.get(key) != manifest["target"][key]]
        raise ConfigError(f"the recipe's target differs from that of {folder}: {', '.join(keys)}")
