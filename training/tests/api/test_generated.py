"""A saved adapter is what PEFT loads, in every dtype, the same bytes every time, or no file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mini_bundle_for_tests import BUNDLE, DESCRIPTION, TRAINING
from peft import PeftModel
from safetensors.torch import load_file
from tiny_answers_for_tests import answer, applied_to_another, fresh_base, logits

from t2l import apply_lora
from t2l.api.generated import Lora
from t2l.base.peft_io import CONFIG_FILE, WEIGHTS_FILE, load_adapter


def test_peft_loads_a_saved_adapter_to_the_same_logits(lora: Lora, tmp_path: Path) -> None:
    lora.save_pretrained(tmp_path)
    loaded = logits(PeftModel.from_pretrained(fresh_base(), tmp_path).eval())
    torch.testing.assert_close(loaded, logits(applied_to_another(lora)), rtol=0, atol=1e-6)
    read = load_adapter(tmp_path, lora.target)
    for name, pair in lora.weights.items():
        assert all(torch.equal(x, y) for x, y in zip(read[name], pair, strict=True))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_an_adapter_is_stored_and_applied_in_half_precision(
    dtype: torch.dtype, lora: Lora, tmp_path: Path
) -> None:
    lora.save_pretrained(tmp_path, dtype)
    stored = load_file(tmp_path / WEIGHTS_FILE)
    assert all(torch.equal(t, lora.tensors[name].to(dtype)) for name, t in stored.items())
    model = apply_lora(fresh_base(dtype), lora.to(dtype=dtype))
    assert {p.dtype for name, p in model.named_parameters() if "lora_" in name} == {dtype}
    assert answer(model) == "map sun cat"


def test_an_adapter_s_bytes_do_not_depend_on_the_hash_seed(lora: Lora, tmp_path: Path) -> None:
    code = (
        "import sys; from t2l import generate_lora, load_t2l; "
        "generate_lora(load_t2l(sys.argv[1]), sys.argv[2]).save_pretrained(sys.argv[3])"
    )
    arguments = [sys.executable, "-c", code, BUNDLE, DESCRIPTION, tmp_path / "other"]
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    subprocess.run(arguments, cwd=TRAINING, env=environment, check=True, timeout=300)
    lora.save_pretrained(tmp_path / "mine")
    for file in (WEIGHTS_FILE, CONFIG_FILE):
        assert (tmp_path / "mine" / file).read_bytes() == (tmp_path / "other" / file).read_bytes()


def test_a_weight_that_does_not_fit_the_stored_dtype_leaves_no_file(
    lora: Lora, tmp_path: Path
) -> None:
    name = next(iter(lora.tensors))
    large = Lora(lora.target, {**lora.tensors, name: lora.tensors[name] * 1e8}, lora.hypernet)
    with pytest.raises(ValueError, match=f"{name} has a value that does not fit torch.float16"):
        large.save_pretrained(tmp_path / "x", torch.float16)
    with pytest.raises(ValueError, match="not in torch.int8"):
        lora.save_pretrained(tmp_path / "x", torch.int8)
    assert not (tmp_path / "x").exists()


def test_an_adapter_says_what_it_is_for_and_what_to_expect_of_it(lora: Lora) -> None:
    assert lora.fit.verdict == "good" and lora.id is not None and len(lora.id) == 64
    text = repr(lora)
    assert len(text) < 400 and "tensor" not in text
    for part in (repr(DESCRIPTION), f"fit good ({lora.fit.score:.2f})", "t2l-mini", lora.id):
        assert part in text
    assert lora.to(dtype=torch.float16).id == lora.id
