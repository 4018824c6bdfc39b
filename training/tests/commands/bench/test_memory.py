"""What does not fit is refused before anything is made, by sizes alone."""

from __future__ import annotations

import pytest
from bench_for_tests import options_of, tiny_sizes

from t2l.commands.bench.memory import REPEATED, free_bytes, needed, require_room
from t2l.commands.bench.sizes import sizes_of
from t2l.config.errors import Refusal


def test_mistral_7b_needs_a_large_gpu() -> None:
    parts = needed(sizes_of(options_of("--target=mistral-7b")))
    assert parts["base model"] == 2 * 7_241_732_096
    # 31 layers of 8 rows of A and 32 of 8 columns of B a token, of q_proj and v_proj, in two bytes
    assert parts[REPEATED] == 8 * (31 * 8192 + 32 * 5120) * 8 * 512 * 2
    assert 40e9 < sum(parts.values()) < 80e9
    with pytest.raises(Refusal, match=r"needs about \d+\.\d GB .*repeated.* cpu has 21\.0 GB free"):
        require_room(parts, 21_000_000_000, "cpu")
    require_room(parts, 80_000_000_000, "cuda")


def test_a_tiny_step_fits_here() -> None:
    require_room(needed(tiny_sizes()), free_bytes("cpu"), "cpu")
