"""The two bases whose costs are compared: the one that ships, and one of a usual size."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from tokenizers import Tokenizer
from transformers.models.bert.configuration_bert import BertConfig
from transformers.models.llama.configuration_llama import LlamaConfig

from t2l.base.target import BaseModelRecord, TargetModule, TargetSpec
from t2l.config.recipe import Config
from t2l.encoders.onnx_encoder import source_folder, tokenizer_bytes
from t2l.evaluate.questions import describe
from t2l.hypernet.hypernetwork import HypernetworkConfig
from t2l.report.flops import Lengths, Transformer
from t2l.tasks.procedural.world import procedural_tasks
from t2l.tasks.samples import fresh_samples
from t2l.tasks.source import Task
from t2l.template.arrow import encode_lines

TARGETS = Path(__file__).resolve().parents[2] / "configs" / "targets"
MISTRAL = TARGETS / "mistral-7b-instruct-v0.2.json"
VARIANTS = ("S", "M", "L")
SAMPLES = 10  # of each task, for the mean lengths

# Mistral-7B-Instruct-v0.2 beyond what its target file has (from its published configuration).
MISTRAL_HEADS, MISTRAL_KV_HEADS, MISTRAL_HEAD_DIM = 32, 8, 128
MISTRAL_INTERMEDIATE, MISTRAL_VOCAB = 14336, 32000
# Assumed: a short paragraph with a question about it, answered by a sentence.
ASSUMED = Lengths(begin=1, demonstration=160, question=128, answer=32, description=32)


@dataclass(frozen=True)
class Case:
    """One base model with an adapter's target, an encoder, and how long texts are."""

    name: str
    base: Transformer
    target: TargetSpec
    encoder: Transformer
    lengths: Lengths
    hypernetworks: dict[str, HypernetworkConfig]


def cases_of(config: Config) -> tuple[Case | None, ...]:
    """Both bases, for a recipe of t2l-mini."""
    tasks = procedural_tasks(config.tasks.limit, config.tasks.seed).report
    return mini_case(config, tasks), mistral_case(config, MISTRAL)


def mini_case(config: Config, tasks: Sequence[Task]) -> Case | None:
    """The base model that ships, with lengths measured on tasks; None if it is not there yet.

    :param config: of a recipe that trains its base model.
    :param tasks: those of the report.
    """
    assert config.base.kind == "mini"
    path = config.assets_dir / "base-models" / config.base.id.split("/")[-1] / "config.json"
    if not path.exists():
        return None
    base = Transformer.from_llama(LlamaConfig(**json.loads(path.read_text(encoding="utf-8"))))
    target = TargetSpec(
        base_model=BaseModelRecord(config.base.id, "0" * 40, "llama", "apache-2.0"),
        layers=base.layers,
        modules=tuple(_module(name, base) for name in config.target.modules),
        rank=config.target.rank,
        alpha=config.target.alpha,
        output=config.target.output,
    )
    lengths = measure_lengths(tasks)
    return _case(config.base.id, base, target, lengths, config)


def mistral_case(config: Config, path: Path) -> Case:
    """Mistral-7B's sizes under assumed lengths, with the same encoder and hypernetwork widths.

    :param path: the target file.
    """
    target = TargetSpec.load(path)
    base = Transformer(
        hidden=target.modules[0].in_features,
        layers=target.layers,
        heads=MISTRAL_HEADS,
        kv_heads=MISTRAL_KV_HEADS,
        head_dim=MISTRAL_HEAD_DIM,
        intermediate=MISTRAL_INTERMEDIATE,
        vocab=MISTRAL_VOCAB,
    )
    return _case(target.base_model.id, base, target, ASSUMED, config)


def measure_lengths(tasks: Sequence[Task], seed: int = 0) -> Lengths:
    """Mean lengths over fresh samples and held-out descriptions, tasks weighing the same."""
    tokenizer = Tokenizer.from_str(tokenizer_bytes(source_folder()).decode())
    questions, answers, texts = [], [], []
    for task in tasks:
        for sample in fresh_samples(task, SAMPLES, f"lengths|{seed}"):
            ids, is_output = encode_lines([sample])
            answers.append(sum(is_output))
            questions.append(len(ids) - 1 - answers[-1])  # without the token it begins with
        found = describe(task, "held_out", SAMPLES, seed)
        texts += [len(tokenizer.encode(text).ids) for text in found]
    question, answer = fmean(questions), fmean(answers)
    return Lengths(1, question + answer, question, answer, fmean(texts))


def _case(
    name: str, base: Transformer, target: TargetSpec, lengths: Lengths, config: Config
) -> Case:
    encoder = BertConfig(
        **json.loads((source_folder() / "config.json").read_text(encoding="utf-8"))
    )
    options = config.hypernetwork
    hypernetworks = {
        variant: HypernetworkConfig(
            variant, encoder.hidden_size, latent=options.latent, head_in=options.head_in
        )
        for variant in VARIANTS
    }
    return Case(name, base, target, Transformer.from_bert(encoder), lengths, hypernetworks)


def _module(name: str, base: Transformer) -> TargetModule:
    """A linear layer of a Llama by its short name."""
    queries, keys = base.heads * base.head_dim, base.kv_heads * base.head_dim
    widths = {
        "q_proj": (base.hidden, queries),
        "k_proj": (base.hidden, keys),
        "v_proj": (base.hidden, keys),
        "o_proj": (queries, base.hidden),
        "gate_proj": (base.hidden, base.intermediate),
        "up_proj": (base.hidden, base.intermediate),
        "down_proj": (base.intermediate, base.hidden),
    }
    block = "self_attn" if name in ("q_proj", "k_proj", "v_proj", "o_proj") else "mlp"
    return TargetModule(name, f"{block}.{name}", *widths[name])
