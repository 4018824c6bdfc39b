"""The bundle's manifest: one canonical byte form, whose sha256 is the hypernetwork's digest.

Canonical bytes are JSON with sorted keys, no spaces, UTF-8 without ASCII escapes and no newline at
the end. A float with a whole value is written as an integer, so that readers which know one kind of
number write the same bytes again. `files` gives size and sha256 of everything a bundle needs;
paths that start with `encoders/` lie beside the bundles, all others inside the bundle's folder.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from t2l.config.errors import Refusal
from t2l.encoders.info import SHARED_PREFIX

SCHEMA = "t2l-bundle/1"
MANIFEST_FILE = "manifest.json"
INDEX_FILE = "index.json"

_NAME = re.compile(r"^[a-z0-9]+(?:[-.][a-z0-9]+)*$")
_VERSION = re.compile(r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$")


class BundleError(Refusal):
    """A bundle that cannot be written or does not verify."""


def canonical_bytes(value: Any) -> bytes:
    """The one byte form of a JSON value.

    :raises BundleError: for NaN, infinity, keys that are not strings or values JSON does not know.
    """
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest(data: bytes) -> str:
    """sha256 in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def file_entry(data: bytes) -> dict[str, Any]:
    """What `files` holds for a file of these bytes."""
    return {"bytes": len(data), "sha256": digest(data)}


def check_name(name: str, version: str) -> None:
    """Refuse names and versions that cannot be a path and an identity.

    :raises BundleError: with what would be right.
    """
    if not _NAME.match(name) or name == SHARED_PREFIX.rstrip("/"):
        raise BundleError(
            f"bundle name {name!r} must be lower-case letters, digits, dots and dashes, "
            "and not the reserved name encoders"
        )
    if not _VERSION.match(version):
        raise BundleError(f"version {version!r} must be a semantic version such as 1.0.0")


def read_manifest(folder: Path) -> tuple[dict[str, Any], str]:
    """A bundle's manifest and digest.

    :raises BundleError: for another schema or bytes that are not canonical.
    """
    data = (Path(folder) / MANIFEST_FILE).read_bytes()
    manifest = json.loads(data)
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise BundleError(f"{folder}: the manifest's schema must be {SCHEMA}")
    if canonical_bytes(manifest) != data:
        raise BundleError(f"{folder}: the manifest is not in canonical form")
    return manifest, digest(data)


def resolve(root: Path, folder: Path, file: str) -> Path:
    """Where a file of `files` lies: shared files under `root`, others in the bundle's folder."""
    return (root if file.startswith(SHARED_PREFIX) else folder) / file


def verify_bundle(root: Path, name: str, version: str) -> str:
    """Check size and sha256 of every file of a bundle below `root`.

    :return: the bundle's digest.
    :raises BundleError: naming the file that is missing, different or not listed.
    """
    folder = Path(root) / name / version
    manifest, found = read_manifest(folder)
    if (manifest["name"], manifest["version"]) != (name, version):
        raise BundleError(f"{folder}: the manifest is that of {manifest['name']}")
    for file, entry in manifest["files"].items():
        path = resolve(Path(root), folder, file)
        if not path.is_file():
            raise BundleError(f"{folder}: {file} is missing")
        if file_entry(path.read_bytes()) != entry:
            raise BundleError(f"{folder}: {file} differs from what the manifest says")
    listed = {MANIFEST_FILE, *manifest["files"]}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).as_posix() not in listed:
            raise BundleError(f"{folder}: {path.relative_to(folder)} is not in the manifest")
    return found


def update_index(root: Path, name: str, version: str, found: str, *, make_default: bool) -> None:
    """List a bundle in `index.json`, in the order of names and versions."""
    path = Path(root) / INDEX_FILE
    index = {"default": name, "bundles": []}
    if path.exists():
        index = json.loads(path.read_text(encoding="utf-8"))
    others = [b for b in index["bundles"] if (b["name"], b["version"]) != (name, version)]
    entry = {"name": name, "version": version, "digest": found}
    index["bundles"] = sorted([*others, entry], key=lambda b: (b["name"], _version_key(b)))
    if make_default:
        index["default"] = name
    text = json.dumps(index, indent=2, ensure_ascii=False) + "\n"
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _version_key(bundle: dict[str, str]) -> tuple[list[int], bool, str]:
    numbers, _, label = bundle["version"].partition("-")
    return [int(part) for part in numbers.split(".")], not label, label


def significant(values: Iterable[float], digits: int = 6) -> list[float]:
    """Round to significant digits: figures for people and guards, not for arithmetic."""
    return [float(f"{float(value):.{digits}g}") for value in values]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise BundleError("keys of a manifest must be strings")
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise BundleError(f"a manifest cannot hold {value}")
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if value is None or isinstance(value, bool | int | str):
        return value
    raise BundleError(f"a manifest cannot hold a {type(value).__name__}")
