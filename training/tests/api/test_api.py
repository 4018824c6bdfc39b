"""PEFT applies an adapter to the base model, and the base comes back whole."""

import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
import torch
from mini_bundle_for_tests import BUNDLE, TRAINING
from peft import PeftModel
from peft.tuners.lora import Linear
from peft.tuners.tuners_utils import BaseTunerLayer
from tiny_answers_for_tests import answer, applied_to_another, fresh_base, logits
from transformers.models.llama.configuration_llama import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from t2l import apply_lora, generate_lora, load_t2l, remove
from t2l.api.generated import Lora
from t2l.base.peft_io import tensor_name


@pytest.fixture
def base() -> LlamaForCausalLM:
    return fresh_base()


def test_importing_the_package_loads_neither_torch_nor_peft() -> None:
    code = "import sys, t2l; sys.exit(bool({'torch', 'peft', 'onnxruntime'} & sys.modules.keys()))"
    subprocess.run([sys.executable, "-c", code], cwd=TRAINING, check=True, timeout=60)


def test_the_base_model_does_the_task_with_the_adapter_only(
    base: LlamaForCausalLM, lora: Lora
) -> None:
    assert answer(base) != "map sun cat"
    assert answer(apply_lora(base, lora)) == "map sun cat"


def test_remove_gives_the_base_model_back_bit_for_bit(base: LlamaForCausalLM, lora: Lora) -> None:
    before = {name: p.clone() for name, p in base.state_dict().items()}
    modules = [(name, type(m), m.training) for name, m in base.named_modules()]
    trainable = [name for name, p in base.named_parameters() if p.requires_grad]
    plain = logits(base)
    model = apply_lora(base, lora)
    assert not torch.equal(logits(model), plain)
    assert not any(p.requires_grad for p in model.parameters())
    assert remove(model) is base
    assert torch.equal(logits(base), plain)
    assert [(name, type(m), m.training) for name, m in base.named_modules()] == modules
    assert [name for name, p in base.named_parameters() if p.requires_grad] == trainable
    assert list(base.state_dict()) == list(before)
    for name, parameter in base.state_dict().items():
        assert torch.equal(parameter, before[name]), name
    assert torch.equal(logits(apply_lora(base, lora)), logits(applied_to_another(lora)))


def test_half_the_strength_is_half_the_update(
    base: LlamaForCausalLM, lora: Lora, tmp_path: Path
) -> None:
    plain = logits(base)
    scaled = {n: t * 0.5 if "lora_B" in n else t for n, t in lora.tensors.items()}
    Lora(lora.target, scaled, lora.hypernet).save_pretrained(tmp_path)
    model = apply_lora(base, lora, strength=0.5)
    half = logits(model)
    layer = model.get_submodule("base_model.model.model.layers.3.self_attn.q_proj")
    a, b = (lora.tensors[tensor_name("self_attn.q_proj", 3, side)] for side in "AB")
    assert isinstance(layer, Linear)
    torch.testing.assert_close(layer.get_delta_weight("default"), 0.5 * b @ a)
    full = logits(apply_lora(remove(model), lora))
    again = fresh_base()
    by_peft = logits(PeftModel.from_pretrained(again, tmp_path).eval())
    torch.testing.assert_close(half, by_peft, rtol=0, atol=1e-5)
    assert (half - full).abs().max() > 0.1 and (half - plain).abs().max() > 0.1


def test_a_second_adapter_goes_beside_the_first(base: LlamaForCausalLM, lora: Lora) -> None:
    plain = logits(base)
    other = generate_lora(load_t2l(BUNDLE), "Write every word in capital letters.")
    model = apply_lora(base, lora)
    first = logits(model)
    with pytest.raises(ValueError, match="an adapter 'default' already"):
        apply_lora(model, other)
    assert apply_lora(model, other, adapter_name="capitals") is model
    assert torch.equal(logits(model), logits(applied_to_another(other)))
    assert not any(p.requires_grad for p in model.parameters())
    model.set_adapter("default")
    assert torch.equal(logits(model), first)
    assert torch.equal(logits(remove(model)), plain)
    assert not any(isinstance(m, BaseTunerLayer) for m in base.modules())


def test_a_second_adapter_is_in_the_base_model_s_dtype_too(lora: Lora) -> None:
    model = apply_lora(fresh_base(torch.float16), lora)
    apply_lora(model, lora, adapter_name="again")
    dtypes = {name: p.dtype for name, p in model.named_parameters() if ".lora_" in name}
    assert sum(".again." in name for name in dtypes) == len(lora.tensors)
    assert set(dtypes.values()) == {torch.float16}


def sized(hidden: int, layers: int, kv_heads: int = 4) -> LlamaForCausalLM:
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=161,
            hidden_size=hidden,
            intermediate_size=64,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=kv_heads,
        )
    )


def test_a_base_model_of_other_sizes_is_refused_and_left_alone(lora: Lora) -> None:
    narrow = sized(hidden=64, layers=6)
    short = sized(hidden=192, layers=2)
    grouped = sized(hidden=192, layers=6, kv_heads=2)
    for model, message in [
        (narrow, "q_proj in layer 0 .* takes 64 and gives 64 .* takes 192 and gives 192"),
        (short, "has 2 layers; the adapter is for t2l-edge/t2l-mini-base, which has 6"),
        (grouped, "v_proj in layer 0 .* takes 192 and gives 96 .* takes 192 and gives 192"),
        (torch.nn.Linear(2, 2), "has no model.layers"),
    ]:
        with pytest.raises(ValueError, match=message):
            apply_lora(model, lora)
        assert not any(isinstance(m, BaseTunerLayer) for m in model.modules())


def test_a_base_model_with_modules_of_the_same_name_elsewhere_is_left_alone(
    base: LlamaForCausalLM, lora: Lora
) -> None:
    plain = logits(base)
    base.tower = torch.nn.ModuleDict({"q_proj": torch.nn.Linear(3, 3)})
    with pytest.raises(ValueError, match="tower.q_proj"):
        apply_lora(base, lora)
    assert not any(isinstance(m, BaseTunerLayer) for m in base.modules())
    assert torch.equal(logits(base), plain)


def test_a_base_model_is_not_wrapped_twice_and_no_merged_adapter_is_removed(
    base: LlamaForCausalLM, lora: Lora
) -> None:
    model = apply_lora(base, lora)
    with pytest.raises(ValueError, match="carries an adapter already"):
        apply_lora(base, lora)
    model.merge_adapter()
    with pytest.raises(ValueError, match="merged into its weights"):
        remove(model)
    with pytest.raises(ValueError, match="not a LlamaForCausalLM"):
        remove(cast(PeftModel, base))


@pytest.mark.parametrize("strength", [float("nan"), float("inf"), True, "1"])
def test_a_strength_that_is_no_number_is_refused(
    base: LlamaForCausalLM, lora: Lora, strength: float
) -> None:
    with pytest.raises(ValueError, match="strength must be a finite number"):
        apply_lora(base, lora, strength)


def test_a_base_model_that_is_none_is_refused(lora: Lora) -> None:
    with pytest.raises(ValueError, match="must be a loaded model, got a str"):
        apply_lora(cast(LlamaForCausalLM, "t2l-edge/t2l-mini-base"), lora)
