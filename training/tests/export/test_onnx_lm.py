"""The exported language model against transformers and PEFT, with padding and with the cache."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnxruntime as ort
import pytest
import torch
from test_lora import TARGET, random_weights, with_peft
from transformers.models.llama.configuration_llama import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from t2l.base.target import TargetModule
from t2l.base.typed import generate
from t2l.export.onnx.lm import build_lm_graph
from t2l.graph.session import run_session


def llama(**changes) -> LlamaForCausalLM:
    """The model of test_lora with weights that float16 holds exactly."""
    torch.manual_seed(0)
    fields = {
        "vocab_size": 20,
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "rope_theta": 100.0,
    }
    model = LlamaForCausalLM(LlamaConfig(**{**fields, **changes})).eval()
    for parameter in model.parameters():
        parameter.data = parameter.data.half().float()
    return model


class Runner:
    """Runs a graph with the shapes of one model."""

    def __init__(self, model: LlamaForCausalLM, target=TARGET) -> None:
        config = model.config
        data = build_lm_graph(model, target)
        self.session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
        assert config.num_key_value_heads and config.head_dim
        self.cache = (config.num_hidden_layers, config.num_key_value_heads, config.head_dim)
        self.target = target

    def empty(self, batch: int):
        layers, heads, size = self.cache
        return np.zeros((layers, batch, heads, 0, size), dtype=np.float32)

    def __call__(self, ids, mask, lora, past=None):
        """Logits and cache of new tokens `ids` under the mask of all tokens."""
        past = past or (self.empty(len(ids)), self.empty(len(ids)))
        positions = (mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        feeds = {
            "input_ids": ids.numpy(),
            "attention_mask": mask.numpy(),
            "position_ids": positions.numpy(),
            "past_key": past[0],
            "past_value": past[1],
            **{name: value.numpy() for name, value in lora.items()},
        }
        names = ["logits", "present_key", "present_value"]
        logits, key, value = run_session(self.session, names, feeds)
        return torch.from_numpy(logits), (key, value)


def lora_inputs(weights, task: int, target=TARGET):
    """One task's LoRA as graph inputs, the scale in B as in an exported adapter."""
    inputs = {}
    for module in target.modules:
        a, b = weights[module.name]
        inputs[f"{module.name}.A"] = a[task].contiguous()
        inputs[f"{module.name}.B"] = (b[task] * target.scaling).contiguous()
    return inputs


def no_lora(rank: int = 1):
    return {
        f"{m.name}.{side}": torch.zeros(*shape)
        for m in TARGET.modules
        for side, shape in (("A", (2, rank, m.in_features)), ("B", (2, m.out_features, rank)))
    }


def tokens(rows: int, length: int) -> torch.Tensor:
    return torch.randint(1, 20, (rows, length), generator=torch.Generator().manual_seed(4))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"tie_word_embeddings": True},
        {"num_key_value_heads": 4},
        {"head_dim": 8, "num_key_value_heads": 1},
        {"attention_bias": True, "mlp_bias": True},
    ],
)
def test_without_adapter_it_is_transformers(changes: dict):
    model = llama(**changes)
    target = TARGET
    if changes:  # the target's q and v have other sizes in these models
        target = replace(TARGET, modules=(TargetModule("down_proj", "mlp.down_proj", 24, 16),))
    runner = Runner(model, target)
    ids = tokens(3, 7)
    lora = {k: v for k, v in no_lora().items() if k.split(".")[0] in target.module_names}
    ours, _ = runner(ids, torch.ones_like(ids), lora)
    with torch.no_grad():
        torch.testing.assert_close(ours, model(ids).logits, atol=1e-4, rtol=0)


def test_with_adapter_it_is_peft():
    runner, weights = Runner(llama()), random_weights(2)
    ids = tokens(2, 9)
    for task in range(2):
        ours, _ = runner(ids, torch.ones_like(ids), lora_inputs(weights, task))
        with torch.no_grad():
            theirs = with_peft(weights, task, llama())(ids).logits
            torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)
            assert (theirs - llama()(ids).logits).abs().max() > 0.01


