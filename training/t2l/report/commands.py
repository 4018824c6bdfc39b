"""The commands that make the report's data, in one place; the report prints them."""

_STAGE = "cd training && .venv/bin/python -m t2l {stage} --config configs/mini.yaml"


def stage(name: str) -> str:
    """How one stage is run from the root of the repository.

    :param name: the stage with its arguments, if it has any.
    """
    return _STAGE.format(stage=name)


MAIN = stage("evaluate")
TRAINING = stage("study NAME")
COMPRESSION = stage("reconstruction")
VECTORS = stage("vectors")
FIT = stage("export")
REPORT = "training/run.sh results"


def study(name: str) -> str:
    """The command of one study."""
    return stage(f"study {name}")
