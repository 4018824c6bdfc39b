"""The target spec of a checkpoint's base model: the one that ships, or one that is given."""

from __future__ import annotations

from pathlib import Path

from t2l.base.target import TargetSpec
from t2l.sakana.checkpoint import ARGS_FILE, Checkpoint, CheckpointError

TARGETS = Path(__file__).parents[2] / "configs" / "targets"


def known_target(checkpoint: Checkpoint, given: Path | None = None) -> TargetSpec:
    """The target spec to import with.

    :param given: a spec file; by default the one that ships for this base model.
    :raises CheckpointError: if none ships, naming the command that makes one.
    """
    if given is not None:
        return TargetSpec.load(given)
    base = checkpoint.args.model_dir.strip("/")
    for path in sorted(TARGETS.glob("*.json")):
        spec = TargetSpec.load(path)
        if spec.base_model.id == base:
            return spec
    modules = ",".join(checkpoint.module_order)
    raise CheckpointError(
        f"{checkpoint.folder / ARGS_FILE}: no target spec ships for {base}; make one with: "
        f"python -m t2l target {base} --modules {modules} --rank {checkpoint.adapter.r} "
        "--out target.json, and give it as --target target.json"
    )
