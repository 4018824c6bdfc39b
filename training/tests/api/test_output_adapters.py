"""DoRA and IA3 from a bundle: what real PEFT computes with them is what the training hook does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from families_for_tests import tiny_model
from outputs_for_tests import OTHERS, target_for
from peft import PeftModel
from torch import Tensor, nn
from transformers.modeling_utils import PreTrainedModel

from t2l import apply_lora, generate_lora, load_t2l, remove
from t2l.api.bundle_generator import guard_norms
from t2l.api.generated import Lora
from t2l.base.applying import apply_adapters
from t2l.base.outputs.dora import row_norms
from t2l.base.peft_io import CONFIG_FILE, load_adapter, peft_config
from t2l.base.target import OutputKind
from t2l.export.random_bundle import export_random

DIM = 12
FAMILIES = ("llama", "gemma2")
TOKENS = torch.arange(18).reshape(2, 9) % 50 + 10
VECTOR = torch.randn(DIM, generator=torch.Generator().manual_seed(3))


def bundle(root: Path, output: OutputKind, family: str = "llama") -> Path:
    target = target_for(tiny_model(family), output)
    export_random("S", target, DIM, "random", root, latent=16, head_in=20)
    return root / "random" / "0.0.0"


def logits(model: nn.Module) -> Tensor:
    with torch.no_grad():
        return model(TOKENS).logits


def hooked(model: PreTrainedModel, adapter: Lora) -> Tensor:
    weights = {n: tuple(s[None] for s in sides) for n, sides in adapter.weights.items()}
    with apply_adapters(model, adapter.target, weights, 1):
        return logits(model)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("output", OTHERS)
def test_saved_and_applied_it_is_what_training_measures(
    family: str, output: OutputKind, tmp_path: Path
) -> None:
    adapter = generate_lora(load_t2l(bundle(tmp_path, output, family)), embedding=VECTOR)
    model = tiny_model(family)
    plain, wanted = logits(model), hooked(model, adapter)
    adapter.save_pretrained(tmp_path / "saved")
    assert json.loads((tmp_path / "saved" / CONFIG_FILE).read_text()) == peft_config(adapter.target)
    loaded = PeftModel.from_pretrained(tiny_model(family), tmp_path / "saved").eval()
    torch.testing.assert_close(logits(loaded), wanted, atol=1e-4, rtol=1e-4)
    applied = apply_lora(model, adapter)
    torch.testing.assert_close(logits(applied), wanted, atol=1e-4, rtol=1e-4)
    assert not any(p.requires_grad for n, p in applied.named_parameters() if ".default" in n)
    assert torch.equal(logits(remove(applied)), plain)
    assert (wanted - plain).abs().max() > 1e-2
    read = load_adapter(tmp_path / "saved", adapter.target)
    for name, sides in adapter.weights.items():
        assert all(torch.equal(x, y) for x, y in zip(sides, read[name], strict=True))


def test_a_strength_of_ia3_lies_between_the_base_model_and_the_adapter(tmp_path: Path) -> None:
    adapter = generate_lora(load_t2l(bundle(tmp_path, "ia3")), embedding=VECTOR)
    model = tiny_model("llama")
    plain = logits(model)
    none = apply_lora(model, adapter, strength=0.0)
    torch.testing.assert_close(logits(none), plain)
    half = logits(apply_lora(remove(none), adapter, strength=0.5))
    whole = hooked(tiny_model("llama"), adapter)
    assert 0 < (half - plain).abs().max() < (whole - plain).abs().max()


def test_a_dora_has_one_strength_and_leaves_the_base_model_alone(tmp_path: Path) -> None:
    adapter = generate_lora(load_t2l(bundle(tmp_path, "dora")), embedding=VECTOR)
    model = tiny_model("llama")
    with pytest.raises(ValueError, match="a DoRA has no strength 0.5"):
        apply_lora(model, adapter, strength=0.5)
    assert torch.equal(logits(model), logits(tiny_model("llama")))


@pytest.mark.parametrize("output", OTHERS)
def test_a_second_one_goes_beside_the_first_and_other_kinds_do_not(
    output: OutputKind, tmp_path: Path
) -> None:
    t2l = load_t2l(bundle(tmp_path, output))
    first, second = (generate_lora(t2l, embedding=vector) for vector in (VECTOR, -VECTOR))
    model = apply_lora(tiny_model("llama"), first)
    apply_lora(model, second, adapter_name="second")
    wanted = hooked(tiny_model("llama"), second)
    torch.testing.assert_close(logits(model), wanted, atol=1e-4, rtol=1e-4)
    if output == "ia3":
        dora = generate_lora(load_t2l(bundle(tmp_path / "dora", "dora")), embedding=VECTOR)
        with pytest.raises(ValueError, match="the PEFT model has .*IA3, beside which no DoRA fits"):
            apply_lora(model, dora, adapter_name="third")


@pytest.mark.parametrize("output", OTHERS)
def test_it_says_what_it_is(output: OutputKind, tmp_path: Path) -> None:
    adapter = generate_lora(load_t2l(bundle(tmp_path, output)), embedding=VECTOR)
    assert repr(adapter).startswith({"dora": "DoRA(an embedding", "ia3": "IA3(an "}[output])
    assert ("rank" in repr(adapter)) == (output == "dora")


def test_what_is_not_finite_is_refused() -> None:
    model = tiny_model("llama")
    magnitudes = row_norms(model, target_for(model, "dora"))["q_proj"]
    factors = (torch.ones(2, 4, 32), torch.ones(2, 64, 4))
    with pytest.raises(ValueError, match="magnitudes of q_proj are not all finite"):
        guard_norms({}, {"q_proj": (*factors, magnitudes / 0)})
    with pytest.raises(ValueError, match="update of q_proj in layer 0 has norm nan"):
        guard_norms({}, {"q_proj": (torch.full((2, 64), torch.nan),)})
