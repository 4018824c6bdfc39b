"""The analytic costs equal what torch counts, and the point from which an adapter pays is right."""

from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers.models.bert.configuration_bert import BertConfig
from transformers.models.bert.modeling_bert import BertModel
from transformers.models.llama.configuration_llama import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from t2l.base.applying import apply_adapters
from t2l.base.target import BaseModelRecord, TargetModule, TargetSpec
from t2l.config.recipe import Config
from t2l.hypernet.config import Variant
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig
from t2l.report.data import read_results
from t2l.report.flops import (
    Transformer,
    answer_flops,
    crossover,
    encoder_flops,
    hypernetwork_flops,
    lora_flops,
    prefill_flops,
)
from t2l.report.flops_case import ASSUMED, MISTRAL, mini_case, mistral_case
from t2l.report.flops_section import adapted_flops, few_shot_flops, flops_section
from t2l.report.page import Page

TARGET = TargetSpec(
    base_model=BaseModelRecord("test/base", "0" * 40, "llama", "apache-2.0"),
    layers=3,
    modules=(
        TargetModule("q_proj", "self_attn.q_proj", 32, 32),
        TargetModule("v_proj", "self_attn.v_proj", 32, 16),
    ),
    rank=4,
    alpha=4,
)
LLAMA = LlamaConfig(
    vocab_size=40,
    hidden_size=32,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    intermediate_size=48,
    attn_implementation="eager",  # pyright: ignore[reportCallIssue]
)

PAGE = Page(read_results(Path("nothing")), Path("docs"), Config(runs="runs"))


def counted(function) -> int:
    """What torch counts while a function runs."""
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        function()
    return counter.get_total_flops()


@pytest.mark.parametrize("variant", ["S", "M", "L"])
def test_hypernetwork_is_what_torch_counts(variant: Variant) -> None:
    config = HypernetworkConfig(variant, embedding_dim=24, latent=16, head_in=20)
    network = Hypernetwork(config, TARGET).eval()
    assert hypernetwork_flops(config, TARGET) == counted(lambda: network(torch.randn(1, 24)))


def test_reading_a_prompt_is_what_torch_counts() -> None:
    model, sizes, tokens = LlamaForCausalLM(LLAMA).eval(), Transformer.from_llama(LLAMA), 9
    ids = torch.zeros(1, tokens, dtype=torch.long)
    found = counted(lambda: model(ids, logits_to_keep=1))
    # torch's products cover the masked half of the scores too, and the angles of positions
    masked = sizes.attending * tokens * (tokens - 1) / 2
    angles = 2 * tokens * sizes.head_dim // 2
    assert prefill_flops(sizes, tokens) + sizes.logits == found - masked - angles


def test_an_adapter_s_products_are_what_torch_counts() -> None:
    model, tokens = LlamaForCausalLM(LLAMA).eval(), 9
    ids = torch.zeros(1, tokens, dtype=torch.long)
    weights = {
        module.name: (
            torch.zeros(1, 3, 4, module.in_features),
            torch.zeros(1, 3, module.out_features, 4),
        )
        for module in TARGET.modules
    }

    def adapted() -> None:
        with apply_adapters(model, TARGET, weights):
            model(ids)

    extra = counted(adapted) - counted(lambda: model(ids))
    assert lora_flops(TARGET) * tokens == extra


def test_encoder_is_what_torch_counts() -> None:
    config = BertConfig(
        vocab_size=30,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=40,
        attn_implementation="eager",  # pyright: ignore[reportCallIssue]
    )
    model, tokens = BertModel(config, add_pooling_layer=False).eval(), 7
    found = counted(lambda: model(torch.zeros(1, tokens, dtype=torch.long)))
    assert encoder_flops(Transformer.from_bert(config), tokens) == found


def test_answers_are_read_token_by_token() -> None:
    sizes = Transformer.from_llama(LLAMA)
    stepwise = prefill_flops(sizes, 6) + sizes.logits
    for position in range(6, 9):
        stepwise += prefill_flops(sizes, 1, cached=position) + sizes.logits
    assert answer_flops(sizes, 6, 4) == stepwise
    # keeping a prefix moves its cost and changes nothing else
    kept = prefill_flops(sizes, 5) + answer_flops(sizes, 6, 4, cached=5)
    assert kept == answer_flops(sizes, 11, 4)


def test_crossover_counts_answers() -> None:
    assert crossover(100, 10, 0, 30) == 5
    assert crossover(100, 10, 60, 30) == 2
    assert crossover(100, 10, 200, 30) == 0
    assert crossover(100, 10, 0, 10) is None


def test_large_base_gains_more_per_answer_the_more_examples() -> None:
    case = mistral_case(Config(runs="runs"), MISTRAL)
    assert case.base.linear / 2 + 2 * 4096 * 32000 == pytest.approx(7.24e9, rel=0.01)  # 7B weights
    costs = [few_shot_flops(case, shots, cached=False)[1] for shots in (3, 5)]
    assert adapted_flops(case) < costs[0] < costs[1]
    assert few_shot_flops(case, 3, cached=True)[1] < costs[0]
    assert case.lengths is ASSUMED
    assert "assumed, not measured" in flops_section(PAGE, [case])


def test_a_base_that_is_not_there_is_said(tmp_path: Path) -> None:
    config = Config(runs=str(tmp_path))
    assert mini_case(Config(**{**config.__dict__, "bundle": _bundle(config, tmp_path)}), []) is None
    assert "Not measured yet: run `" in flops_section(PAGE, [None])


def _bundle(config: Config, folder: Path):
    return type(config.bundle)(assets=str(folder / "assets"))
