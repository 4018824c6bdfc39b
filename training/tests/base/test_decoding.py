"""Greedy answers: what transformers and PEFT write for each prompt alone, in batches of any mix."""

import pytest
import torch
from families_for_tests import SAMPLES, tiny_model, tiny_tokenizer
from peft import LoraConfig, get_peft_model

from t2l.base.decoding import greedy, pad_left
from t2l.base.device import cpu_device
from t2l.base.target import BaseModelRecord, TargetModule, TargetSpec
from t2l.template.chat import ChatTemplate

CPU = cpu_device()
LENGTHS = (3, 9, 5, 1, 7)


def alone(model, prompt: list[int], most: int, template: ChatTemplate) -> list[int]:
    tokens = torch.tensor([prompt])
    written = model.generate(
        input_ids=tokens,
        attention_mask=torch.ones_like(tokens),
        max_new_tokens=most,
        do_sample=False,
        eos_token_id=list(template.ends),
        pad_token_id=template.pad,
    )
    return written[0, len(prompt) :].tolist()


def answers(ids: list[list[int]], template: ChatTemplate) -> list[str]:
    return [template.answer(row) for row in ids]


def adapters(model) -> tuple[TargetSpec, dict[str, tuple[torch.Tensor, torch.Tensor]]]:
    """Two random adapters of one module."""
    linear = model.model.layers[0].self_attn.q_proj
    module = TargetModule("q_proj", "self_attn.q_proj", linear.in_features, linear.out_features)
    record = BaseModelRecord("tiny/llama", "0" * 40, "llama", "apache-2.0")
    target = TargetSpec(record, model.config.num_hidden_layers, (module,), 2, 2.0)
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(2, target.layers, 2, linear.in_features, generator=generator)
    b = torch.randn(2, target.layers, linear.out_features, 2, generator=generator)
    return target, {"q_proj": (a, b)}


@pytest.mark.parametrize("family", ["llama", "gemma2", "qwen3"])
def test_padding_and_neighbours_change_no_answer(family: str) -> None:
    model, template = tiny_model(family), ChatTemplate(tiny_tokenizer(family))
    prompts = [template.prompt(sample.input) for sample in SAMPLES]
    found = greedy(model, prompts, LENGTHS, template.ends, template.pad, CPU)
    wanted = [alone(model, ids, most, template) for ids, most in zip(prompts, LENGTHS, strict=True)]
    assert answers(found, template) == answers(wanted, template)
    assert all(len(ids) <= most for ids, most in zip(found, LENGTHS, strict=True))


def test_every_prompt_is_answered_under_its_own_adapter() -> None:
    model, template = tiny_model("llama"), ChatTemplate(tiny_tokenizer("llama"))
    target, weights = adapters(model)
    prompts = [template.prompt(sample.input) for sample in SAMPLES[:4]]
    found = greedy(model, prompts, [8] * 4, template.ends, template.pad, CPU, target, weights)
    assert found != greedy(model, prompts, [8] * 4, template.ends, template.pad, CPU)
    a, b = weights["q_proj"]
    for task in (0, 1):
        config = LoraConfig(r=2, lora_alpha=2, target_modules=["q_proj"])
        peft = get_peft_model(tiny_model("llama"), config).eval()
        with torch.no_grad():
            for layer, block in enumerate(peft.model.model.layers):
                block.self_attn.q_proj.lora_A["default"].weight.copy_(a[task, layer])
                block.self_attn.q_proj.lora_B["default"].weight.copy_(b[task, layer])
        own = slice(2 * task, 2 * task + 2)
        wanted = [alone(peft, ids, 8, template) for ids in prompts[own]]
        assert answers(found[own], template) == answers(wanted, template)


def test_prompts_are_padded_in_front_and_masked_there() -> None:
    tokens, mask = pad_left([[5, 6, 7], [8]], pad=1)
    assert tokens.tolist() == [[5, 6, 7], [1, 1, 8]]
    assert mask.tolist() == [[1, 1, 1], [0, 0, 1]]


def test_prompts_that_adapters_cannot_share_are_refused() -> None:
    model, template = tiny_model("llama"), ChatTemplate(tiny_tokenizer("llama"))
    target, weights = adapters(model)
    prompts = [template.prompt("a")] * 3
    with pytest.raises(ValueError, match="3 rows cannot be shared evenly among 2 adapters"):
        greedy(model, prompts, [2] * 3, template.ends, template.pad, CPU, target, weights)
