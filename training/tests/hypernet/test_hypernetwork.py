"""The hypernetwork has the paper's size, its shapes and start, and one order in every process."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from t2l.base.target import BaseModelRecord, TargetModule, TargetSpec
from t2l.hypernet.config import Variant
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig, parameter_count
from t2l.hypernet.parts import NormedEmbedding

MISTRAL = TargetSpec.load(
    Path(__file__).parents[2] / "configs" / "targets" / "mistral-7b-instruct-v0.2.json"
)
TINY = TargetSpec(
    BaseModelRecord("a/b", "0" * 40, "llama", "apache-2.0"),
    layers=3,
    modules=(
        TargetModule("v_proj", "self_attn.v_proj", 12, 8),
        TargetModule("q_proj", "self_attn.q_proj", 12, 12),
        TargetModule("down_proj", "mlp.down_proj", 6, 12),
    ),
    rank=4,
    alpha=16,
)
VARIANTS: tuple[Variant, ...] = ("L", "M", "S")


def config(variant: Variant, **changes) -> HypernetworkConfig:
    return HypernetworkConfig(variant, embedding_dim=10, latent=16, head_in=20, **changes)


def network(variant: Variant, **changes) -> Hypernetwork:
    """A network whose every weight is away from its initial value, so that nothing hides."""
    made = Hypernetwork(config(variant, **changes), TINY).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.2)
    return made


@pytest.mark.parametrize(("variant", "millions"), [("L", 55.4), ("M", 34.4), ("S", 5.0)])
def test_parameter_counts_of_the_paper(variant: Variant, millions: float):
    count = parameter_count(HypernetworkConfig(variant, embedding_dim=1024), MISTRAL)
    assert round(count / 1e6, 1) == millions


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("bias", ["head", "per_layer", "static"])
def test_shapes_and_order(variant: Variant, bias: str):
    made = network(
        variant,
        per_layer_bias=bias == "per_layer",
        static_bias=bias == "static",
        head_init="normal" if bias == "static" else "zero",
    )
    weights = made(torch.randn(5, 10))
    assert tuple(weights) == ("v_proj", "q_proj", "down_proj")
    for module in TINY.modules:
        a, b = weights[module.name]
        assert a.shape == (5, 3, 4, module.in_features)
        assert b.shape == (5, 3, module.out_features, 4)


@pytest.mark.parametrize("variant", VARIANTS)
def test_matches_a_plain_loop(variant: Variant):
    """The batched forward against the paper's wording: one layer, module, side and rank a time."""
    made = network(variant)
    embedding = torch.randn(2, 10)
    weights = made(embedding)
    for task in range(2):
        for layer in range(TINY.layers):
            for index, module in enumerate(TINY.modules):
                a, b = _slow(made, embedding[task], layer, index, module)
                torch.testing.assert_close(weights[module.name][0][task, layer], a)
                torch.testing.assert_close(weights[module.name][1][task, layer], b)


def _slow(made: Hypernetwork, embedding, layer: int, index: int, module: TargetModule):
    silu, rank = torch.nn.functional.silu, TINY.rank
    n_in, n_out = module.in_features, module.out_features
    head = made.heads[module.name]
    task = made.task_norm(made.task_linear(embedding * math.sqrt(10)))
    assert isinstance(made.depth, NormedEmbedding) and isinstance(made.module, NormedEmbedding)
    depth = made.depth.norm(made.depth.table.weight[layer])
    kind = made.module.norm(made.module.table.weight[index])
    x = torch.cat([task, depth, kind])
    x = made.mlp1(silu(made.mixer_down(silu(made.mixer_up(x)))))

    def mlp3(x):
        return silu(made.mlp3_down(silu(made.mlp3_up(made.mlp3_norm(x)))))

    if made.config.variant == "L":
        out = head(mlp3(made.mlp2(x)))
        return out[: rank * n_in].view(rank, n_in), out[rank * n_in :].view(rank, n_out).T
    sides = []
    for side, width in enumerate((n_in, n_out)):
        y = made.mlp2(x + made.ab_norm(made.ab_table[index, side]))
        if made.config.variant == "M":
            sides.append(head(mlp3(y)).view(rank, -1)[:, :width])
        else:
            rows = []
            for r in range(rank):
                position = made.position.norm(made.position.table.weight[r])
                rows.append(head(mlp3(y + made.mlp2(position)))[:width])
            sides.append(torch.stack(rows))
    return sides[0], sides[1].T


@pytest.mark.parametrize("variant", VARIANTS)
def test_starts_as_one_shared_adapter(variant: Variant):
    weights = Hypernetwork(config(variant), TINY).eval()(torch.randn(2, 10))
    for module in TINY.modules:
        a, b = weights[module.name]
        assert torch.equal(a[0], a[1]) and torch.equal(a[:, 0], a[:, 1])
        scale = {"L": 1, "M": math.sqrt(2), "S": math.sqrt(2 * TINY.rank)}[variant]
        bound = 1 / math.sqrt(module.in_features) / scale
        assert 0.5 * bound < a.abs().max() <= bound
        assert (b == 0).all() == (variant == "L")


