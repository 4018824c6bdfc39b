"""`python -m t2l bench`: a step of meta-training beside the least that it could cost.

Three kinds of step over the same tokens (`steps.py`), taken in turns in one process. Weights and
tokens are random, so nothing is fetched or trained.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from t2l.commands.bench.figures import figures_of
from t2l.commands.bench.measure import measure
from t2l.commands.bench.memory import free_bytes, needed, require_room
from t2l.commands.bench.peak import step_flops
from t2l.commands.bench.sizes import LARGE, SHIPPED, SMALL, Sizes, sizes_of
from t2l.commands.bench.subject import prepare
from t2l.commands.bench.text import report_text
from t2l.commands.gpu_speeds import peak_tflops
from t2l.config.errors import Refusal


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's own options to its parser."""
    command.add_argument(
        "--target",
        choices=SHIPPED,
        help="a shipped target in bfloat16, meant for a GPU, in place of a small Llama",
    )
    command.add_argument("--layers", type=int, help=f"of the small Llama, {SMALL['layers']}")
    command.add_argument("--width", type=int, help=f"of the small Llama, {SMALL['width']}")
    for name, what in (
        ("tasks", "of a step"),
        ("examples", "of each task"),
        ("length", "tokens of each example"),
        ("rounds", "times that each kind of step is measured"),
    ):
        usual = f"{SMALL[name]}, or {LARGE[name]} with --target"
        same = SMALL[name] == LARGE[name]
        command.add_argument(
            f"--{name}", type=int, help=f"{what}, by default {SMALL[name] if same else usual}"
        )
    command.add_argument(
        "--answers",
        type=int,
        help="tokens of each example that are predicted, by default a quarter",
    )
    command.add_argument("--bfloat16", action="store_true", help="instead of float32")
    command.add_argument(
        "--threads", type=int, help="of the CPU; one is disturbed least where the machine is busy"
    )
    command.add_argument(
        "--peak-tflops", type=float, help="of the device, where its name does not tell"
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--out", type=Path, metavar="FILE", help="add a line of JSON to it")


def run(options: argparse.Namespace) -> None:
    """Measure what a step of meta-training costs beside the least that it could.

    :raises Refusal: for options that do not go together, or sizes that the memory does not hold.
    """
    sizes = sizes_of(options)
    _check(options)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    require_room(needed(sizes), free_bytes(device), device)
    name = torch.cuda.get_device_name() if device == "cuda" else platform.machine()
    with _threads(options.threads):
        found = measure(prepare(sizes, device), sizes.rounds)
    peak = options.peak_tflops
    if peak is None and device == "cuda":
        peak = peak_tflops(name, sizes.bfloat16)
    figures = figures_of(found, step_flops(sizes), peak)
    where = {
        "device": name,
        "threads": options.threads or torch.get_num_threads(),
        "precision": "bfloat16" if sizes.bfloat16 else "float32",
        "torch": torch.__version__,
    }
    document = {**where, "sizes": _sizes(sizes), **asdict(figures)}
    if options.out is not None:
        with options.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(document) + "\n")
    if options.json:
        print(json.dumps(document, indent=2))
    else:
        print(report_text(sizes, figures, _words(where)))


def _check(options: argparse.Namespace) -> None:
    """Refuse what would only fail once the measurement has begun."""
    threads, peak, out = options.threads, options.peak_tflops, options.out
    if threads is not None and threads < 1:
        raise Refusal(f"--threads must be at least 1, got {threads}")
    if peak is not None and not peak > 0:
        raise Refusal(f"--peak-tflops must be above 0, got {peak}")
    if out is not None and not out.parent.is_dir():
        raise Refusal(f"{out.parent} is not a folder: make it, or change --out")
    if out is not None and out.is_dir():
        raise Refusal(f"{out} is a folder: --out must name a file")


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Let PyTorch compute in so many threads while the block runs; None changes nothing."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _sizes(sizes: Sizes) -> dict[str, Any]:
    """The sizes as plain JSON values."""
    names = ("tasks", "examples", "length", "answers", "rounds")
    return {
        "base_model": sizes.target.base_model.id,
        **asdict(sizes.shape),
        "modules": list(sizes.target.module_names),
        "rank": sizes.target.rank,
        **{name: getattr(sizes, name) for name in names},
    }


def _words(where: Mapping[str, Any]) -> str:
    threads = f"{where['threads']} thread{'' if where['threads'] == 1 else 's'}"
    return f"{where['device']} ({threads}), {where['precision']}, PyTorch {where['torch']}"
