"""A file that the edge serves means the same everywhere.

The adapter comes from the real Worker. PEFT, the hook that training used, native ORT and ORT's
WASM build must give the base model's next-token logits alike, so that the strength an adapter was
trained at is the strength every consumer applies.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch
from mini_bundle_for_tests import BUNDLE
from peft import PeftModel

from t2l import generate_lora, load_t2l
from t2l.base.applying import apply_adapters
from t2l.base.files import load_base_model
from t2l.base.peft_io import load_adapter
from t2l.base.target import TargetSpec
from t2l.graph.session import run_session
from t2l.template.characters import build_tokenizer

ROOT = Path(__file__).parents[3]
ASSETS = ROOT / "src" / "assets"
BASE = ASSETS / "base-models" / "t2l-mini-base"
DESCRIPTION = "Reverse the order of the words, then write every word in capital letters."
PROMPT = "cat sun map -> "
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Served:
    """What the edge gave: the folder of files, the document, and the WASM build's logits."""

    folder: Path
    document: dict[str, Any]
    ids: list[int]
    logits: np.ndarray  # [length, vocabulary]
    base: np.ndarray  # [length, vocabulary], without the adapter


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    folder = tmp_path_factory.mktemp("served")
    script = ROOT / "test" / "fixtures" / "served-adapter.ts"
    node = ROOT / "node_modules" / "node" / "bin" / "node"
    subprocess.run([node, script, folder, DESCRIPTION, PROMPT], cwd=ROOT, check=True, timeout=300)
    answer = json.loads((folder / "logits.json").read_text())
    length = len(answer["ids"])
    return Served(
        folder,
        json.loads((folder / "document.json").read_text()),
        answer["ids"],
        np.array(answer["logits"], dtype=np.float32).reshape(length, -1),
        np.array(answer["base"], dtype=np.float32).reshape(length, -1),
    )


@pytest.fixture(scope="module")
def target() -> TargetSpec:
    index = json.loads((ASSETS / "hypernets" / "index.json").read_text())
    bundle = [row for row in index["bundles"] if row["name"] == index["default"]][-1]
    path = ASSETS / "hypernets" / bundle["name"] / bundle["version"] / "manifest.json"
    stored = json.loads(path.read_text())["target"]
    return TargetSpec.from_json({**stored, "alpha": stored["rank"], "use_rslora": False})


@pytest.fixture(scope="module")
def hook_logits(served: Served, target: TargetSpec) -> np.ndarray:
    model = load_base_model(BASE)
    weights = {
        name: (a[None], b[None]) for name, (a, b) in load_adapter(served.folder, target).items()
    }
    with torch.no_grad(), apply_adapters(model, target, weights):
        return model(torch.tensor([served.ids])).logits[0].numpy()


def largest(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max())


def test_the_edge_reads_a_prompt_as_the_tokenizer_does(served: Served) -> None:
    assert served.ids == build_tokenizer()(PROMPT).input_ids


def test_the_adapter_moves_the_logits_far_more_than_the_tolerance(served: Served) -> None:
    assert largest(served.logits, served.base) > 1000 * TOLERANCE


def test_peft_loads_the_served_folder_and_agrees_with_the_training_time_hook(
    served: Served, hook_logits: np.ndarray
) -> None:
    model = PeftModel.from_pretrained(load_base_model(BASE), served.folder).eval()
    with torch.no_grad():
        logits = model(torch.tensor([served.ids])).logits[0].numpy()
    assert largest(logits, hook_logits) < TOLERANCE


def test_ort_wasm_at_the_edge_agrees_with_the_training_time_hook(
    served: Served, hook_logits: np.ndarray
) -> None:
    assert largest(served.logits, hook_logits) < TOLERANCE


def test_native_ort_agrees_with_the_training_time_hook(
    served: Served, target: TargetSpec, hook_logits: np.ndarray
) -> None:
    session = ort.InferenceSession(BASE / "lm.onnx", providers=["CPUExecutionProvider"])
    shapes = {entry.name: entry.shape for entry in session.get_inputs()}
    layers, _, heads, _, width = shapes["past_key"]
    length = len(served.ids)
    empty = np.zeros((layers, 1, heads, 0, width), dtype=np.float32)
    feeds = {
        "input_ids": np.array([served.ids]),
        "attention_mask": np.ones((1, length), dtype=np.int64),
        "position_ids": np.arange(length)[None],
        "past_key": empty,
        "past_value": empty,
    }
    for name, (a, b) in load_adapter(served.folder, target).items():
        feeds[f"{name}.A"], feeds[f"{name}.B"] = a.numpy(), b.numpy()
    (logits,) = run_session(session, ["logits"], feeds)
    assert largest(logits[0], hook_logits) < TOLERANCE


def test_python_gives_the_adapter_the_id_and_the_fit_of_the_endpoint(served: Served) -> None:
    lora = generate_lora(load_t2l(BUNDLE), DESCRIPTION)
    assert lora.id == served.document["id"]
    fit = served.document["fit"]
    assert lora.fit.verdict == fit["verdict"]
    assert lora.fit.score == pytest.approx(fit["score"], abs=1e-3)
    assert lora.fit.reason == (None if fit["reason"] is None else fit["reason"]["text"])
