"""A PEFT that is too old is refused in a sentence, by the bound that the package declares."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from mini_bundle_for_tests import TRAINING

from t2l.api.peft_version import PEFT_AT_LEAST


def test_the_bound_is_the_one_that_the_package_declares() -> None:
    project = tomllib.loads((TRAINING / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"peft>={'.'.join(map(str, PEFT_AT_LEAST))}" in project["dependencies"]


@pytest.mark.parametrize(
    ("found", "refused"),
    [("0.9.0", True), ("0.17.1", True), ("0.18.0", False), ("0.18.1.dev0", False), ("1.0", False)],
)
def test_a_peft_before_it_is_refused_before_it_is_imported(
    found: str, refused: bool, tmp_path: Path
) -> None:
    info = tmp_path / f"peft-{found}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: peft\nVersion: {found}\n")
    code = "import sys, t2l.api; sys.exit('peft' in sys.modules)"
    paths = os.pathsep.join([str(tmp_path), str(TRAINING)])
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode != 0) == refused
    message = rf"t2l needs PEFT 0\.18 or later, found {re.escape(found)}; pip install"
    assert bool(re.search(message, result.stderr)) == refused
