"""Per-task LoRA on every family against PEFT, and adapters on disk as PEFT loads them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from families_for_tests import FAMILIES, SAMPLES, save_family, tiny_tokenizer
from peft import PeftModel
from transformers.models.auto.configuration_auto import AutoConfig
from transformers.models.auto.modeling_auto import AutoModelForCausalLM

from t2l.base.applying import apply_adapters
from t2l.base.model import BaseModel
from t2l.base.peft_io import load_adapter, save_adapter
from t2l.base.source import BaseSource
from t2l.base.target import TargetSpec
from t2l.template.chat import ChatTemplate
from t2l.template.rows import collate

TASKS = 2


def weights_of(spec: TargetSpec) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(2)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(TASKS, spec.layers, *shape, generator=generator) * 0.2

    return {
        m.name: (draw(spec.rank, m.in_features), draw(m.out_features, spec.rank))
        for m in spec.modules
    }


def compare_with_peft(base: BaseModel, folder: Path) -> None:
    """Logits under each task's adapter, from our hooks and from PEFT, padding and all."""
    spec = base.target([module.name for module in base.shape.modules], 4, 6, use_rslora=True)
    weights, template = weights_of(spec), ChatTemplate(base.tokenizer)
    rows = [template.row(sample) for sample in SAMPLES[:4]]
    tokens, _, mask = collate(rows, template.pad)
    with torch.no_grad():
        plain = base.model(tokens, attention_mask=mask).logits
        with apply_adapters(base.model, spec, weights, TASKS):
            ours = base.model(tokens, attention_mask=mask).logits
        for task in range(TASKS):
            scaled = {name: (a[task], b[task] * spec.scaling) for name, (a, b) in weights.items()}
            save_adapter(folder / str(task), spec, scaled)
            read = load_adapter(folder / str(task), spec)
            assert all(torch.equal(read[name][1], scaled[name][1]) for name in scaled)
            part = slice(2 * task, 2 * task + 2)
            model = PeftModel.from_pretrained(base.model, folder / str(task))
            theirs = model.eval()(tokens[part], attention_mask=mask[part]).logits
            base_again = model.unload()
            present = mask[part].bool()
            torch.testing.assert_close(ours[part][present], theirs[present], atol=1e-4, rtol=1e-4)
            assert (ours[part][present] - plain[part][present]).abs().max() > 1e-2
            assert base_again is base.model


@pytest.mark.parametrize("family", FAMILIES)
def test_equals_peft_on_every_family(family: str, tmp_path: Path):
    folder = save_family(family, tmp_path / "model")
    compare_with_peft(BaseModel.open(BaseSource("folder", str(folder), id="a/b")), tmp_path)


def test_equals_peft_where_the_layers_lie_elsewhere(tmp_path: Path):
    folder, tokenizer = tmp_path / "model", tiny_tokenizer("qwen2")
    config = AutoConfig.for_model(
        "gpt_neox",
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        initializer_range=0.1,
    )
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    source = BaseSource("folder", str(folder), id="a/b", license="mit")
    compare_with_peft(BaseModel.open(source), tmp_path)
