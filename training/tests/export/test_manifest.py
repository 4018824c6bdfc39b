"""Canonical bytes are one per value, and a bundle that was touched does not verify."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path

import pytest

from t2l.export.bundle.manifest import (
    BundleError,
    canonical_bytes,
    check_name,
    digest,
    file_entry,
    read_manifest,
    significant,
    verify_bundle,
)


def test_canonical_form():
    value = {"b": [1.0, 0.5, True, None], "a": {"ü": "é", "z": "x"}}
    assert canonical_bytes(value) == '{"a":{"z":"x","ü":"é"},"b":[1,0.5,true,null]}'.encode()


def test_order_of_keys_does_not_matter_and_order_of_arrays_does():
    assert canonical_bytes({"a": 1, "b": 2}) == canonical_bytes({"b": 2, "a": 1})
    assert canonical_bytes([1, 2]) != canonical_bytes([2, 1])


def test_canonical_form_is_stable():
    value = {"x": [1e-7, 123456.789, 2**60, -0.25], "y": 3.0}
    once = canonical_bytes(value)
    assert canonical_bytes(json.loads(once)) == once


@pytest.mark.parametrize("value", [math.nan, math.inf, {1: 2}, {"a": {1, 2}}, b"x"])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(BundleError):
        canonical_bytes({"value": value})


def test_digest_is_sha256():
    assert digest(b"abc") == hashlib.sha256(b"abc").hexdigest()
    assert file_entry(b"abc") == {"bytes": 3, "sha256": hashlib.sha256(b"abc").hexdigest()}


def test_significant_digits():
    assert significant([1.23456789, 0.000123456789, 0]) == [1.23457, 0.000123457, 0]


@pytest.mark.parametrize(
    ("name", "version", "words"),
    [
        ("encoders", "1.0.0", "reserved"),
        ("../x", "1.0.0", "lower-case"),
        ("Mini", "1.0.0", "lower-case"),
        ("mini", "1.0", "semantic version"),
        ("mini", "01.0.0", "semantic version"),
        ("mini", "1.0.0/..", "semantic version"),
    ],
)
def test_bad_names_are_refused(name: str, version: str, words: str):
    with pytest.raises(BundleError, match=words):
        check_name(name, version)


def bundle(root: Path) -> Path:
    """The smallest bundle that verifies, with one file of its own and one shared."""
    folder = root / "mini" / "1.0.0"
    folder.mkdir(parents=True)
    (root / "encoders/e").mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"abc")
    (root / "encoders/e/m.bin").write_bytes(b"def")
    manifest = {
        "schema": "t2l-bundle/1",
        "name": "mini",
        "version": "1.0.0",
        "files": {"a.bin": file_entry(b"abc"), "encoders/e/m.bin": file_entry(b"def")},
    }
    (folder / "manifest.json").write_bytes(canonical_bytes(manifest))
    return folder


def test_an_untouched_bundle_verifies(tmp_path: Path):
    folder = bundle(tmp_path)
    found = verify_bundle(tmp_path, "mini", "1.0.0")
    assert found == hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("touch", "words"),
    [
        (lambda f: (f / "a.bin").unlink(), "a.bin is missing"),
        (lambda f: (f / "a.bin").write_bytes(b"abd"), "a.bin differs"),
        (lambda f: (f / "../../encoders/e/m.bin").write_bytes(b""), "encoders/e/m.bin differs"),
        (lambda f: (f / "extra").write_bytes(b""), "extra is not in the manifest"),
        (
            lambda f: (f / "manifest.json").write_bytes((f / "manifest.json").read_bytes() + b"\n"),
            "not in canonical form",
        ),
        (lambda f: (f / "manifest.json").write_text('{"schema":"t2l-bundle/2"}'), "schema must be"),
        (lambda f: (f / "manifest.json").write_text("[]"), "schema must be"),
    ],
)
def test_a_touched_bundle_does_not(tmp_path: Path, touch, words: str):
    touch(bundle(tmp_path))
    with pytest.raises(BundleError, match=words):
        verify_bundle(tmp_path, "mini", "1.0.0")


def test_read_manifest(tmp_path: Path):
    manifest, _ = read_manifest(bundle(tmp_path))
    assert manifest["name"] == "mini"
