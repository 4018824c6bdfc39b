"""What every shipped target spec would take to serve: `python -m t2l target --list`.

For each spec and each hypernetwork that there is or may be for it: weights, sizes of graphs,
memory, CPU time of one run and the Workers plan with room for it, all from sizes, nothing loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from t2l.base.target import TargetError, TargetModule, TargetSpec
from t2l.export.graph_size import chunked_memory, fits_whole
from t2l.export.onnx.chunks import BODY_BYTES, CHUNK_BYTES
from t2l.hypernet.hypernetwork import HypernetworkConfig, head_width, parameter_count
from t2l.report.flops import hypernetwork_flops
from t2l.report.markdown import count, table

TARGETS = Path(__file__).parents[2] / "configs" / "targets"

NOTE = (
    "Nothing of this was measured: sizes are computed, memory and CPU time are rough estimates "
    "from them. Beside an embedded encoder `npm run bench` measures less memory than stands here, "
    "and in chunks more time: docs/operations.md, What it costs."
)
FREE_CPU_MS = 10  # a request on the free Workers plan
FLOPS_PER_MS = 39e6  # int8 in workerd: S at Mistral-7B sizes, 4.4 GFLOP in 112 ms (npm run bench)


@dataclass(frozen=True)
class Encoder:
    """A sentence encoder: its name, where it runs, the length of its vectors, and its own size."""

    name: str
    place: str
    dim: int
    embedded_bytes: int


MINILM = Encoder("all-MiniLM-L6-v2", "embedded", 384, 22_700_000)
GTE = Encoder("gte-large-en-v1.5", "http", 1024, 0)
Variant = Literal["S", "M", "L"]
VARIANTS: tuple[Variant, ...] = ("S", "M", "L")
# Latent and head_in of Sakana AI's checkpoints, all variant L: scripts/train_t2l_*.sh of their
# repository, where Mistral's has the defaults.
RELEASED: dict[str, tuple[int, int]] = {
    "mistralai/Mistral-7B-Instruct-v0.2": (128, 512),
    "meta-llama/Llama-3.1-8B-Instruct": (512, 2048),
    "google/gemma-2-2b-it": (512, 2048),
}


@dataclass(frozen=True)
class HypernetworkCost:
    """What one hypernetwork for a target takes to serve.

    :param released: whether a trained checkpoint of it was published; else nobody has trained one.
    :param parameters: number of weights.
    :param float32_bytes: weights of its graph; heads that are cut to width count as the graph has
        them. `int8_bytes` has a byte a head weight and a float32 scale a head output.
    :param float32_graph: "whole" if those weights fit the edge's budget, else "chunked".
    :param int8_memory: about the peak of an isolate's memory in int8, in chunks.
    :param milliseconds: CPU time of one int8 run, from its operations and the benchmark's rate;
        encoding, packing and the reading of chunks come on top.
    :param plan: the Workers plan whose CPU limit has room for that.
    """

    variant: str
    latent: int
    head_in: int
    released: bool
    encoder: Encoder
    parameters: int
    float32_bytes: int
    int8_bytes: int
    float32_graph: str
    int8_graph: str
    int8_memory: int
    milliseconds: int
    plan: str


@dataclass(frozen=True)
class CatalogueEntry:
    """One shipped spec: its file's name, and the hypernetworks there are or may be for it."""

    file: str
    target: TargetSpec
    hypernetworks: tuple[HypernetworkCost, ...]

    @property
    def float16_bytes(self) -> int:
        """Size of one float16 adapter's tensors."""
        return 2 * self.target.parameters

    def to_json(self) -> dict[str, Any]:
        """The entry as plain JSON values."""
        target = self.target.to_json()
        return {
            "id": self.target.base_model.id,
            "file": self.file,
            **{key: target[key] for key in ("layers", "modules", "rank")},
            "values": self.target.parameters,
            "float16_bytes": self.float16_bytes,
            "hypernetworks": [asdict(cost) for cost in self.hypernetworks],
        }


