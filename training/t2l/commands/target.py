"""`python -m t2l target`: writes a target spec from a model's config, or lists the shipped specs.

A spec needs the shape, which the config has (`base/families.py`), and what it does not always have:
the model's id, commit and licence (`base/target_source.py`). Nothing is written before all of it is
known.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from t2l.base.families import model_shape, read_config
from t2l.base.target import BaseModelRecord, TargetError, TargetSpec
from t2l.base.target_source import COMMIT, Identity, find_model


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's own options to its parser."""
    command.add_argument(
        "model", metavar="MODEL", nargs="?", help="a hub id, a folder with config.json, or a file"
    )
    command.add_argument(
        "--modules", type=_names, default=("q_proj", "v_proj"), help="in order, with commas between"
    )
    command.add_argument("--rank", type=int, default=8, help="LoRA rank, by default 8")
    command.add_argument("--alpha", type=_number, default=16, help="LoRA alpha, by default 16")
    command.add_argument("--rslora", action="store_true", help="scale by alpha / sqrt(rank)")
    command.add_argument("--id", help="hub id of a local model")
    command.add_argument("--revision", type=_commit, metavar="SHA40", help="the model's commit")
    command.add_argument("--license", help="the model's licence")
    command.add_argument("--out", type=Path, metavar="FILE", help="by default standard output")
    command.add_argument("--list", action="store_true", help="list configs/targets instead")
    command.add_argument("--json", action="store_true", help="with --list: JSON")


def run(options: argparse.Namespace) -> None:
    """Write a target spec from a model's config.json, or list the shipped ones.

    :raises TargetError: for a model that cannot be found or described, or options that do not fit.
    """
    if options.list == (options.model is not None):
        raise TargetError("give either MODEL or --list")
    if options.json and not options.list:
        raise TargetError("--json goes with --list; a spec is JSON already")
    if options.list:
        # its sizes are computed by the hypernetwork's own file: a spec does without PyTorch
        from t2l.commands.target_catalogue import catalogue, catalogue_text

        entries = catalogue()
        documents = [entry.to_json() for entry in entries]
        print(json.dumps(documents, indent=2) if options.json else catalogue_text(entries))
        return
    spec = build_spec(options)
    if options.out is None:
        print(json.dumps(spec.to_json(), indent=2))
    else:
        _write(spec, options.out)


def build_spec(options: argparse.Namespace) -> TargetSpec:
    """The spec that parsed options ask for.

    :raises TargetError: for a model that cannot be found or described, or options that do not fit
        it, naming the remedy.
    """
    given = Identity(options.id, options.revision, options.license)
    file, found = find_model(options.model, given)
    config = read_config(file)
    shape = model_shape(config, file)
    modules = shape.choose(options.modules, options.rank)
    known = found.completed(options.model, config)
    base = BaseModelRecord(architecture=shape.architecture, **known)
    return TargetSpec(
        base_model=base,
        layers=shape.layers,
        modules=modules,
        rank=options.rank,
        alpha=options.alpha,
        use_rslora=options.rslora,
        attention=shape.attention,
    )


def _write(spec: TargetSpec, out: Path) -> None:
    """Write the whole file or nothing."""
    if not out.parent.is_dir():
        raise TargetError(f"{out.parent} is not a folder: make it, or change --out")
    if out.is_dir():
        raise TargetError(f"{out} is a folder: --out must name a file")
    partial = out.with_name(f"{out.name}.partial")
    try:
        spec.save(partial)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _number(text: str) -> int | float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, got {text!r}") from None
    return int(value) if value.is_integer() else value


def _commit(text: str) -> str:
    if not COMMIT.match(text):
        raise argparse.ArgumentTypeError(f"must be a commit's 40 lower-case hex digits, got {text}")
    return text
