"""Running a graph whose outputs are tensors, as those of all graphs here are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import onnxruntime as ort


def run_session(
    session: ort.InferenceSession, names: Sequence[str] | None, feeds: Mapping[str, np.ndarray]
) -> list[np.ndarray]:
    """A session's outputs, which ONNX Runtime's type allows to be sequences and maps too.

    :param names: of the outputs; None for all, in the graph's order.
    """
    return cast(list[np.ndarray], session.run(names, feeds))
