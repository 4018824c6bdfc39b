"""The shipped bundle, copies of it under another manifest, and how far two adapters are apart."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from t2l.api.generated import Lora
from t2l.encoders.info import TUNED_FOLDER
from t2l.export.bundle.manifest import canonical_bytes

TRAINING = Path(__file__).parents[1]
ROOT = TRAINING.parent
HYPERNETS = ROOT / "src" / "assets" / "hypernets"
BUNDLE = max((HYPERNETS / "t2l-mini").iterdir())  # one version ships
REFERENCE = f"{BUNDLE.parent.name}@{BUNDLE.name}"
ENCODER = HYPERNETS / TUNED_FOLDER
INT8_STEP = 1e-4  # the int8 graph reads 16 bits: a last digit of the vector may be a step of those
DESCRIPTION = "Reverse the order of the words."


def differ(one: Lora, other: Lora) -> float:
    """The largest difference of any value."""
    assert list(one.tensors) == list(other.tensors)
    return max(float((t - other.tensors[n]).abs().max()) for n, t in one.tensors.items())


def bundle_with(root: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of the bundle under another manifest, with the shared encoder beside it."""
    folder = root / BUNDLE.relative_to(HYPERNETS)
    shutil.copytree(BUNDLE, folder)
    shutil.copytree(ENCODER, root / TUNED_FOLDER)
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_bytes(canonical_bytes(manifest))
    return path.parent


def encoder_of_kind(kind: str, **changes: Any) -> Callable[[dict[str, Any]], None]:
    def change(manifest: dict[str, Any]) -> None:
        del manifest["encoder"]["files"]
        manifest["encoder"] |= {"kind": kind, **changes}

    return change
