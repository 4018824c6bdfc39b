"""An embedding is taken from any array of the right length, and a description is a task's own."""

from typing import cast

import numpy as np
import pytest
from mini_bundle_for_tests import BUNDLE, DESCRIPTION, INT8_STEP, differ
from torch import Tensor

from t2l import generate_lora, load_t2l
from t2l.api.generated import Lora


def test_an_embedding_gives_what_its_description_gives(lora: Lora, vector: Tensor) -> None:
    t2l = load_t2l(BUNDLE)
    for embedding in (vector, vector.double().numpy(), vector.tolist(), vector[None]):
        made = generate_lora(t2l, embedding=embedding)
        assert made.description is None and differ(made, lora) < INT8_STEP


def test_adapters_for_different_tasks_differ(lora: Lora) -> None:
    assert differ(lora, generate_lora(load_t2l(BUNDLE), "Write every word in capitals.")) > 1e-2


def test_an_embedding_of_another_length_or_with_nan_is_refused(vector: Tensor) -> None:
    t2l = load_t2l(BUNDLE)
    with pytest.raises(ValueError, match=rf"shape \[3\]; t2l-mini {BUNDLE.name} takes 384 numbers"):
        generate_lora(t2l, embedding=np.ones(3))
    with pytest.raises(ValueError, match="must be finite"):
        generate_lora(t2l, embedding=vector * float("nan"))
    with pytest.raises(ValueError, match="array of numbers"):
        generate_lora(t2l, embedding=cast(list[float], ["x"] * 384))
    with pytest.raises(ValueError, match="either a description or embedding="):
        generate_lora(t2l, DESCRIPTION, embedding=vector)
    with pytest.raises(ValueError, match="either a description or embedding="):
        generate_lora(t2l)
