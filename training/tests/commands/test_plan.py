"""`plan`: numbers that can be checked, before anything is trained, for any base model."""

import re
from pathlib import Path

import pytest
import torch
from adapters_for_tests import tiny_base
from command_for_tests import Command
from families_for_tests import save_family
from plan_for_tests import CONFIGS, language_config, rows_of

from t2l.commands.plan_memory import LargestPart, memory_parts
from t2l.config.recipe import SftConfig
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig
from t2l.train.objectives.sft import make_optimizers


def test_a_plan_needs_no_trained_base_model_and_its_steps_can_be_tried(run_t2l: Command) -> None:
    rows = rows_of(run_t2l("plan", "--config", CONFIGS / "smoke.yaml", "--measure"))
    assert rows["an adapter"] == "512"  # 2 layers, q and v, rank 2, 32 wide, A and B
    assert rows["a step"].startswith("6 tasks x 2 examples, ")
    assert "tokens, " in rows["sft"] and rows["measured peak"].endswith("its libraries")


def test_a_plan_for_any_model_leaves_its_weights_alone(run_t2l: Command, tmp_path: Path) -> None:
    save_family("qwen2", tmp_path / "model")
    path = language_config(tmp_path)
    for weights in (tmp_path / "model").glob("*.safetensors"):
        weights.write_bytes(weights.read_bytes()[:64])  # nothing that could be opened
    text = run_t2l("plan", "--config", path)
    assert text.startswith("a/b, qwen2: on ") and "add --measure" in text
    assert rows_of(text)["training tasks"] == "4"


def test_a_plan_counts_what_the_teacher_reads(run_t2l: Command, tmp_path: Path) -> None:
    save_family("qwen2", tmp_path / "model")
    sft = {"tasks": 3, "examples": 2, "steps": 50, "distill": 1.0, "teacher": "demonstrations"}
    path = language_config(tmp_path, sft={**sft, "teacher_shots": 3})
    rows = rows_of(run_t2l("plan", "--config", path))
    found = re.fullmatch(
        r"3 tasks x 2 examples, (\d+) tokens, and (\d+) that the teacher reads", rows["a step"]
    )
    assert found is not None, rows["a step"]
    own, told = map(int, found.groups())
    assert told > 2 * own  # three demonstrations before every question
    assert rows["sft"] == f"{3 * 50 * (own + told / 2) / 1e3:.3g} k tokens"  # three seeds


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"target": {"rank": 500}}, "rank 500 is larger .* target.rank"),
        ({"target": {"modules": ["q_prj"]}}, "no module 'q_prj'.* target.modules"),
        ({"tasks": {"source": "folder", "where": "none"}}, "no such folder; tasks.where"),
        ({"base": {"kind": "folder", "where": "gone"}}, "gone"),
    ],
)
def test_what_only_the_model_or_the_files_can_tell_is_refused_before_any_work(
    refused_by_t2l: Command, tmp_path: Path, parts: dict[str, object], message: str
) -> None:
    save_family("llama", tmp_path / "model")
    shippable = {"tasks": {"source": "folder", "where": "tasks", "selection": 0.4}}
    path = language_config(tmp_path, 30, **{**shippable, **parts})
    assert re.search(message, refused_by_t2l("all", "--config", path))
    assert not (tmp_path / "run").exists()


def test_all_names_the_stages_of_behaviours_before_it_looks_for_replies(
    refused_by_t2l: Command,
) -> None:
    found = refused_by_t2l("all", "--config", CONFIGS / "behaviours.yaml")
    assert found.startswith(
        "python -m t2l all: error: tasks.source behaviours has no right answers"
    )
    assert "run the stages replies, encode, sft and behaviours one after the other" in found


def test_memory_counts_what_is_there(tmp_path: Path) -> None:
    model, target = tiny_base(tmp_path)
    network = Hypernetwork(HypernetworkConfig("S", 8, latent=16, head_in=16), target)
    optimizers = make_optimizers(network, SftConfig(), bfloat16=False)
    part = LargestPart(sheets=4, length=20, answers=6)

    def bytes_of(**how: bool) -> dict[str, int]:
        options = {"bfloat16": False, "recompute": False, **how}
        return memory_parts(model, network, optimizers, target, 3, part, **options)

    found = bytes_of()
    assert found["base model"] == 4 * sum(p.numel() for p in model.parameters())
    assert found["hypernetwork"] == 4 * sum(p.numel() for p in network.parameters())
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    for optimizer in optimizers:
        optimizer.step()
    kept = [v for o in optimizers for s in o.state.values() for v in s.values()]
    means = sum(v.numel() for v in kept if isinstance(v, torch.Tensor) and v.numel() > 1)
    assert 4 * means == pytest.approx(found["its optimizers"], rel=0.01)
    assert bytes_of(recompute=True)["activations"] < found["activations"]
    assert bytes_of(bfloat16=True)["activations"] * 2 == found["activations"]


def test_activations_are_about_what_the_backward_pass_keeps(tmp_path: Path) -> None:
    model, target = tiny_base(tmp_path)
    model.set_attn_implementation("eager")
    network = Hypernetwork(HypernetworkConfig("S", 8, latent=16, head_in=16), target)
    part, kept = LargestPart(sheets=4, length=20, answers=0), []

    def note(tensor: torch.Tensor) -> torch.Tensor:
        if not any(tensor.data_ptr() == p.data_ptr() for p in model.parameters()):
            kept.append((tensor.data_ptr(), tensor.numel() * tensor.element_size()))
        return tensor

    inputs = torch.randn(4, 20, model.config.hidden_size, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        model.model(inputs_embeds=inputs)
    real = sum(dict(kept).values())
    said = memory_parts(model, network, [], target, 3, part, bfloat16=False, recompute=False)
    assert said["activations"] == pytest.approx(real, rel=0.35)
