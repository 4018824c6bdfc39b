"""Whether adapters lie as descriptions do: similarities of all pairs, and maps of both spaces."""

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from scipy.stats import spearmanr
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from t2l.report.data import Vectors, distinct
from t2l.report.markdown import count, made_with, paragraphs
from t2l.report.page import Page
from t2l.report.style import MARKERS, drawing

SIMILARITY, MAP = "similarity", "map"
DOMAINS = ("words", "digits", "letters")
KINDS = ("order", "select", "map", "filter", "join", "reduce", "judge")
FEWEST = 8  # rows that a map needs
PERPLEXITY = 30


def vectors_section(page: Page) -> str:
    """Both figures with the rank correlation of the similarities."""
    head, command = "## Adapters and descriptions", page.commands.stage("vectors")
    vectors = page.results.vectors
    if vectors is None or len(vectors.rows) < FEWEST:
        return page.absent(command, head)
    ours, theirs = _pairs(vectors.descriptions), _pairs(vectors.adapters)
    _draw_similarity(page.drawing(SIMILARITY), ours, theirs)
    _draw_maps(page.drawing(MAP), vectors)
    rho, _ = spearmanr(ours, theirs)
    return paragraphs(
        head,
        f"Cosine similarity of the adapters of two tasks against that of their descriptions, for "
        f"the {count(len(ours))} pairs of {count(len(vectors.rows))} descriptions: Spearman's rank "
        f"correlation is {rho:.2f}.",
        page.figure(SIMILARITY, "Similarity of adapters against similarity of descriptions"),
        made_with(command),
        "Both spaces in two dimensions (t-SNE): the marker is the task's domain, the shade the "
        "kind of its last step.",
        page.figure(MAP, "t-SNE of descriptions and of adapters by domain and kind"),
        made_with(command),
    )


def _pairs(vectors: np.ndarray) -> np.ndarray:
    """Cosine similarity of every pair."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = vectors / np.maximum(norms, 1e-12)
    return (units @ units.T)[np.triu_indices(len(vectors), k=1)]


def _draw_similarity(path: Path, ours: np.ndarray, theirs: np.ndarray) -> None:
    with drawing(path, 4.0) as drawn:
        axes = drawn.subplots()
        cells = axes.hexbin(ours, theirs, gridsize=40, bins="log", mincnt=1, cmap="Greys")
        axes.set_xlabel("cosine similarity of descriptions (no unit)")
        axes.set_ylabel("cosine similarity of adapters (no unit)")
        drawn.colorbar(cells, ax=axes, label="pairs (logarithmic)")


def project(vectors: np.ndarray) -> np.ndarray:
    """Two dimensions for the eye; one thread, so that sums come out the same every time."""
    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    with threadpool_limits(1):
        map_ = TSNE(init="pca", random_state=0, perplexity=perplexity)
        return map_.fit_transform(vectors.astype(np.float32))


def _draw_maps(path: Path, vectors: Vectors) -> None:
    with drawing(path, 4.2) as drawn:
        panels = drawn.subplots(1, 2)
        for axes, title, values in (
            (panels[0], "descriptions", vectors.descriptions),
            (panels[1], "adapters", vectors.adapters),
        ):
            _panel(axes, project(values), vectors)
            axes.set_title(title)
            axes.set_xlabel("t-SNE, first axis (no unit)")
            axes.set_ylabel("t-SNE, second axis (no unit)")
        handles, labels = panels[0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=5)


def _panel(axes: Axes, points: np.ndarray, vectors: Vectors) -> None:
    domains = distinct((row["domain"] for row in vectors.rows), DOMAINS)
    kinds = distinct((_kind(row["family"]) for row in vectors.rows), KINDS)
    shades = np.linspace(0.0, 0.95, len(kinds))
    for d, domain in enumerate(domains):
        for k, kind in enumerate(kinds):
            rows = vectors.rows
            own = [i for i, row in enumerate(rows) if row["domain"] == domain]
            own = [i for i in own if _kind(rows[i]["family"]) == kind]
            style = {"marker": MARKERS[d % len(MARKERS)], "edgecolors": "black", "linewidths": 0.3}
            colour = [_shade(shades[k])]
            axes.scatter(points[own, 0], points[own, 1], s=18, c=colour * len(own), **style)
    for d, domain in enumerate(domains):
        axes.scatter([], [], marker=MARKERS[d % len(MARKERS)], c="white", ec="black", label=domain)
    for k, kind in enumerate(kinds):
        axes.scatter([], [], marker="o", c=[_shade(shades[k])], ec="black", label=kind)
    axes.set_xticks([])
    axes.set_yticks([])


def _kind(family: str) -> str:
    """The kind of a family's last step, which decides what answers look like."""
    return family.rsplit("/", 1)[-1].rsplit("+", 1)[-1]


def _shade(value: float) -> tuple[float, float, float, float]:
    """From dark blue to light yellow: the lightness alone tells the kinds apart."""
    return colormaps["cividis"](value)
