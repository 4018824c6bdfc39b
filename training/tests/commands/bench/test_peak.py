"""Operations are those that PyTorch counts; peaks are found by a GPU's name."""

from __future__ import annotations

import pytest
import torch
from bench_for_tests import options_of, tiny_sizes
from torch.utils.flop_counter import FlopCounterMode

from t2l.commands.bench.peak import step_flops
from t2l.commands.bench.sizes import Sizes, sizes_of
from t2l.commands.bench.subject import random_model
from t2l.commands.gpu_speeds import peak_tflops


def counted(sizes: Sizes) -> int:
    """Operations of the model forward and back to its inputs, on no device at all."""
    model = random_model(sizes, "meta").requires_grad_(False)
    model.set_attn_implementation("eager")
    head = model.get_submodule("lm_head")
    shape = (sizes.rows, sizes.length, sizes.shape.hidden)
    inputs = torch.empty(shape, device="meta", requires_grad=True, dtype=model.dtype)
    mask = torch.empty(shape[0], 1, shape[1], shape[1], device="meta", dtype=model.dtype)
    with FlopCounterMode(display=False) as counter:
        out = model.base_model(inputs_embeds=inputs, attention_mask=mask, use_cache=False)
        states = out.last_hidden_state
        head(states[:, -sizes.answers :]).sum().backward()
    return counter.get_total_flops()


@pytest.mark.parametrize("options", [(), ("--target=mistral-7b",)])
def test_operations_are_those_that_pytorch_counts(options: tuple[str, ...]) -> None:
    sizes = sizes_of(options_of(*options)) if options else tiny_sizes()
    # PyTorch's attention also takes the products that the causal mask throws away
    unseen = sizes.rows * sizes.length * (sizes.length - 1) // 2
    wanted = step_flops(sizes) + 3 * unseen * sizes.shape.attending
    assert counted(sizes) == pytest.approx(wanted, rel=1e-3)


def test_a_step_of_mistral_7b_takes_four_operations_a_parameter_and_token() -> None:
    sizes = sizes_of(options_of("--target=mistral-7b"))
    parameters = sum(part.numel() for part in random_model(sizes, "meta").parameters())
    assert parameters == 7_241_732_096  # Mistral-7B's
    assert step_flops(sizes) == pytest.approx(4 * parameters * 8 * 512, rel=0.03)


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        ("NVIDIA H100 80GB HBM3", 989.4),
        ("NVIDIA H100 PCIe", 756),
        ("NVIDIA H200", 989.4),
        ("NVIDIA A100-SXM4-80GB", 312),
        ("NVIDIA A10", 125),
        ("Tesla K80", None),
    ],
)
def test_a_peak_is_known_by_the_words_of_a_name(name: str, peak: float | None) -> None:
    assert peak_tflops(name, bfloat16=True) == peak
    assert peak_tflops(name, bfloat16=False) is None
