"""How every figure looks: readable in print and without colour, and the same bytes every time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

WIDTH = 6.5  # inches: the text width of a page
FONT_SIZE = 9
SHADES = ("#3b3b3b", "#c4c4c4", "#858585", "#ededed", "#626262", "#a6a6a6")
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "---")
MARKERS = ("o", "s", "^", "D", "v", "P")
LINES = ("-", "--", ":", "-.", (0, (5, 1)), (0, (1, 1)))
INK = ("#000000", "#5a5a5a", "#8a8a8a", "#303030", "#707070", "#a0a0a0")

_SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "t2l-report",  # names inside the file would be random otherwise
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it is there on every machine
    "font.size": FONT_SIZE,
    "axes.titlesize": FONT_SIZE,
    "axes.labelsize": FONT_SIZE,
    "xtick.labelsize": FONT_SIZE,
    "ytick.labelsize": FONT_SIZE,
    "legend.fontsize": FONT_SIZE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "errorbar.capsize": 2.5,
}


@contextmanager
def drawing(path: Path, height: float) -> Iterator[Figure]:
    """A figure that is written when the block ends.

    :param path: the SVG file.
    :param height: in inches; the width is the page's.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # a reader's own style must not change the bytes
        matplotlib.rcParams.update(_SETTINGS)
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        yield figure
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="svg", metadata={"Date": None})