def test_left_padding_changes_nothing():
    runner, weights = Runner(llama()), random_weights(1)
    lora = lora_inputs(weights, 0)
    ids = tokens(2, 6)
    padded = torch.cat([torch.zeros(2, 3, dtype=torch.long), ids], dim=1)
    mask = torch.ones_like(padded)
    mask[:, :3] = 0
    alone, _ = runner(ids, torch.ones_like(ids), lora)
    ours, _ = runner(padded, mask, lora)
    torch.testing.assert_close(ours[:, 3:], alone, atol=1e-4, rtol=0)
    with torch.no_grad():
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        model = with_peft(weights, 0, llama())
        theirs = model(padded, attention_mask=mask, position_ids=positions).logits
    torch.testing.assert_close(ours[:, 3:], theirs[:, 3:], atol=1e-4, rtol=0)


def test_cache_continues_as_the_whole_text():
    """Rows of different length: one padded on the left, decoded in steps of 4, 1, 1 and 2."""
    runner, lora = Runner(llama()), lora_inputs(random_weights(1), 0)
    ids = tokens(2, 8)
    mask = torch.ones_like(ids)
    ids[0, :2], mask[0, :2] = 0, 0
    whole, _ = runner(ids, mask, lora)
    past, parts, start = None, [], 0
    for count in (4, 1, 1, 2):
        end = start + count
        logits, past = runner(ids[:, start:end], mask[:, :end], lora, past)
        assert past[0].shape == (2, 2, 2, end, 4)
        parts.append(logits)
        start = end
    torch.testing.assert_close(torch.cat(parts, dim=1)[mask.bool()], whole[mask.bool()])


def test_rank_is_open_and_zeros_mean_no_adapter():
    runner, ids = Runner(llama()), tokens(1, 5)
    outputs = [runner(ids, torch.ones_like(ids), no_lora(rank))[0] for rank in (1, 3, 16)]
    torch.testing.assert_close(outputs[0], outputs[1])
    torch.testing.assert_close(outputs[0], outputs[2])


def test_greedy_generation_is_that_of_transformers():
    model, lora = llama(), no_lora()
    runner = Runner(model)
    ids = tokens(2, 4)
    theirs = generate(
        model, ids, max_new_tokens=6, do_sample=False, eos_token_id=None, pad_token_id=0
    )
    ours, past, new = ids, None, ids
    for _ in range(6):
        logits, past = runner(new, torch.ones_like(ours), lora, past)
        new = logits[:, -1:].argmax(-1)
        ours = torch.cat([ours, new], dim=1)
    assert torch.equal(ours, theirs)


@pytest.mark.parametrize(
    ("model", "target", "words"),
    [
        (lambda: llama(num_hidden_layers=3), TARGET, "layers must be 3"),
        (lambda: llama(hidden_act="gelu"), TARGET, "hidden_act"),
        (lambda: llama(hidden_size=32), TARGET, "v_proj is 32 to 16"),
        (
            lambda: llama(
                rope_parameters={"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0}
            ),
            TARGET,
            "rope_type",
        ),
        (llama, replace(TARGET, modules=(TargetModule("x", "mlp.x", 1, 1),)), "no module mlp.x"),
    ],
)
def test_what_it_cannot_express_is_refused(model, target, words: str):
    with pytest.raises(ValueError, match=words):
        build_lm_graph(model(), target)


def test_inexact_weights_are_refused():
    model = llama()
    with torch.no_grad():
        model.model.norm.weight[0] = 1 + 1e-5
    with pytest.raises(ValueError, match="model.norm.weight is not exact in float16"):
        build_lm_graph(model, TARGET)


def test_bytes_are_the_same_every_time():
    assert build_lm_graph(llama(), TARGET) == build_lm_graph(llama(), TARGET)
