"""An adapter on disk: PEFT, our hook and the exported language model give the same logits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from peft import PeftModel
from test_lora import TARGET, random_weights
from test_onnx_lm import llama, lora_inputs, tokens

from t2l.base.applying import apply_adapters
from t2l.base.peft_io import load_adapter, save_adapter
from t2l.export.onnx.lm import build_lm_graph


def folded(weights, task: int = 0):
    return {name: (a[task], b[task] * TARGET.scaling) for name, (a, b) in weights.items()}


def test_peft_hook_and_graph_agree_at_one_strength(tmp_path: Path):
    weights, ids = random_weights(1), tokens(2, 8)
    save_adapter(tmp_path, TARGET, folded(weights))
    model = llama()
    with torch.no_grad():
        plain = model(ids).logits
        with apply_adapters(model, TARGET, weights):
            hook = model(ids).logits
        peft = PeftModel.from_pretrained(llama(), tmp_path).eval()(ids).logits
    session = ort.InferenceSession(
        build_lm_graph(model, TARGET), providers=["CPUExecutionProvider"]
    )
    empty = np.zeros((2, 2, 2, 0, 4), dtype=np.float32)
    feeds = {
        "input_ids": ids.numpy(),
        "attention_mask": np.ones((2, 8), dtype=np.int64),
        "position_ids": np.tile(np.arange(8), (2, 1)),
        "past_key": empty,
        "past_value": empty,
        **{name: value.numpy() for name, value in lora_inputs(weights, 0).items()},
    }
    graph = torch.from_numpy(session.run(["logits"], feeds)[0])
    torch.testing.assert_close(peft, hook, atol=1e-4, rtol=0)
    torch.testing.assert_close(graph, hook, atol=1e-4, rtol=0)
    assert (hook - plain).abs().max() > 0.01


def test_round_trip_and_other_scales(tmp_path: Path):
    """What PEFT writes with rsLoRA or alpha reads as the same update."""
    weights = folded(random_weights(1))
    save_adapter(tmp_path, TARGET, weights)
    for name, pair in load_adapter(tmp_path, TARGET).items():
        assert torch.equal(pair[0], weights[name][0]) and torch.equal(pair[1], weights[name][1])
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert config["lora_alpha"] == config["r"] == 4 and config["use_rslora"] is False
    for changes, factor in (({"lora_alpha": 8}, 2), ({"lora_alpha": 4, "use_rslora": True}, 2)):
        (tmp_path / "adapter_config.json").write_text(json.dumps({**config, **changes}))
        for name, pair in load_adapter(tmp_path, TARGET).items():
            torch.testing.assert_close(pair[1], weights[name][1] * factor)


def test_adapters_of_another_target_are_refused(tmp_path: Path):
    weights = folded(random_weights(1))
    save_adapter(tmp_path, TARGET, weights)
    with pytest.raises(ValueError, match="rank 4, the target 8"):
        load_adapter(tmp_path, replace(TARGET, rank=8))
    with pytest.raises(ValueError, match="lacks .*layers.2"):
        load_adapter(tmp_path, replace(TARGET, layers=3))
    with pytest.raises(ValueError, match="beyond the target"):
        load_adapter(tmp_path, replace(TARGET, layers=1))