def catalogue(folder: Path = TARGETS) -> tuple[CatalogueEntry, ...]:
    """Every spec in a folder, by file name, with what its hypernetworks take.

    :raises TargetError: for a spec that cannot be read, naming its file.
    """
    entries = []
    for path in sorted(folder.glob("*.json")):
        try:
            target = TargetSpec.load(path)
        except ValueError as error:
            raise TargetError(f"{path} is not a target spec: {error}") from None
        costs = [_cost(variant, 128, 512, MINILM, target) for variant in VARIANTS]
        if target.base_model.id in RELEASED:
            costs.append(_cost("L", *RELEASED[target.base_model.id], GTE, target))
        entries.append(CatalogueEntry(path.name, target, tuple(costs)))
    return tuple(entries)


def _cost(
    variant: Variant, latent: int, head_in: int, encoder: Encoder, target: TargetSpec
) -> HypernetworkCost:
    config = HypernetworkConfig(variant, encoder.dim, latent=latent, head_in=head_in)
    parameters = parameter_count(config, target)
    outputs = sum(head_width(config, target, module) for module in target.modules)
    graph_outputs = sum(_graph_outputs(config, target, module) for module in target.modules)
    rest = parameters - outputs * head_in
    float32, int8 = 4 * (rest + graph_outputs * head_in), 4 * rest + graph_outputs * (head_in + 4)
    milliseconds = hypernetwork_flops(config, target) / FLOPS_PER_MS
    return HypernetworkCost(
        variant=variant,
        latent=latent,
        head_in=head_in,
        released=encoder is GTE,
        encoder=encoder,
        parameters=parameters,
        float32_bytes=float32,
        int8_bytes=int8,
        float32_graph=_graph(float32, target),
        int8_graph=_graph(int8, target),
        int8_memory=chunked_memory(
            encoder.embedded_bytes,
            min(4 * rest, BODY_BYTES),
            CHUNK_BYTES,
            target.parameters,
        ),
        milliseconds=round(milliseconds),
        plan="free" if milliseconds <= FREE_CPU_MS else "paid",
    )


def _graph_outputs(config: HypernetworkConfig, target: TargetSpec, module: TargetModule) -> int:
    """Outputs of a module's heads in the graph, where A and B share one only if it is square."""
    if config.variant == "L" or module.in_features == module.out_features:
        return head_width(config, target, module)
    ranks = target.rank if config.variant == "M" else 1
    return ranks * (module.in_features + module.out_features)


def _graph(size: int, target: TargetSpec) -> str:
    return "whole" if fits_whole(size, target.parameters) else "chunked"


def catalogue_text(entries: Sequence[CatalogueEntry]) -> str:
    """The catalogue as two tables: the targets, and their hypernetworks."""
    targets, networks = [], []
    for entry in entries:
        spec = entry.target
        modules = ", ".join(f"{m.name} {m.in_features}->{m.out_features}" for m in spec.modules)
        numbers = [str(spec.layers), modules, str(spec.rank), count(spec.parameters)]
        targets.append([spec.base_model.id, *numbers, _megabytes(entry.float16_bytes)])
        for cost in entry.hypernetworks:
            origin = "released" if cost.released else "not released"
            networks.append(
                [
                    spec.base_model.id,
                    f"{cost.variant} {cost.latent}/{cost.head_in}, {origin}",
                    count(cost.parameters),
                    f"{_megabytes(cost.float32_bytes)}, {cost.float32_graph}",
                    f"{_megabytes(cost.int8_bytes)}, {cost.int8_graph}",
                    f"{cost.encoder.name}, {cost.encoder.place}",
                    _megabytes(cost.int8_memory),
                    f"{cost.milliseconds} ms, {cost.plan}",
                ]
            )
    first = ["target", "layers", "modules", "rank", "values", "float16 MB"]
    second = ["target", "variant latent/head_in", "parameters", "float32 MB, graph"]
    second += ["int8 MB, graph", "encoder", "int8 peak MB", "int8 CPU, Workers plan"]
    return f"{table(first, targets)}\n\n{table(second, networks)}\n\n{NOTE}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"
