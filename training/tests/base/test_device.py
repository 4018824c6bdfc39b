"""The CPU's precision is what it is faster in, measured once and said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from t2l.base import device
from t2l.base.device import cpu_bfloat16_pays, cpu_device, seconds_of_product


@pytest.fixture(autouse=True)
def unmeasured() -> Iterator[None]:
    cpu_bfloat16_pays.cache_clear()
    yield
    cpu_bfloat16_pays.cache_clear()


@pytest.mark.parametrize(
    ("short", "exact", "said"),
    [(0.001, 0.002, "run in bfloat16"), (0.05, 0.001, "run in float32"), (1.0, 1.05, "in float32")],
)
def test_bfloat16_is_used_where_it_is_clearly_faster(
    short: float,
    exact: float,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    times = {torch.bfloat16: short, torch.float32: exact}
    monkeypatch.setattr(device, "seconds_of_product", times.__getitem__)
    assert cpu_device().bfloat16 == (said == "run in bfloat16")
    monkeypatch.setattr(device, "seconds_of_product", lambda _: pytest.fail("measured again"))
    cpu_device()
    assert caplog.text.count("products") == 1 and said in caplog.text


def test_a_product_takes_time() -> None:
    assert 0 < seconds_of_product(torch.float32) < 5
