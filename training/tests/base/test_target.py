"""The target spec reads back what it writes and refuses what cannot be meant."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import pytest

from t2l.base.target import Attention, BaseModelRecord, TargetError, TargetModule, TargetSpec

TARGETS = sorted((Path(__file__).parents[2] / "configs" / "targets").glob("*.json"))


def spec(**changes) -> TargetSpec:
    fields = {
        "base_model": BaseModelRecord("a/b", "0" * 40, "llama", "apache-2.0"),
        "layers": 2,
        "modules": (
            TargetModule("v_proj", "self_attn.v_proj", 8, 4),
            TargetModule("q_proj", "self_attn.q_proj", 8, 8),
        ),
        "rank": 4,
        "alpha": 16,
    }
    return TargetSpec(**{**fields, **changes})


def test_round_trip_keeps_module_order(tmp_path: Path):
    first = spec(use_rslora=True)
    first.save(tmp_path / "t.json")
    assert TargetSpec.load(tmp_path / "t.json") == first
    assert first.module_names == ("v_proj", "q_proj")


def test_heads_go_into_the_manifest_and_specs_without_them_stay_as_they_were(tmp_path: Path):
    heads = spec(attention=Attention(heads=4, kv_heads=2, head_dim=2))
    heads.save(tmp_path / "t.json")
    assert TargetSpec.load(tmp_path / "t.json") == heads
    assert heads.to_manifest()["attention"] == {"heads": 4, "kv_heads": 2, "head_dim": 2}
    assert "attention" not in spec().to_json()


def test_kinds_of_output_go_into_the_manifest_and_loras_stay_as_they_were(tmp_path: Path):
    feedforward = TargetModule("down_proj", "mlp.down_proj", 12, 8, feedforward=True)
    for other in (spec(output="dora"), spec(output="ia3", rank=1, modules=(feedforward,))):
        other.save(tmp_path / "t.json")
        assert TargetSpec.load(tmp_path / "t.json") == other
        assert other.to_manifest()["output"] == other.output
    assert other.to_manifest()["modules"][0]["feedforward"] is True
    plain = spec().to_json()
    assert "output" not in plain and "feedforward" not in plain["modules"][0]


def test_a_kind_of_output_says_which_tensors_a_module_has():
    wide = TargetModule("down_proj", "mlp.down_proj", 12, 8)
    lora = {"A": (2, 4, 12), "B": (2, 8, 4)}
    assert spec(modules=(wide,)).shapes(wide) == lora
    dora = spec(modules=(wide,), output="dora")
    assert dora.shapes(wide) == {**lora, "M": (2, 8)} and dora.sides == ("A", "B", "M")
    assert dora.parameters == 2 * (4 * (12 + 8) + 8)
    assert spec(output="ia3", rank=1).shapes(wide) == {"L": (2, 8)}
    fed = TargetModule("down_proj", "mlp.down_proj", 12, 8, feedforward=True)
    assert spec(output="ia3", rank=1).shapes(fed) == {"L": (2, 12)}


def test_a_module_that_peft_would_take_for_a_feedforward_one_is_refused():
    fed = TargetModule("proj", "mlp.proj", 12, 8, feedforward=True)
    with pytest.raises(TargetError, match="self_attn.q_proj ends like the feedforward module proj"):
        spec(output="ia3", rank=1, modules=(fed, TargetModule("q_proj", "self_attn.q_proj", 8, 8)))


def test_scaling_matches_peft():
    peft = pytest.importorskip("peft")
    torch = pytest.importorskip("torch")
    for rslora in (False, True):
        model = torch.nn.Sequential(torch.nn.Linear(3, 3))
        config = peft.LoraConfig(r=8, lora_alpha=16, use_rslora=rslora, target_modules=["0"])
        layer = peft.get_peft_model(model, config).base_model.model[0]
        ours = spec(rank=8, alpha=16, use_rslora=rslora).scaling
        assert math.isclose(layer.scaling["default"], ours)


def test_parameters():
    assert spec().parameters == 2 * 4 * ((8 + 4) + (8 + 8))


@pytest.mark.parametrize("path", TARGETS, ids=lambda p: p.stem)
def test_shipped_targets_load(path: Path):
    assert TargetSpec.load(path).layers > 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"modules": {"q": 1}}, "tuple"),
        ({"modules": ()}, "at least one"),
        ({"modules": (TargetModule("q", "q", 1, 1),) * 2}, "differ"),
        ({"layers": 0}, "layers must be a whole number"),
        ({"layers": True}, "layers"),
        ({"rank": 1.5}, "rank"),
        ({"alpha": 0}, "alpha"),
        ({"alpha": math.nan}, "alpha"),
        ({"use_rslora": 1}, "use_rslora"),
        ({"output": "lokr"}, "output must be one of lora, dora, ia3, got 'lokr'"),
        ({"output": "ia3"}, "rank must be 1 for output ia3"),
        ({"modules": (TargetModule("q", "q", 1, 1, True),)}, "module q is feedforward, .* lora"),
        ({"attention": Attention(2, 2, 4)}, "v_proj has 8 outputs, the module that it has 4"),
        ({"attention": Attention(2, 1, 8)}, "v_proj has 8 outputs"),
    ],
)
def test_bad_specs_are_refused(change: dict, words: str):
    with pytest.raises(TargetError, match=words):
        spec(**change)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda d: d.pop("rank"), "lacks rank"),
        (lambda d: d.update(ranks=1), "unknown fields ranks"),
        (lambda d: d.update(modules={"q_proj": {}}), "array"),
        (lambda d: d["modules"][1].pop("in"), r"modules\[1\] lacks in"),
        (lambda d: d["modules"][0].update(name="Q"), "lower-case"),
        (lambda d: d["modules"][0].update(path="../x"), "dotted path"),
        (lambda d: d["base_model"].update(revision="main"), "40 lower-case hex"),
        (lambda d: d["base_model"].update(license=""), "license"),
        (lambda d: d.update(attention={"heads": 2}), "attention lacks kv_heads, head_dim"),
        (lambda d: d.update(attention=None), "attention must be an object"),
        (
            lambda d: d.update(attention={"heads": 3, "kv_heads": 2, "head_dim": 4}),
            "kv_heads 2 must divide attention.heads 3",
        ),
        (
            lambda d: d.update(attention={"heads": 2, "kv_heads": 1, "head_dim": 0}),
            "attention.head_dim must be a whole number",
        ),
    ],
)
def test_bad_json_is_refused(edit, words: str):
    data = copy.deepcopy(spec().to_json())
    edit(data)
    with pytest.raises(TargetError, match=words):
        TargetSpec.from_json(data)


def test_json_must_be_an_object():
    with pytest.raises(TargetError, match="must be an object"):
        TargetSpec.from_json([])


@pytest.mark.parametrize(
    ("name", "path"),
    [("banana", "self_attn.q_proj"), ("proj", "mlp.c_proj"), ("q_proj", "q_proj.x")],
)
def test_a_module_by_whose_name_peft_would_not_find_it_is_refused(name: str, path: str):
    with pytest.raises(TargetError, match=f"'{name}' must be the last part of its path"):
        TargetModule(name, path, 8, 8)
