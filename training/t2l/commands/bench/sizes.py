"""The sizes that a step is measured at: of a small Llama by default, or of a shipped target.

A target spec has what adapters need to know of a base model; `configs/shapes` has all of its sizes,
under the same name.
"""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

from t2l.base.target import Attention, BaseModelRecord, TargetModule, TargetSpec
from t2l.commands.plan_base import SHAPES, shape_config
from t2l.commands.plan_flops import transformer_of
from t2l.config.errors import Refusal
from t2l.report.flops import Transformer

TARGETS = Path(__file__).parents[3] / "configs" / "targets"
UNTRAINED = "0" * 40  # the revision of weights that nobody has trained
RANK, ALPHA = 8, 16.0
VOCABULARY = 32_000  # Llama 2's and Mistral's
HEAD_DIM, SMALL_HEAD_DIM = 64, 16  # the small one where the width is no multiple of the other
ANSWER_SHARE = 4  # an answer is this part of its example, if nothing else is said


SHIPPED = {"mistral-7b": "mistral-7b-instruct-v0.2.json"}
SMALL = {"layers": 4, "width": 1024, "tasks": 8, "examples": 4, "length": 64, "rounds": 15}
LARGE = {"tasks": 8, "examples": 1, "length": 512, "rounds": 15}


@dataclass(frozen=True)
class Sizes:
    """What runs in a step, and how often it is measured.

    :param target: what the adapters are for.
    :param shape: of the base model.
    :param tasks: of a step, each under an adapter of its own.
    :param examples: of each task.
    :param length: tokens of each example that run through the base model.
    :param answers: how many of its tokens are predicted.
    :param rounds: times that every kind of step is taken.
    :param bfloat16: whether weights and products are in bfloat16 instead of float32.
    """

    target: TargetSpec
    shape: Transformer
    tasks: int
    examples: int
    length: int
    answers: int
    rounds: int
    bfloat16: bool

    @property
    def rows(self) -> int:
        """Examples of a step."""
        return self.tasks * self.examples


def sizes_of(options: Namespace) -> Sizes:
    """The sizes that parsed options ask for.

    :raises Refusal: for sizes that there cannot be, naming the option and what would do.
    """
    usual = SMALL if options.target is None else LARGE
    names = ("tasks", "examples", "length", "rounds")
    given = {name: getattr(options, name) or usual[name] for name in names}
    for name in (*names, "layers", "width", "answers"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise Refusal(f"--{name} must be at least 1, got {value}")
    answers = options.answers or max(1, given["length"] // ANSWER_SHARE)
    if answers > given["length"]:
        raise Refusal(
            f"--answers {answers} is more than the {given['length']} tokens of an example: "
            "lower it, or raise --length"
        )
    if options.target is None:
        layers, width = options.layers or usual["layers"], options.width or usual["width"]
        target, shape = small_llama(layers, width)
    else:
        target, shape = _shipped(options)
    bfloat16 = options.bfloat16 or options.target is not None
    return Sizes(target=target, shape=shape, answers=answers, bfloat16=bfloat16, **given)


def small_llama(layers: int, width: int) -> tuple[TargetSpec, Transformer]:
    """A base model built like a Llama, and the target of adapters for its q_proj and v_proj.

    :raises Refusal: for a width that has no heads.
    """
    if width % SMALL_HEAD_DIM:
        raise Refusal(f"--width must be a multiple of {SMALL_HEAD_DIM}, got {width}")
    head_dim = SMALL_HEAD_DIM if width % HEAD_DIM else HEAD_DIM
    heads = width // head_dim
    kv_heads = heads if heads % 4 else heads // 4
    shape = Transformer(
        hidden=width,
        layers=layers,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        intermediate=-(-8 * width // 48) * 16,  # 8/3 of the width, up to a multiple of 16
        vocab=VOCABULARY,
    )
    modules = (
        TargetModule("q_proj", "self_attn.q_proj", width, width),
        TargetModule("v_proj", "self_attn.v_proj", width, kv_heads * head_dim),
    )
    target = TargetSpec(
        base_model=BaseModelRecord("bench/small-llama", UNTRAINED, "llama", "none"),
        layers=layers,
        modules=modules,
        rank=min(RANK, kv_heads * head_dim),
        alpha=ALPHA,
        attention=Attention(heads, kv_heads, head_dim),
    )
    return target, shape


def _shipped(options: Namespace) -> tuple[TargetSpec, Transformer]:
    for name in ("layers", "width"):
        if getattr(options, name) is not None:
            raise Refusal(f"--target {options.target} has its own {name}: leave --{name} out")
    file = SHIPPED[options.target]
    return TargetSpec.load(TARGETS / file), transformer_of(shape_config(SHAPES / file))
