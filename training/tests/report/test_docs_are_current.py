"""The committed page of t2l-mini is what its committed results give, byte for byte."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from t2l.config.recipe import load_config
from t2l.evaluate.run import published_dir
from t2l.report import vectors
from t2l.report.build import DOCS, build_report

TRAINING = Path(__file__).parents[2]


def test_the_page_of_t2l_mini_is_what_its_results_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # figures take most of the time, and a map of many points comes out a little differently on
    # other processors; what is compared is the text
    def no_drawing(_: Figure, path: Path, **__: object) -> None:
        path.touch()

    monkeypatch.setattr(Figure, "savefig", no_drawing)
    monkeypatch.setattr(vectors, "project", lambda rows: np.zeros((len(rows), 2)))
    config = load_config(TRAINING / "configs" / "mini.yaml")
    page = build_report(published_dir(config), tmp_path, config)
    assert page.read_bytes() == (DOCS / page.name).read_bytes()
    drawn = {path.name for path in (tmp_path / "figures").iterdir()}
    assert drawn == {path.name for path in (DOCS / "figures").iterdir()}
