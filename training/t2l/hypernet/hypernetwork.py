"""The hypernetwork: one embedding in, the adapter of every layer and target module out (T2L, 1.2).

    embedding [dim] * sqrt(dim) -> Linear + LN             task 64  |
    layer index                 -> Embedding + LN         depth 32  |> concat: latent 128
    module index                -> Embedding + LN        module 32  |
    mixer   128 -> 512 -> 128, SiLU, dropout
    mlp1    residual, pre-LN, 128 -> 512 -> 128
    M, S    + LN(A/B embedding of the module)
    mlp2    residual, pre-LN
    S       + mlp2(LN(rank position)): one row of A or one column of B from here on
    mlp3    LN, 128 -> 512 -> head_in
    head[m] L: rank * (in + out) | M: rank * max(in, out), sliced | S: max(in, out), sliced

Symbols in shape comments: T tasks, N layers, M modules, R rank, Z latent, H head_in, W a module's
inputs or outputs; AB is 2, or 3 with DoRA's magnitudes. Other kinds of output (`TargetSpec.output`)
are factors that start at 1, with an offset per layer, through the same body and head:

    dora   A and B as above, M = row norms of the base model * (1 + offset + generated)
    ia3    L = 1 + offset + generated; there are no ranks, so S is M

Which shapes there are is in `config.py`, and what it is built of in `parts.py`; the rest is one
module whose parts read each other's weights, so it is one file, longer than others.

Everything before the heads runs once for all of them as one batch. The heads' weights start at
zero and their bias as a usual LoRA init of A, so training starts from one shared adapter
("Bias-HyperInit"). Two options of ours replace the single head bias by a bias per layer:
`per_layer_bias` (A uniform, B zero: the update starts as exactly none) and `static_bias`, which
also puts a learned gate, zero at first, before the generated part of B, so that what helps every
task and what the description adds can be told apart.

Released checkpoints know more: other task encoders (`task_encoders.py`), rotary instead of learned
positions (S, in place of adding mlp2(LN(position)): turn by the position, then mlp2 once more), and
a factor for every generated value (`per_layer_gain`), the deviation of the LoRAs it was trained to
reconstruct. `sakana.py` reads them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from t2l.base.target import TargetModule, TargetSpec
from t2l.hypernet.config import HypernetworkConfig, check_output
from t2l.hypernet.parts import NamedBuffers, NormedEmbedding, OneHotRows, ResidualBlock, turn
from t2l.hypernet.task_encoders import CLASSES, code_encoder

WEIGHTS_FILE = "hypernetwork.safetensors"
CONFIG_FILE = "hypernetwork.json"


class Hypernetwork(nn.Module):
    """Emits adapters for `target` from embeddings.

    :param config: the hypernetwork's shape.
    :param target: what the adapters are for.
    :param seed: seeds the initial weights without touching the global generator.
    :raises ValueError: for a shape that cannot make the target's kind of output.
    """

    def __init__(self, config: HypernetworkConfig, target: TargetSpec, seed: int = 0) -> None:
        super().__init__()
        check_output(config, target)
        self.config = config
        self.target = target
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._build()

    def _build(self) -> None:
        config, target = self.config, self.target
        modules = len(target.modules)
        latent = body_width(config, target)
        if config.task_encoder == "linear":
            self.task_linear = nn.Linear(config.embedding_dim, latent // 2)
            self.task_norm = nn.LayerNorm(latent // 2)
        else:
            self.task = code_encoder(config.task_encoder, config.embedding_dim, latent // 2)
        if config.task_encoder == "discrete":
            self.depth, self.module = OneHotRows(target.layers), OneHotRows(modules)
        else:
            self.depth = NormedEmbedding(target.layers, latent // 4)
            self.module = NormedEmbedding(modules, latent // 4)
        self.mixer_up = nn.Linear(latent, latent * 4)
        self.mixer_down = nn.Linear(latent * 4, latent)
        self.mlp1 = ResidualBlock(latent, config.dropout)
        self.mlp2 = ResidualBlock(latent, config.dropout)
        self.mlp3_norm = nn.LayerNorm(latent)
        self.mlp3_up = nn.Linear(latent, latent * 4)
        self.mlp3_down = nn.Linear(latent * 4, config.head_in)
        self.dropout = nn.Dropout(config.dropout)
        if config.variant in ("M", "S"):
            sides = len(target.sides)
            self.ab_table = nn.Parameter(torch.randn(modules, sides, latent))  # [M, AB, Z]
            self.ab_norm = nn.LayerNorm(latent)
        if config.variant == "S" and config.position == "learned" and target.output != "ia3":
            self.position = NormedEmbedding(target.rank, latent)

        self.heads = nn.ModuleDict()
        for module in target.modules:
            width = head_width(config, target, module)
            head = nn.Linear(config.head_in, width, bias=not config.has_offsets)
            self.heads[module.name] = head
            self._init_head(head, module)
        if target.output != "lora":
            self.offset_scale = nn.ParameterDict(
                {m.name: torch.zeros(list(target.shapes(m).values())[-1]) for m in target.modules}
            )
        if target.output == "dora":
            self.norms = NamedBuffers(
                {m.name: torch.full(target.shapes(m)["M"], math.nan) for m in target.modules}
            )
        if config.has_offsets and target.output != "ia3":
            self.offset_a = nn.ParameterDict()
            self.offset_b = nn.ParameterDict()
            for module in target.modules:
                a = torch.empty(target.layers, target.rank, module.in_features)
                b = torch.zeros(target.layers, module.out_features, target.rank)
                bound = 1 / math.sqrt(module.in_features)
                self.offset_a[module.name] = nn.Parameter(a.uniform_(-bound, bound))
                self.offset_b[module.name] = nn.Parameter(b)
        if config.per_layer_gain:
            pairs = [(name, self.offset_a[name], self.offset_b[name]) for name in self.offset_a]
            self.gain_a = nn.ParameterDict({n: torch.ones_like(a) for n, a, _ in pairs})
            self.gain_b = nn.ParameterDict({n: torch.ones_like(b) for n, _, b in pairs})
        if config.static_bias:
            self.gate = nn.Parameter(torch.zeros(modules))
        if config.bounded:
            self.log_scale = nn.Parameter(torch.full((modules, 2), -3.0))  # [M, AB]
        if config.modulation != "none":
            self._share_factors()

    def _share_factors(self) -> None:
        """A and B of every task, B small instead of zero: behind a zero B nothing could learn."""
        for module in self.target.modules:
            shared = self.offset_b[module.name]
            nn.init.normal_(shared, std=1 / math.sqrt(module.out_features))

    def _init_head(self, head: nn.Linear, module: TargetModule) -> None:
        """Zero (or small normal) weights; bias as PEFT's init of A where there is a bias.

        M divides it by sqrt 2 and S also by sqrt r, as the paper does, because one bias then
        collects the gradients of A and B, and of every rank.
        """
        rank, variant = self.target.rank, self.config.variant
        if self.config.head_init == "zero":
            nn.init.zeros_(head.weight)
        else:
            std = 1 / math.sqrt(self.config.head_in * module.in_features)
            nn.init.normal_(head.weight, std=std)
        if head.bias is None:
            return
        bound = 1 / math.sqrt(module.in_features)
        with torch.no_grad():
            head.bias.uniform_(-bound, bound)
            if variant == "L":
                head.bias[rank * module.in_features :] = 0
            elif variant == "M":
                head.bias.div_(math.sqrt(2))
            else:
                head.bias.div_(math.sqrt(2 * rank))

    def start_from(self, norms: Mapping[str, Tensor]) -> None:
        """Tell a DoRA's network the norms of the base model's rows: module -> [N, out].

        They are saved with its weights.
        """
        for module in self.target.modules:
            self.norms[module.name].copy_(norms[module.name])

    def require_norms(self) -> None:
        """Refuse a DoRA's network that nobody told its base model's norms.

        :raises ValueError: if so.
        """
        if self.target.output == "dora":
            for module in self.target.modules:
                if not torch.isfinite(self.norms[module.name]).all():
                    raise ValueError(
                        f"the network has no norms of the rows of {module.name}: "
                        "call start_from(row_norms(model, target)) once it is built"
                    )

    def forward(self, embedding: Tensor) -> dict[str, tuple[Tensor, ...]]:
        """Generate the adapter of every task; B is not multiplied by `target.scaling`.

        :param embedding: the encoder's vectors, [T, dim].
        :return: module name -> its sides: of a LoRA (A [T, N, R, in], B [T, N, out, R]), in target
            order.
        """
        if embedding.dim() != 2 or embedding.shape[1] != self.config.embedding_dim:
            raise ValueError(
                f"embedding must be [tasks, {self.config.embedding_dim}], "
                f"got {list(embedding.shape)}"
            )
        features = self.features(embedding)
        if self.config.modulation != "none":
            return self._modulated(features)
        weights: dict[str, tuple[Tensor, ...]] = {}
        for index, module in enumerate(self.target.modules):
            own = features[:, :, index]
            if self.target.output == "ia3":
                weights[module.name] = (self._scale(own, module),)
                continue
            a, b = self._apply_head(self.ranked_rows(own), module)
            if self.config.bounded:
                scale = self.log_scale[index].exp()
                a, b = a.tanh() * scale[0], b.tanh() * scale[1]
            if self.config.static_bias:
                b = b * self.gate[index]
            if self.config.per_layer_gain:
                a = a * self.gain_a[module.name]
                b = b * self.gain_b[module.name]
            if self.config.has_offsets:
                a = a + self.offset_a[module.name]
                b = b + self.offset_b[module.name]
            scale = (self._scale(own, module),) if self.target.output == "dora" else ()
            weights[module.name] = (a, b, *scale)
        return weights

    def ranked_rows(self, features: Tensor) -> Tensor:
        """Of one module's features those that A and B are made of, as a LoRA's network has them."""
        variant = self.config.variant
        if self.target.output == "lora" or variant == "L":
            return features
        if variant == "M":
            return features[:, :, :2]
        return features[:, :, : 2 * self.target.rank].unflatten(2, (2, self.target.rank))

    def _scale(self, features: Tensor, module: TargetModule) -> Tensor:
        """The factors L or the magnitudes M of one module, [T, N, W]."""
        row = features if self.config.variant == "L" else features[:, :, -1]  # [T, N, H]
        y = F.linear(row, self.scale_weight(module)) + self.offset_scale[module.name] + 1
        return y * self.norms[module.name] if self.target.output == "dora" else y

    def scale_weight(self, module: TargetModule) -> Tensor:
        """The part of a head that makes L or M, [W, H]."""
        weight = self.head(module.name).weight
        width = self.offset_scale[module.name].shape[-1]
        return weight[-width:] if self.config.variant == "L" else weight[:width]

    def _modulated(self, features: Tensor) -> dict[str, tuple[Tensor, ...]]:
        """The shared A, and the shared B times what was generated; features [T, N, M, H]."""
        weights: dict[str, tuple[Tensor, ...]] = {}
        for index, module in enumerate(self.target.modules):
            y = self.head(module.name)(features[:, :, index])  # [T, N, R]
            shared_a, shared_b = self.offset_a[module.name], self.offset_b[module.name]
            a = shared_a.expand(len(features), *shared_a.shape)
            weights[module.name] = (a, shared_b * y[:, :, None])
        return weights

    def encode_task(self, embedding: Tensor) -> Tensor:
        """The encoded task embedding [T, Z/2], all that the rest of the network sees of a text."""
        x = embedding * self.config.scale
        if self.config.task_encoder == "linear":
            return self.task_norm(self.task_linear(x))
        return self.task(x)

    def features(self, embedding: Tensor) -> Tensor:
        """The heads' input: L [T, N, M, H], M [T, N, M, AB, H], S [T, N, M, AB, R, H].

        Of S with DoRA [T, N, M, 2 R + 1, H]: the ranks of A, those of B, and M, which has none.
        """
        target = self.target
        task = self.encode_task(embedding)  # [T, Z/2]
        shape = (embedding.shape[0], target.layers, len(target.modules))
        joined = torch.cat(
            [
                task[:, None, None].expand(*shape, -1),
                self.depth()[None, :, None].expand(*shape, -1),
                self.module()[None, None].expand(*shape, -1),
            ],
            dim=-1,
        )  # [T, N, M, Z]
        mixed = self.dropout(F.silu(self.mixer_up(self.dropout(joined))))
        hidden = self.mlp1(self.dropout(F.silu(self.mixer_down(mixed))))  # [T, N, M, Z]
        if self.config.variant in ("M", "S"):
            hidden = hidden[:, :, :, None] + self.ab_norm(self.ab_table)  # [T, N, M, AB, Z]
        hidden = self.mlp2(hidden)
        if self.config.variant == "S" and target.output == "lora":
            hidden = self._placed(hidden)  # [T, N, M, AB, R, Z]
        elif self.config.variant == "S" and target.output == "dora":
            ranked = self._placed(hidden[:, :, :, :2]).flatten(3, 4)
            hidden = torch.cat([ranked, hidden[:, :, :, 2:]], dim=3)  # [T, N, M, 2 R + 1, Z]
        hidden = self.dropout(F.silu(self.mlp3_up(self.mlp3_norm(hidden))))
        return F.silu(self.mlp3_down(hidden))

    def _placed(self, hidden: Tensor) -> Tensor:
        """Every row once for each rank, [..., Z] to [..., R, Z]."""
        if self.config.position == "learned":
            return hidden[..., None, :] + self.mlp2(self.position())
        rows = hidden[..., None, :].expand(*hidden.shape[:-1], self.target.rank, -1)
        return self.mlp2(turn(rows))

    def _apply_head(self, features: Tensor, module: TargetModule) -> tuple[Tensor, Tensor]:
        """A [T, N, R, in] and B [T, N, out, R] of one module.

        Only the rows of the head that are needed are multiplied: the paper's code computes
        max(in, out) columns for both and throws the rest away.
        """
        rank, variant = self.target.rank, self.config.variant
        widths = (module.in_features, module.out_features)
        head = self.head(module.name)
        if variant == "L":
            made = [rank * width for width in widths]
            if self.target.output == "lora":
                sides = head(features).split(made, dim=-1)
            else:
                sides = F.linear(features, head.weight[: sum(made)]).split(made, dim=-1)
            return sides[0].unflatten(-1, (rank, -1)), sides[1].unflatten(-1, (rank, -1)).mT

        def needed(rows: Tensor, width: int) -> Tensor:
            if variant == "S":
                return rows[:width]
            return rows.unflatten(0, (rank, -1))[:, :width].flatten(0, 1)

        sides = []
        for side, width in enumerate(widths):
            bias = None if head.bias is None else needed(head.bias, width)
            y = F.linear(features[:, :, side], needed(head.weight, width), bias)
            sides.append(y if variant == "S" else y.unflatten(-1, (rank, width)))
        return sides[0], sides[1].mT

    def head(self, name: str) -> nn.Linear:
        """The head of a module."""
        return cast(nn.Linear, self.heads[name])

    @torch.no_grad()
    def round_matrices(self) -> None:
        """Round every linear layer's weights to what float16 holds, and offsets that are to be.

        Done once at the end of training: the graphs that ship then keep them in half the bytes and
        still compute exactly what was measured.
        """
        rounded = [layer.weight for layer in self.modules() if isinstance(layer, nn.Linear)]
        if self.config.half_offsets and self.target.output != "ia3":
            rounded += [*self.offset_a.values(), *self.offset_b.values()]
        for weight in rounded:
            weight.copy_(weight.half().float())

    def save(self, folder: Path) -> None:
        """Write the weights (safetensors) and the config and target (JSON) into `folder`."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        state = {name: value.detach().contiguous() for name, value in self.state_dict().items()}
        save_file(state, folder / WEIGHTS_FILE)
        document = {"config": asdict(self.config), "target": self.target.to_json()}
        (folder / CONFIG_FILE).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Hypernetwork:
        """Read what `save` wrote; every weight must be there and none may be left over."""
        document = json.loads((Path(folder) / CONFIG_FILE).read_text(encoding="utf-8"))
        network = cls(
            HypernetworkConfig(**document["config"]), TargetSpec.from_json(document["target"])
        )
        network.load_state_dict(load_file(Path(folder) / WEIGHTS_FILE), strict=True)
        return network.eval()


def body_width(config: HypernetworkConfig, target: TargetSpec) -> int:
    """Width Z of the body; with one-hot rows it follows from how many there are."""
    if config.task_encoder == "discrete":
        return CLASSES + target.layers + len(target.modules)
    return config.latent


def head_width(config: HypernetworkConfig, target: TargetSpec, module: TargetModule) -> int:
    """Outputs of one module's head in the given variant."""
    n_in, n_out = module.in_features, module.out_features
    if target.output == "ia3":
        return target.shapes(module)["L"][-1]
    if config.modulation != "none":
        return target.rank
    if config.variant == "L":
        magnitudes = n_out if target.output == "dora" else 0
        return target.rank * (n_in + n_out) + magnitudes
    return max(n_in, n_out) * (target.rank if config.variant == "M" else 1)


def parameter_count(config: HypernetworkConfig, target: TargetSpec) -> int:
    """Number of weights, without allocating them."""
    with torch.device("meta"):
        return sum(p.numel() for p in Hypernetwork(config, target).parameters())