@pytest.mark.parametrize("variant", VARIANTS)
def test_offsets_start_without_any_update(variant: Variant):
    for changes in ({"per_layer_bias": True}, {"static_bias": True, "head_init": "normal"}):
        weights = Hypernetwork(config(variant, **changes), TINY).eval()(torch.randn(2, 10))
        for a, b in weights.values():
            assert (b == 0).all() and (a != 0).any()
            assert not torch.equal(a[:, 0], a[:, 1])


@pytest.mark.parametrize("half", [True, False])
def test_offsets_are_rounded_with_the_matrices_only_if_asked(half: bool):
    made = network("S", per_layer_bias=True, half_offsets=half)
    before = {name: value.clone() for name, value in made.state_dict().items()}
    made.round_matrices()
    after = made.state_dict()
    for name, value in before.items():
        halved = value.half().float()
        assert not torch.equal(halved, value), name
        matrix = name.endswith(".weight") and value.ndim == 2 and "table" not in name
        rounded = matrix or (half and name.startswith("offset_"))
        assert torch.equal(after[name], halved if rounded else value), name


def test_half_offsets_need_offsets():
    with pytest.raises(ValueError, match="half_offsets needs offsets"):
        config("S", half_offsets=True)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_weight_can_learn(variant: Variant):
    """The gate opens from zero: after one step every weight has a gradient."""
    for changes in ({}, {"per_layer_bias": True}, {"static_bias": True, "head_init": "normal"}):
        made = Hypernetwork(config(variant, **changes), TINY)
        optimiser = torch.optim.SGD(made.parameters(), lr=0.003)
        for _ in range(3):
            optimiser.zero_grad()
            generator = torch.Generator().manual_seed(3)
            loss = torch.zeros(())
            for a, b in made(torch.randn(2, 10)).values():
                wanted = torch.randn(b.shape[-2], a.shape[-1], generator=generator)
                loss = loss + (b @ a - wanted).square().sum()
            loss.backward()
            optimiser.step()
        found = {name: p.grad for name, p in made.named_parameters()}
        still = [name for name, grad in found.items() if grad is None or not grad.abs().sum() > 0]
        assert still == []


def test_tasks_do_not_mix():
    made = network("S")
    embedding = torch.randn(4, 10)
    together = made(embedding)
    alone = made(embedding[2:3])
    for name in together:
        torch.testing.assert_close(together[name][0][2:3], alone[name][0])
        torch.testing.assert_close(together[name][1][2:3], alone[name][1])


def test_seed_decides_and_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first = Hypernetwork(config("S"), TINY, seed=1)
    assert torch.equal(torch.rand(1), expected)
    second = Hypernetwork(config("S"), TINY, seed=1)
    other = Hypernetwork(config("S"), TINY, seed=2)
    assert torch.equal(first.mixer_up.weight, second.mixer_up.weight)
    assert not torch.equal(first.mixer_up.weight, other.mixer_up.weight)


@pytest.mark.parametrize("variant", VARIANTS)
def test_checkpoint_round_trip(variant: Variant, tmp_path: Path):
    made = network(variant)
    made.save(tmp_path)
    again = Hypernetwork.load(tmp_path)
    embedding = torch.randn(2, 10)
    assert again.config == made.config and again.target == TINY
    for name, (a, b) in made(embedding).items():
        assert torch.equal(again(embedding)[name][0], a)
        assert torch.equal(again(embedding)[name][1], b)


def test_checkpoint_with_missing_weights_is_refused(tmp_path: Path):
    network("L").save(tmp_path)
    text = (tmp_path / "hypernetwork.json").read_text().replace('"variant": "L"', '"variant": "M"')
    (tmp_path / "hypernetwork.json").write_text(text)
    with pytest.raises(RuntimeError, match="ab_table"):
        Hypernetwork.load(tmp_path)


def test_one_checkpoint_gives_one_adapter_under_any_hash_seed(tmp_path: Path):
    network("S").save(tmp_path)
    script = (
        "import sys, hashlib, torch; from pathlib import Path;"
        "from t2l.hypernet.hypernetwork import Hypernetwork;"
        "w = Hypernetwork.load(Path(sys.argv[1]))(torch.ones(1, 10));"
        "h = hashlib.sha256();"
        "[h.update(t.detach().contiguous().numpy().tobytes()) for ab in w.values() for t in ab];"
        "print(list(w), h.hexdigest())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("3", "5")
    }
    assert len(outputs) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"variant": "X"}, "variant"),
        ({"latent": 30}, "multiple of 4"),
        ({"dropout": 1.0}, "dropout"),
        ({"static_bias": True}, "head_init normal"),
        ({"static_bias": True, "per_layer_bias": True}, "leave per_layer_bias off"),
    ],
)
def test_bad_configs_are_refused(changes: dict, words: str):
    with pytest.raises(ValueError, match=words):
        replace(config("S"), **changes)


def test_wrong_embedding_is_refused():
    with pytest.raises(ValueError, match=r"\[tasks, 10\]"):
        network("S")(torch.randn(2, 9))
