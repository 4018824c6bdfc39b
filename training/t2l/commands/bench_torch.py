"""How long PyTorch takes for one embedding on one CPU thread, for the edge to be compared with.

    python -m t2l.commands.bench_torch --variant L --target configs/targets/NAME.json --dim 384 \\
        --latent 128 --head-in 512 --runs 9

The network has random weights; only its sizes matter. What is timed is the forward pass in float32
and nothing else: no encoder, no packing, no files.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from t2l.base.target import TargetSpec
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig, parameter_count

WARM_UP = 2


def forward_times(
    config: HypernetworkConfig, target: TargetSpec, runs: int, *, seed: int = 0
) -> list[float]:
    """Milliseconds of `runs` forward passes, each for another embedding, on one thread.

    :param runs: at least 1; two more that warm up are not counted.
    :raises ValueError: for fewer runs.
    """
    if runs < 1:
        raise ValueError(f"runs must be at least 1, got {runs}")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        network = Hypernetwork(config, target, seed=seed).eval()
        generator = torch.Generator().manual_seed(seed)
        times = []
        for _ in range(WARM_UP + runs):
            embedding = torch.randn(1, config.embedding_dim, generator=generator)  # [1, dim]
            start = time.perf_counter()
            with torch.inference_mode():
                network(embedding)
            times.append((time.perf_counter() - start) * 1000)
    finally:
        torch.set_num_threads(threads)
    return times[WARM_UP:]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m t2l.commands.bench_torch", description=__doc__)
    parser.add_argument("--variant", choices=("L", "M", "S"), required=True)
    parser.add_argument("--target", type=Path, required=True, help="target spec, JSON")
    parser.add_argument("--dim", type=int, required=True, help="length of the embedding")
    parser.add_argument("--latent", type=int, default=128)
    parser.add_argument("--head-in", type=int, default=512)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args(arguments)
    target = TargetSpec.load(options.target)
    config = HypernetworkConfig(
        options.variant,
        embedding_dim=options.dim,
        latent=options.latent,
        head_in=options.head_in,
        head_init="normal",
    )
    times = forward_times(config, target, options.runs)
    document = {
        "parameters": parameter_count(config, target),
        "runs": len(times),
        "median_ms": round(statistics.median(times), 3),
    }
    print(json.dumps(document))


if __name__ == "__main__":
    main()
