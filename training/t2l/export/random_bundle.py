"""Bundles with random weights, for benchmarks at sizes nobody has trained here.

    python -m t2l.export.random_bundle --variant S --target configs/targets/NAME.json --dim 384 \\
        --name NAME --out DIR [--output dora | --output ia3]

Magnitudes of a DoRA lie around the row norms of no base model in particular, 0.5 to 1.5.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from t2l.base.families import feedforward_modules
from t2l.base.target import OUTPUTS, OutputKind, TargetSpec
from t2l.encoders.info import MINILM, MINILM_FOLDER, EncoderInfo
from t2l.encoders.onnx_encoder import MODEL_FILE, OnnxEncoder, export_encoder
from t2l.export.bundle.data import Fit, Golden, golden_from_encoder
from t2l.export.bundle.write import DEFAULT_GRAPHS, export_bundle
from t2l.export.graph_options import add_graph_options, graph_options
from t2l.export.graphs import GraphOptions
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig

RANDOM_DESCRIPTIONS = (
    "Classify the sentiment of the review as positive or negative.",
    "Answer the question with a single word.",
    "Translate the sentence from English to French.",
    "Solve the arithmetic problem and show every step.",
    "Decide whether the premise entails the hypothesis.",
    "Write a short title for the news article.",
    "List the people and places that the text names, in the order in which they come.",
    "Continue the story in the style of its author, and " + "very " * 150 + "slowly.",
)
"""Golden descriptions of a random bundle; the last is longer than the encoder's window."""


def export_random(
    variant: Literal["L", "M", "S"],
    target: TargetSpec,
    dim: int,
    name: str,
    out_dir: Path,
    *,
    version: str = "0.0.0",
    latent: int = 128,
    head_in: int = 512,
    graphs: GraphOptions = DEFAULT_GRAPHS,
    seed: int = 0,
    overwrite: bool = False,
) -> str:
    """A bundle with random weights of the right sizes; nothing it makes is of use.

    With dim 384 it has the embedded encoder, with any other it takes embeddings only.

    :return: the bundle's digest.
    """
    plain = target.output == "lora"
    config = HypernetworkConfig(
        variant, dim, latent, head_in, head_init="normal", per_layer_bias=not plain
    )
    network = Hypernetwork(config, target, seed=seed)
    if not plain:
        _move_scales(network, seed)
    if dim == MINILM.dim:
        info, shared = MINILM, Path(out_dir) / MINILM_FOLDER
        if not (shared / MODEL_FILE).exists():
            export_encoder(shared)
        golden = golden_from_encoder(OnnxEncoder(shared), RANDOM_DESCRIPTIONS)
    else:
        info = EncoderInfo(kind="given", model="none", dim=dim)
        rows = np.random.default_rng(seed).standard_normal((len(RANDOM_DESCRIPTIONS), dim))
        unit = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
        golden = Golden(RANDOM_DESCRIPTIONS, torch.from_numpy(unit).float())
    return export_bundle(
        network,
        encoder=info,
        golden=golden,
        fit=Fit(RANDOM_DESCRIPTIONS, golden.embeddings, good=0.75, uncertain=0.5),
        norm_embeddings=golden.embeddings,
        evaluation={},
        training={"random": True, "seed": seed},
        out_dir=out_dir,
        name=name,
        version=version,
        precision=graphs.precisions[-1],
        graphs=graphs,
        overwrite=overwrite,
    )


def with_output(target: TargetSpec, output: OutputKind) -> TargetSpec:
    """The same target for another kind of output; of IA3, feedforward modules are PEFT's."""
    if output != "ia3":
        return replace(target, output=output)
    chosen = feedforward_modules(target.base_model.architecture, target.module_names)
    modules = tuple(replace(m, feedforward=m.name in chosen) for m in target.modules)
    return replace(target, output=output, rank=1, modules=modules)


def _move_scales(network: Hypernetwork, seed: int) -> None:
    """Give magnitudes or factors offsets, and magnitudes norms, that differ from each other."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, offset in network.offset_scale.items():
            offset.copy_(0.1 * torch.randn(offset.shape, generator=generator))
            if network.target.output == "dora":
                network.norms[name].copy_(torch.rand(offset.shape, generator=generator) + 0.5)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of the random export."""
    parser = argparse.ArgumentParser(prog="python -m t2l.export.random_bundle", description=__doc__)
    parser.add_argument("--variant", choices=("L", "M", "S"), default="S")
    parser.add_argument("--target", type=Path, required=True, help="target spec, JSON")
    parser.add_argument("--dim", type=int, default=MINILM.dim, help="length of the embedding")
    parser.add_argument("--latent", type=int, default=128, help="width of the body")
    parser.add_argument("--head-in", type=int, default=512, help="width of the heads' input")
    parser.add_argument(
        "--output", choices=OUTPUTS, help="kind of adapter; the target's by default"
    )
    add_graph_options(parser)
    parser.add_argument("--name", required=True)
    parser.add_argument("--version", default="0.0.0")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="the hypernets root")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    target = TargetSpec.load(options.target)
    if options.output is not None:
        target = with_output(target, options.output)
    found = export_random(
        options.variant,
        target,
        options.dim,
        options.name,
        options.out,
        version=options.version,
        latent=options.latent,
        head_in=options.head_in,
        graphs=graph_options(options),
        seed=options.seed,
        overwrite=options.overwrite,
    )
    print(found)


if __name__ == "__main__":
    main()
