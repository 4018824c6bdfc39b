"""A checkpoint that cannot be read is refused in one sentence, and nothing in it is ever run."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from reference_checkpoints import PER_RANK, TINY_LLAMA, write_checkpoint

from t2l.sakana.checkpoint import CheckpointError, is_checkpoint, read_checkpoint
from t2l.sakana.convert import convert

NAME = "sft-S-learned-hash3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_checkpoint(NAME, tmp_path / "checkpoint")


def change_args(folder: Path, **changes) -> None:
    args = yaml.safe_load((folder / "args.yaml").read_text())
    (folder / "args.yaml").write_text(yaml.dump(args | changes))


def change_adapter(folder: Path, **changes) -> None:
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def change_state(folder: Path, change: Callable[[dict], object]) -> None:
    state = torch.load(folder / "hypermod.pt", weights_only=True)
    change(state)
    torch.save(state, folder / "hypermod.pt")


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


class Trap:
    """Unpickling this would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.write_text, (self.path, "ran"))


def test_order_of_keys_and_settings_are_read(folder: Path):
    checkpoint = read_checkpoint(folder)
    assert is_checkpoint(folder) and not is_checkpoint(folder.parent)
    assert checkpoint.module_order == ("q_proj", "v_proj")
    assert checkpoint.task_encoder == "linear"
    assert (checkpoint.adapter.r, checkpoint.adapter.use_rslora) == (4, True)


def test_a_pickle_that_would_run_code_does_not(folder: Path):
    trace = folder / "trace"
    torch.save({"heads.q_proj.weight": Trap(trace)}, folder / "hypermod.pt")
    with pytest.raises(CheckpointError, match="hypermod.pt is not a file of plain tensors"):
        read_checkpoint(folder)
    (folder / "hypermod.pt").write_bytes(pickle.dumps(Trap(trace)))
    with pytest.raises(CheckpointError, match="hypermod.pt"):
        read_checkpoint(folder)
    assert not trace.exists()


@pytest.mark.parametrize("file", ["args.yaml", "adapter_config.json", "hypermod.pt"])
def test_a_missing_file_is_named(folder: Path, file: str):
    (folder / file).unlink()
    with pytest.raises(CheckpointError, match=f"{file} is missing"):
        read_checkpoint(folder)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: truncate(f / "hypermod.pt"), "hypermod.pt is damaged or cut off"),
        (lambda f: (f / "hypermod.pt").write_bytes(b""), "hypermod.pt is damaged or cut off"),
        (lambda f: (f / "hypermod.pt").write_text("version https://git-lfs"), "hypermod.pt"),
        (lambda f: torch.save([1], f / "hypermod.pt"), "must hold a state_dict"),
        (lambda f: torch.save({}, f / "hypermod.pt"), "must hold a state_dict"),
        (lambda f: torch.save({"a": 1}, f / "hypermod.pt"), "must hold a state_dict"),
        (lambda f: (f / "args.yaml").write_text("a: [1"), "args.yaml is not plain YAML"),
        (lambda f: (f / "args.yaml").write_text("!!python/object:x.Y {}"), "not plain YAML"),
        (lambda f: (f / "args.yaml").write_text("[1]"), "args.yaml: the file"),
        (lambda f: change_args(f, training_task="dpo"), "args.yaml: training_task"),
        (lambda f: change_args(f, head_in_size="many"), "args.yaml: head_in_size"),
        (lambda f: (f / "adapter_config.json").write_text("{"), "adapter_config.json is not JSON"),
        (lambda f: change_adapter(f, r=0), "adapter_config.json: r"),
        (lambda f: change_adapter(f, target_modules=["q_proj"]), "do not belong together"),
        (
            lambda f: change_state(f, lambda s: s["mixer.1.bias"].fill_(float("nan"))),
            "mixer.1.bias has values that are not finite",
        ),
    ],
)
def test_damaged_files_are_named_with_what_is_wrong(folder: Path, spoil, words: str):
    spoil(folder)
    with pytest.raises(CheckpointError, match=words):
        read_checkpoint(folder)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: change_state(f, lambda s: s.pop("mlp1.mlp.0.weight")), "lacks .*mlp1.norm"),
        (lambda f: change_state(f, lambda s: s.update(more=torch.ones(1))), "has more, which"),
        (lambda f: change_state(f, lambda s: s.pop("out_emb.q_proj.A")), "lacks .*ab_table"),
        (lambda f: change_state(f, lambda s: s.pop("task_encoder.mlp.0.weight")), "no embedding"),
        (lambda f: change_args(f, hypernet_latent_size=64), "has shape"),
        (lambda f: change_args(f, hypernet_latent_size=18), "latent must be"),
        (lambda f: change_args(f, head_in_size=25), "has shape"),
        (lambda f: change_args(f, shared_AB_head=False), "autoreg_gen without shared_AB_head"),
        (lambda f: change_args(f, autoreg_gen=False), "pos_emb.0.weight, .* variant M"),
        (lambda f: change_args(f, learnable_pos_emb=False), "has pos_emb"),
        (lambda f: change_args(f, use_one_hot_task_emb=True), "numbers of its tasks"),
        (lambda f: change_args(f, exp_setup="hyper_vera"), "only LORA"),
        (lambda f: change_args(f, exp_setup="lora"), "plain adapter"),
        (lambda f: change_args(f, model_dir="a/b"), "python -m t2l target a/b"),
        (lambda f: change_adapter(f, peft_type="VERA"), "makes VERA"),
        (lambda f: change_adapter(f, use_dora=True), "use_dora"),
        (lambda f: change_adapter(f, layers_to_transform=[0]), "layers_to_transform"),
        (lambda f: change_adapter(f, r=2), "has shape"),
    ],
)
def test_what_cannot_be_imported_is_refused_with_the_reason(folder: Path, spoil, words: str):
    spoil(folder)
    with pytest.raises(CheckpointError, match=words) as caught:
        convert(read_checkpoint(folder), TINY_LLAMA)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize("name", PER_RANK)
def test_a_network_that_is_no_variant_of_the_paper_is_refused(name: str, tmp_path: Path):
    with pytest.raises(CheckpointError, match="none of the variants L, M and S"):
        convert(read_checkpoint(write_checkpoint(name, tmp_path)), TINY_LLAMA)


def test_a_module_that_the_target_lacks_is_named(folder: Path):
    def rename(state: dict) -> None:
        for key in [key for key in state if "v_proj" in key]:
            state[key.replace("v_proj", "z_proj")] = state.pop(key)

    change_state(folder, rename)
    change_adapter(folder, target_modules=["q_proj", "z_proj"])
    with pytest.raises(CheckpointError, match="lacks z_proj"):
        convert(read_checkpoint(folder), TINY_LLAMA)
