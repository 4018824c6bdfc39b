"""What an adapter is for: base model, layers, heads, target modules, kind of output, rank, scale.

The spec replaces loading the base model: everything but the training through the frozen model
itself works from these few numbers. Module order is data. It fixes the module embedding's rows,
the order of graph outputs and of tensors, so it is a tuple here and an array on disk, never a set.

What is written for a module is its tensors, the sides of the kind of output, N layers each:

    lora    A [N, R, in]   B [N, out, R]
    dora    A [N, R, in]   B [N, out, R]   M [N, out]    magnitudes of the adapted rows
    ia3     L [N, out], or [N, in] for a feedforward module, which is scaled at its inputs
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from t2l.config.errors import ConfigError

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_PATH = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$")
_REVISION = re.compile(r"^[0-9a-f]{40}$")
OutputKind = Literal["lora", "dora", "ia3"]
OUTPUTS: tuple[str, ...] = get_args(OutputKind)
LAYERS_PATH = "model.layers"  # of transformers' causal language models, with few exceptions


class TargetError(ConfigError):
    """A target spec that cannot be used; the message says what would be right."""


@dataclass(frozen=True)
class TargetModule:
    """One kind of linear layer that is adapted in every transformer layer.

    :param name: short name, the key of weights and graph outputs (`q_proj`).
    :param path: path inside one transformer layer (`self_attn.q_proj`).
    :param in_features: columns of A.
    :param out_features: rows of B.
    :param feedforward: of IA3: whether its inputs are scaled instead of its outputs.
    """

    name: str
    path: str
    in_features: int
    out_features: int
    feedforward: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.match(self.name):
            raise TargetError(
                f"module name {self.name!r} must be lower-case letters, digits and underscores"
            )
        if not isinstance(self.path, str) or not _PATH.match(self.path):
            raise TargetError(
                f"module path {self.path!r} must be a dotted path such as self_attn.q_proj"
            )
        if self.path.rpartition(".")[2] != self.name:
            raise TargetError(
                f"module name {self.name!r} must be the last part of its path {self.path}, by "
                "which PEFT finds it"
            )
        _require_positive(f"module {self.name}: in", self.in_features)
        _require_positive(f"module {self.name}: out", self.out_features)
        if not isinstance(self.feedforward, bool):
            raise TargetError(
                f"module {self.name}: feedforward must be true or false, got {self.feedforward!r}"
            )


@dataclass(frozen=True)
class BaseModelRecord:
    """The frozen language model an adapter belongs to; `revision` is a full commit hash."""

    id: str
    revision: str
    architecture: str
    license: str

    def __post_init__(self) -> None:
        for field in ("id", "architecture", "license"):
            value = getattr(self, field)
            if not isinstance(value, str) or not value:
                raise TargetError(f"base_model.{field} must be a non-empty string, got {value!r}")
        if not isinstance(self.revision, str) or not _REVISION.match(self.revision):
            raise TargetError(
                f"base_model.revision must be 40 lower-case hex digits, got {self.revision!r}"
            )


@dataclass(frozen=True)
class Attention:
    """How a base model splits the rows of its projections into heads.

    llama.cpp orders the rows of a head otherwise than transformers, so an adapter in its format
    cannot be written without these numbers.

    :param heads: number of query heads.
    :param kv_heads: number of key/value heads, a divisor of `heads`.
    :param head_dim: features of one head.
    """

    heads: int
    kv_heads: int
    head_dim: int

    def __post_init__(self) -> None:
        for field in ("heads", "kv_heads", "head_dim"):
            _require_positive(f"attention.{field}", getattr(self, field))
        if self.heads % self.kv_heads:
            raise TargetError(
                f"attention.kv_heads {self.kv_heads} must divide attention.heads {self.heads}"
            )

    def rows(self, module: str) -> int | None:
        """Rows that a projection must have; None if that does not follow from the heads."""
        heads = {"q_proj": self.heads, "k_proj": self.kv_heads, "v_proj": self.kv_heads}
        return heads[module] * self.head_dim if module in heads else None


@dataclass(frozen=True)
class TargetSpec:
    """The target of one hypernetwork.

    :param base_model: which model the adapters are for.
    :param layers: number of transformer layers.
    :param modules: target modules, in the order that everything downstream uses.
    :param rank: LoRA rank r; 1 for IA3, which has none.
    :param alpha: LoRA alpha at training time; export folds the scale into B.
    :param use_rslora: whether the training-time scale is alpha / sqrt(r) instead of alpha / r.
    :param attention: the base model's heads; None in specs from before they were written down.
    :param layers_path: where in the model its list of transformer layers lies; in the spec's JSON
        only if it is not where nearly every model has it.
    :param output: which kind of adapter it is; in the spec's JSON only if it is no LoRA.
    """

    base_model: BaseModelRecord
    layers: int
    modules: tuple[TargetModule, ...]
    rank: int
    alpha: float
    use_rslora: bool = False
    attention: Attention | None = None
    layers_path: str = LAYERS_PATH
    output: OutputKind = "lora"

    def __post_init__(self) -> None:
        _require_positive("layers", self.layers)
        _require_positive("rank", self.rank)
        if not isinstance(self.layers_path, str) or not _PATH.match(self.layers_path):
            raise TargetError(
                f"layers_path {self.layers_path!r} must be a dotted path such as {LAYERS_PATH}"
            )
        if not isinstance(self.modules, tuple):
            raise TargetError(
                f"modules must be a tuple, because their order is data; "
                f"got {type(self.modules).__name__}"
            )
        if not self.modules:
            raise TargetError("modules must name at least one target module")
        names = [module.name for module in self.modules]
        if len(set(names)) != len(names):
            raise TargetError(f"module names must differ from each other, got {names}")
        if (
            isinstance(self.alpha, bool)
            or not isinstance(self.alpha, int | float)
            or not math.isfinite(self.alpha)
            or self.alpha <= 0
        ):
            raise TargetError(f"alpha must be a positive number, got {self.alpha!r}")
        if not isinstance(self.use_rslora, bool):
            raise TargetError(f"use_rslora must be true or false, got {self.use_rslora!r}")
        self._check_output()
        for module in self.modules:
            rows = self.attention.rows(module.name) if self.attention else None
            if rows not in (None, module.out_features):
                raise TargetError(
                    f"attention says that {module.name} has {rows} outputs, "
                    f"the module that it has {module.out_features}"
                )

    def _check_output(self) -> None:
        if self.output not in OUTPUTS:
            raise TargetError(f"output must be one of {', '.join(OUTPUTS)}, got {self.output!r}")
        if self.output == "ia3":
            if self.rank != 1:
                raise TargetError(f"rank must be 1 for output ia3, which has none; got {self.rank}")
            self._check_feedforward()
            return
        for module in self.modules:
            if module.feedforward:
                raise TargetError(
                    f"module {module.name} is feedforward, which means nothing for output "
                    f"{self.output}: leave it out, or make output ia3"
                )

    def _check_feedforward(self) -> None:
        """PEFT takes a module for a feedforward one if its path ends with the name of one."""
        fed = [module.name for module in self.modules if module.feedforward]
        for module in self.modules:
            for name in fed:
                if not module.feedforward and module.path.endswith(name):
                    raise TargetError(
                        f"{module.path} ends like the feedforward module {name}, so PEFT would "
                        "scale its inputs: make it a feedforward one, or leave one of them out"
                    )

    @property
    def scaling(self) -> float:
        """The factor on B @ A: alpha / r, or alpha / sqrt(r) with use_rslora."""
        return self.alpha / (math.sqrt(self.rank) if self.use_rslora else self.rank)

    @property
    def module_names(self) -> tuple[str, ...]:
        """Module names in order."""
        return tuple(module.name for module in self.modules)

    @property
    def sides(self) -> tuple[str, ...]:
        """Names of the tensors of every module, in order."""
        return tuple(self.shapes(self.modules[0]))

    def shapes(self, module: TargetModule) -> dict[str, tuple[int, ...]]:
        """Side -> shape of a module's tensor with its layers, in order."""
        widths = (module.in_features, module.out_features)
        return side_shapes(self.output, self.layers, self.rank, widths, module.feedforward)

    @property
    def parameters(self) -> int:
        """Number of values in one adapter."""
        return sum(math.prod(shape) for m in self.modules for shape in self.shapes(m).values())

    def to_manifest(self) -> dict[str, Any]:
        """The manifest's `target`: without alpha and use_rslora, which export folds into B."""
        attention = self.attention
        return {
            "base_model": {
                "id": self.base_model.id,
                "revision": self.base_model.revision,
                "architecture": self.base_model.architecture,
                "license": self.base_model.license,
            },
            "layers": self.layers,
            **({} if attention is None else {"attention": asdict(attention)}),
            **({} if self.layers_path == LAYERS_PATH else {"layers_path": self.layers_path}),
            **({} if self.output == "lora" else {"output": self.output}),
            "modules": [
                {
                    "name": m.name,
                    "path": m.path,
                    "in": m.in_features,
                    "out": m.out_features,
                    **({"feedforward": True} if m.feedforward else {}),
                }
                for m in self.modules
            ],
            "rank": self.rank,
        }

    def to_json(self) -> dict[str, Any]:
        """The spec as plain JSON values; `from_json` reads it back."""
        return {**self.to_manifest(), "alpha": self.alpha, "use_rslora": self.use_rslora}

    @classmethod
    def from_json(cls, data: Any) -> TargetSpec:
        """Read what `to_json` writes.

        :raises TargetError: for a missing, unknown or wrong field, naming it.
        """
        known = ("base_model", "layers", "modules", "rank", "alpha", "use_rslora")
        fields = _object("target", data, known, ("attention", "layers_path", "output"))
        base = _object(
            "base_model", fields["base_model"], ("id", "revision", "architecture", "license")
        )
        if not isinstance(fields["modules"], list):
            raise TargetError("modules must be an array, because their order is data")
        modules = []
        for i, item in enumerate(fields["modules"]):
            keys = ("name", "path", "in", "out")
            module = _object(f"modules[{i}]", item, keys, ("feedforward",))
            modules.append(
                TargetModule(
                    module["name"],
                    module["path"],
                    module["in"],
                    module["out"],
                    module.get("feedforward", False),
                )
            )
        attention = None
        if "attention" in fields:
            keys = ("heads", "kv_heads", "head_dim")
            attention = Attention(**_object("attention", fields["attention"], keys))
        return cls(
            base_model=BaseModelRecord(**base),
            layers=fields["layers"],
            modules=tuple(modules),
            rank=fields["rank"],
            alpha=fields["alpha"],
            use_rslora=fields["use_rslora"],
            attention=attention,
            layers_path=fields.get("layers_path", LAYERS_PATH),
            output=fields.get("output", "lora"),
        )

    @classmethod
    def load(cls, path: Path) -> TargetSpec:
        """Read a spec from a JSON file."""
        return cls.from_json(json.loads(Path(path).read_text(encoding="utf-8")))

    def save(self, path: Path) -> None:
        """Write the spec as a JSON file for people to read."""
        Path(path).write_text(json.dumps(self.to_json(), indent=2) + "\n", encoding="utf-8")


def side_shapes(
    output: str, layers: int, rank: int, widths: tuple[int, int], feedforward: bool = False
) -> dict[str, tuple[int, ...]]:
    """Side -> shape of a module's tensor with its layers, in order.

    :param widths: features that the module takes and gives.
    """
    n_in, n_out = widths
    if output == "ia3":
        return {"L": (layers, n_in if feedforward else n_out)}
    found: dict[str, tuple[int, ...]] = {"A": (layers, rank, n_in), "B": (layers, n_out, rank)}
    if output == "dora":
        found["M"] = (layers, n_out)
    return found


def _require_positive(what: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise TargetError(f"{what} must be a whole number of at least 1, got {value!r}")


def _object(
    what: str, data: Any, keys: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise TargetError(f"{what} must be an object with {', '.join(keys)}")
    missing = [key for key in keys if key not in data]
    unknown = sorted(str(key) for key in data if key not in (*keys, *optional))
    if missing:
        raise TargetError(f"{what} lacks {', '.join(missing)}")
    if unknown:
        raise TargetError(f"{what} has unknown fields {', '.join(unknown)}")
    return data
