"""What a study asks for: its variants, each the run's recipe with one thing changed.

A study names its variants and what each changes in the configuration. Base model, tasks and the way
in which runs are measured stay those of the run, or its variants could not be compared; all of that
is refused before anything is trained. Variants that ask for the same thing share a folder, and so
one network: it is named by a digest of what they ask for.
"""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from t2l.base.quantized import require_quantizer
from t2l.base.target import TargetError
from t2l.config.recipe import (
    BundleConfig,
    Config,
    ConfigError,
    EvaluationConfig,
    StudyConfig,
    config_digest,
    config_of,
    merged_values,
    read_yaml,
    study_values,
)
from t2l.evaluate.opening import open_base, target_of

SHARED = ("base", "encoder", "embeddings", "oracles", "minilm", "reconstruction")
OF_THE_RUN = ("runs", "publish", "study", "evaluation", "bundle")  # no variant has its own
TEXTS = ("descriptions", "wider", "wider_descriptions")  # of the tasks, what a variant may change


def read_studies(path: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Studies by name: variant -> what it changes in the configuration.

    :raises ConfigError: if the file is missing or malformed, naming the study and the variant.
    """
    studies = read_yaml(path)
    if not isinstance(studies, dict) or not studies:
        raise ConfigError(f"{path}: it must be a mapping of studies, each of which has variants")
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name, variants in studies.items():
        if not isinstance(variants, dict) or not variants:
            raise ConfigError(
                f"{path}: study {name}: it must be a mapping of variants, one or more"
            )
        for variant, changes in variants.items():
            if not isinstance(changes, dict | None):
                raise ConfigError(
                    f"{path}: study {name}, variant {variant}: it must be a mapping of what it "
                    f"changes in the configuration, or nothing; got {changes!r}"
                )
        found[str(name)] = {str(variant): row or {} for variant, row in variants.items()}
    return found


def checked_variants(config: Config, name: str, path: Path) -> dict[str, Config]:
    """The configurations of all variants of a study, each of which can be trained.

    :param path: YAML file of studies.
    :raises ConfigError: if there is no such study, or for a variant that cannot be one.
    """
    known = read_studies(path)
    if name not in known:
        raise ConfigError(f"no study {name!r} in {path}; there are: {', '.join(known)}")
    found = {
        variant: variant_config(config, name, variant, changes)
        for variant, changes in known[name].items()
    }
    base = open_base(config)
    for variant, ours in found.items():
        try:
            require_quantizer(ours.sft.base_quantization)
            target_of(ours, base)
        except (ConfigError, TargetError) as error:
            raise ConfigError(f"study {name}, variant {variant}: {error}") from error
    return found


def variant_config(config: Config, study: str, variant: str, changes: dict[str, Any]) -> Config:
    """The run's configuration with a variant's changes, in a folder named after what it asks for.

    Base model, encoder and oracles stay those of the run. A variant that asks for the run's own
    recipe, its steps included, is the run's own network.

    :raises ConfigError: for changes that a variant cannot make, naming the variant.
    """
    try:
        return _variant(config, changes)
    except ConfigError as error:
        raise ConfigError(f"study {study}, variant {variant}: {error}") from error


def _variant(config: Config, changes: dict[str, Any]) -> Config:
    own = [key for key in OF_THE_RUN if key in changes]
    if own:
        raise ConfigError(f"{own[0]} is the run's: a variant says how a network is trained")
    sft = changes.get("sft")
    if isinstance(sft, dict) and "seed" in sft:
        raise ConfigError("sft.seed is not a variant's: every variant has the seeds of study.seeds")
    values = merged_values(study_values(config), changes)
    changed = config_of(values)
    if _kept(changed) != _kept(config):
        raise ConfigError(
            "a variant cannot change the base model or its tasks (but how many descriptions they "
            f"have: tasks.{', tasks.'.join(TEXTS)})"
        )
    if recipe_digest(changed) == recipe_digest(config):
        return config
    folder = config.run_dir / "studies" / recipe_digest(changed)[:16]
    _link(config.run_dir, folder, SHARED)
    values["runs"] = str(folder)
    return config_of(values)


def _kept(config: Config) -> tuple[object, dict[str, Any]]:
    tasks = {key: value for key, value in asdict(config.tasks).items() if key not in TEXTS}
    return config.base, tasks


def recipe_digest(config: Config) -> str:
    """sha256 of what determines a trained network: not how it is measured, named or studied."""
    plain = replace(
        config, bundle=BundleConfig(), evaluation=EvaluationConfig(), study=StudyConfig()
    )
    return config_digest(plain, leave_out=("study.recipe",))  # newer than most recorded digests


def _link(run: Path, folder: Path, names: tuple[str, ...]) -> None:
    """Let a variant's folder see what the run has already made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        place = folder / name
        if place.is_symlink() and not place.exists():
            place.unlink()  # what it led to was removed
        if not place.exists() and (run / name).exists():
            place.symlink_to((run / name).resolve(), target_is_directory=True)
