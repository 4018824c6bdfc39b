"""Imports every reference checkpoint into bundles, and keeps what the reference made of it.

    python tests/make_imported_bundles.py OUT

`OUT/hypernets/<case>/1.0.0` are the bundles, `OUT/expected/<case>.safetensors` in float32: `input`
[n, dim] and `<n>/<tensor>` with the whole LoRA under the reference's names, or at Mistral sizes
every `stride`-th value of `<module>.A` and `<module>.B`. `OUT/cases.json` lists them. The tests of
the edge run the bundles in workerd and compare.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from reference_checkpoints import (
    IMPORTABLE,
    MISTRAL_SIZES,
    TINY_LLAMA,
    case,
    mistral_facts,
    mistral_input,
    write_checkpoint,
    write_mistral_checkpoint,
)
from safetensors.torch import save_file
from torch import Tensor

from t2l.export.graphs import GraphOptions
from t2l.sakana.checkpoint import read_checkpoint
from t2l.sakana.importing import ImportOptions, import_checkpoint

FLOAT32 = GraphOptions(("float32",))
TWINS = ("sft-S-learned-hash3", "recon-zscore-L-hash0", "sft-M-hash3")  # also in chunks
MANY_CHUNKS = 1  # byte a chunk: as many as there can be


def main(out: Path) -> None:
    """Write everything below `out`."""
    (out / "expected").mkdir(parents=True)
    target = out / "target.json"
    TINY_LLAMA.save(target)
    options = ImportOptions(out, target=target, graphs=FLOAT32, precision="float32")
    cases: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in IMPORTABLE:
            checkpoint = write_checkpoint(name, Path(folder) / name)
            cases.append(add(checkpoint, name, out, options))
            if name in TWINS:
                for kind in ("whole", "chunked"):
                    graphs = GraphOptions(chunked=kind == "chunked", chunk_bytes=MANY_CHUNKS)
                    twin = replace(options, graphs=graphs)
                    cases.append(add(checkpoint, name, out, twin, suffix=f"-{kind}"))
            expect(out, name)
        for name in MISTRAL_SIZES:
            checkpoint = write_mistral_checkpoint(name, Path(folder) / name)
            shipped = replace(options, target=None)
            cases.append(add(checkpoint, name, out, shipped, prefix="mistral-"))
            expect_mistral(out, name)
    (out / "cases.json").write_text(json.dumps(cases, indent=2) + "\n", encoding="utf-8")


def add(
    checkpoint: Path, name: str, out: Path, options: ImportOptions, prefix="", suffix=""
) -> dict[str, Any]:
    """Import one checkpoint; the entry of `cases.json`."""
    bundle = f"{prefix}{name}{suffix}".lower()
    folder = out / "hypernets" / bundle / "1.0.0"
    found = import_checkpoint(checkpoint, replace(options, out=folder))
    facts = mistral_facts(name)[0] if prefix else case(name)[0]
    return {
        "bundle": bundle,
        "digest": found,
        "expected": f"{prefix}{name}",
        "scaling": facts["scaling"],
        "stride": facts.get("sample_stride"),
        "modules": list(read_checkpoint(checkpoint).module_order),
    }


def expect(out: Path, name: str) -> None:
    """What the reference generates for a tiny case."""
    _, tensors = case(name)
    kept: dict[str, Tensor] = {"input": tensors["input"]}
    kept |= {k.removeprefix("lora/"): v for k, v in tensors.items() if k.startswith("lora/")}
    save_file(kept, out / "expected" / f"{name}.safetensors")


def expect_mistral(out: Path, name: str) -> None:
    """Samples of what it generates at Mistral sizes."""
    _, tensors = mistral_facts(name)
    kept = {"input": mistral_input()}
    kept |= {k.removeprefix("sample/"): v for k, v in tensors.items() if k.startswith("sample/")}
    save_file(kept, out / "expected" / f"mistral-{name}.safetensors")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    main(Path(sys.argv[1]))
