"""The manifest of a bridge: the bundle's own, but for what is about the encoder.

What the bridge costs is in its `training`, beside the digest of the bundle it was made from.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from t2l.api.bundle_generator import BundleGenerator
from t2l.bridge.regression import BridgeReport
from t2l.encoders.info import SHARED_PREFIX, EncoderInfo
from t2l.export.bundle.data import Fit, Golden, golden_limit
from t2l.export.bundle.manifest import file_entry

FIT_FILE = "fit.f16"
GOLDEN_FILE = "golden.safetensors"


def bridge_manifest(
    bundle: BundleGenerator,
    encoder: EncoderInfo,
    report: BridgeReport,
    fit: Fit,
    golden: Golden,
    contents: Mapping[str, bytes],
    out: Path,
) -> dict[str, Any]:
    """The manifest of the bundle at `out`.

    :param bundle: what is bridged; its other files are kept as they are.
    :param encoder: the new one; its files lie below the root already.
    :param contents: the files that are new or changed.
    """
    manifest = copy.deepcopy(bundle.manifest)
    manifest["name"], manifest["version"] = out.parent.name, out.name
    manifest["encoder"] = encoder.to_json()
    manifest["fit"] = {"file": FIT_FILE, "dim": encoder.dim, **fit.to_json()}
    manifest["golden"] = {
        "file": GOLDEN_FILE,
        "descriptions": list(golden.descriptions),
        "limit": golden_limit(bundle.target, len(golden.descriptions)),
    }
    manifest["training"] = {
        "bridge": {
            "from": encoder.model,
            "bundle": {
                "name": bundle.hypernet.name,
                "version": bundle.hypernet.version,
                "digest": bundle.hypernet.digest,
                "encoder": bundle.manifest["encoder"]["model"],
            },
            "held_out": report.to_json(),
        },
        "hypernetwork": bundle.manifest["training"],
    }
    manifest["files"] = {file: bundle.manifest["files"][file] for file in kept_files(bundle)}
    manifest["files"] |= {file: file_entry(data) for file, data in contents.items()}
    for _, file in encoder.files:
        manifest["files"][file] = file_entry((out.parents[1] / file).read_bytes())
    return manifest


def kept_files(bundle: BundleGenerator) -> list[str]:
    """The bundle's files that are not about its encoder; its graphs are among them."""
    manifest = bundle.manifest
    dropped = {manifest.get("fit", {}).get("file"), manifest["golden"]["file"]}
    return [
        file
        for file in manifest["files"]
        if file not in dropped and not file.startswith(SHARED_PREFIX)
    ]
