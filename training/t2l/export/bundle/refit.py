"""A bundle with another fit: the next version of it, every other byte as it was.

The fit is measured on a network that is finished, so a better score needs no training and no new
graphs. Graphs, golden vectors, norms and figures are copied; the manifest gets the new version and
the new fit.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from t2l.encoders.info import SHARED_PREFIX
from t2l.export.bundle.data import Fit, fit_bytes
from t2l.export.bundle.manifest import (
    MANIFEST_FILE,
    BundleError,
    check_name,
    file_entry,
    read_manifest,
    resolve,
)
from t2l.export.bundle.write import FIT_FILE, check_fit, partial_folder, publish


def with_fit(folder: Path, fit: Fit, version: str, root: Path, *, make_default: bool) -> str:
    """Write a bundle again with this fit.

    :param folder: the bundle as it is.
    :param version: of the new one.
    :param root: the hypernets root that gets it; the encoder's files must lie below it already.
    :return: the new bundle's digest.
    :raises BundleError: for a fit that the edge would refuse, files that are not what the manifest
        says, or a version that exists.
    """
    manifest, _ = read_manifest(folder)
    check_name(manifest["name"], version)
    modules = tuple(module["name"] for module in manifest["target"]["modules"])
    check_fit(fit, manifest["encoder"]["dim"], modules)
    made = root / manifest["name"] / version
    if made.exists():
        raise BundleError(f"{made} exists and versions are immutable; choose the next version")
    old = {manifest.get("fit", {}).get("file"), MANIFEST_FILE}
    files = {name: entry for name, entry in manifest["files"].items() if name not in old}
    for name, entry in files.items():
        shared = name.startswith(SHARED_PREFIX)
        path = root / name if shared else folder / name
        if not path.is_file() or file_entry(path.read_bytes()) != entry:
            raise BundleError(f"{path} is not the file that the manifest of {folder} lists")
    contents = {FIT_FILE: fit_bytes(fit)}
    entries = {name: file_entry(data) for name, data in contents.items()}
    manifest = {
        **manifest,
        "version": version,
        "files": {**files, **entries},
        "fit": {"file": FIT_FILE, "dim": manifest["encoder"]["dim"], **fit.to_json()},
    }
    partial = partial_folder(made)
    try:
        for name in files:
            if not name.startswith(SHARED_PREFIX):
                target = partial / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(resolve(root, folder, name), target)
        return publish(manifest, contents, partial, root, make_default=make_default)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
