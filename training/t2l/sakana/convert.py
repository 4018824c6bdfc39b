"""From a checkpoint of the reference to a network of ours that gives the same LoRA.

Both follow the same paper, so this is a matter of names, with four exceptions. Offsets from a
multi-task LoRA, and the mean and deviation that a z-scored reconstruction was trained against,
become tables per layer. A reconstruction of products gives A and B at sqrt(delta_w_scaling) times
their size, which is taken out of the heads' weights. A checkpoint that was trained with a z-score
but on products never used the score: the reference fails when it is to generate from one, and here
it is read as what was trained. And the embedding comes normalised and multiplied by sqrt(dim), for
which the encoder of the bundle sees, not the network.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from t2l.base.target import TargetSpec
from t2l.hypernet.config import Variant
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig
from t2l.sakana.checkpoint import ARGS_FILE, PEFT_FILE, WEIGHTS_FILE, Checkpoint, CheckpointError

DEVIATION_FLOOR = 1e-10  # added to every deviation of a z-score, as there

# The reference's key -> ours, for everything that only has another name.
_LINEAR_TASK = {"task_encoder.mlp.0": "task_linear", "task_encoder.mlp.1": "task_norm"}
_CODED_TASK = {"task_encoder.mlp.0": "task.up", "task_encoder.mlp.3": "task.down"}
_NORMED_CODES = {"task_encoder.ln": "task.norm"}
_ROWS = {
    "layer_depth_encoder.0": "depth.table",
    "layer_depth_encoder.1": "depth.norm",
    "layer_type_encoder.0": "module.table",
    "layer_type_encoder.1": "module.norm",
}
_BODY = {
    "mixer.1": "mixer_up",
    "mixer.4": "mixer_down",
    "mlp1.mlp.0": "mlp1.norm",
    "mlp1.mlp.1": "mlp1.up",
    "mlp1.mlp.4": "mlp1.down",
    "mlp2.mlp.0": "mlp2.norm",
    "mlp2.mlp.1": "mlp2.up",
    "mlp2.mlp.4": "mlp2.down",
    "mlp3.0": "mlp3_norm",
    "mlp3.1": "mlp3_up",
    "mlp3.4": "mlp3_down",
}
_SIDES = {"out_emb_norm": "ab_norm"}
_POSITIONS = {"pos_emb.0": "position.table", "pos_emb.1": "position.norm"}
# Kept in a checkpoint for training alone.
_TRAINING_ONLY = ("task_encoder.cluster_size", "task_encoder.embed_avg")


def convert(checkpoint: Checkpoint, known: TargetSpec) -> Hypernetwork:
    """The network of a checkpoint, in evaluation mode; its input is the scaled embedding.

    :param known: a target spec of the checkpoint's base model, for what the checkpoint does not
        say: identity and module sizes. Order, rank and alpha come from the checkpoint.
    :raises CheckpointError: for what cannot be imported, and for keys that are missing, left over
        or of another shape.
    """
    refuse_unsupported(checkpoint)
    target = target_of(checkpoint, known)
    network = Hypernetwork(_config(checkpoint), target)
    state = dict(checkpoint.state)
    found = dict(_renamed(checkpoint, state))
    found |= _ab_table(checkpoint, state)
    found |= _tables(checkpoint, network, state)
    found |= _heads(checkpoint, network, state)
    for key in _TRAINING_ONLY:
        state.pop(key, None)
    left = [key for key in state if not _is_zero_table(key, state[key])]
    _check_keys(checkpoint, network, found, left)
    network.load_state_dict(found, strict=True)
    return network.eval()


def refuse_unsupported(checkpoint: Checkpoint) -> None:
    """Refuse what has no adapter of LoRA's form, or no description to make it from.

    :raises CheckpointError: with the reason.
    """
    args, adapter, folder = checkpoint.args, checkpoint.adapter, checkpoint.folder

    def refuse(file: str, reason: str) -> None:
        raise CheckpointError(f"{folder / file}: {reason}")

    if adapter.peft_type.upper() != "LORA" or not args.exp_setup.endswith("lora"):
        refuse(PEFT_FILE, f"this network makes {adapter.peft_type}, only LORA can be imported")
    if not args.exp_setup.startswith("hyper"):
        refuse(ARGS_FILE, f"exp_setup {args.exp_setup} is a plain adapter, not a hypernetwork")
    if adapter.use_dora or adapter.rank_pattern or adapter.alpha_pattern:
        refuse(PEFT_FILE, "use_dora, rank_pattern and alpha_pattern have no place in a bundle")
    if adapter.layers_to_transform is not None:
        refuse(PEFT_FILE, "layers_to_transform must be null: a bundle covers every layer")
    if args.use_one_hot_task_emb:
        refuse(
            ARGS_FILE,
            "use_one_hot_task_emb: it was trained on the numbers of its tasks, so there is no "
            "description that it could read",
        )
    if args.autoreg_gen and not args.shared_AB_head:
        refuse(
            ARGS_FILE,
            "autoreg_gen without shared_AB_head is none of the variants L, M and S; nothing to "
            "import it as",
        )


def variant_of(checkpoint: Checkpoint) -> Variant:
    """L, M or S."""
    if not checkpoint.args.shared_AB_head:
        return "L"
    return "S" if checkpoint.args.autoreg_gen else "M"


def target_of(checkpoint: Checkpoint, known: TargetSpec) -> TargetSpec:
    """What the checkpoint's adapters are for, modules in the order of the checkpoint.

    :raises CheckpointError: if the checkpoint is for another base model, or for modules that the
        spec does not have.
    """
    base = checkpoint.args.model_dir.strip("/")
    if known.base_model.id != base:
        raise CheckpointError(
            f"{checkpoint.folder / ARGS_FILE}: the base model is {base}, the target spec is for "
            f"{known.base_model.id}; make one with: python -m t2l target {base} --out FILE"
        )
    modules = {module.name: module for module in known.modules}
    lacking = [name for name in checkpoint.module_order if name not in modules]
    if lacking:
        raise CheckpointError(
            f"the target spec of {base} lacks {', '.join(lacking)}; make one with: python -m t2l "
            f"target {base} --modules {','.join(checkpoint.module_order)} --out FILE"
        )
    adapter = checkpoint.adapter
    return TargetSpec(
        base_model=known.base_model,
        layers=known.layers,
        modules=tuple(modules[name] for name in checkpoint.module_order),
        rank=adapter.r,
        alpha=adapter.lora_alpha,
        use_rslora=adapter.use_rslora,
        attention=known.attention,
    )


def _config(checkpoint: Checkpoint) -> HypernetworkConfig:
    args = checkpoint.args
    first = checkpoint.state.get("task_encoder.mlp.0.weight")
    if first is None:
        raise CheckpointError(
            f"{checkpoint.folder / WEIGHTS_FILE} lacks task_encoder.mlp.0.weight: it reads no "
            "embedding, so no description could change what it gives"
        )
    gain = args.training_task == "recon" and args.factorized and args.pred_z_score
    try:
        return HypernetworkConfig(
            variant=variant_of(checkpoint),
            embedding_dim=first.shape[1],
            latent=args.hypernet_latent_size,
            head_in=args.head_in_size,
            input_scale=1.0,
            per_layer_bias=gain or _has_offsets(checkpoint),
            per_layer_gain=gain,
            task_encoder=checkpoint.task_encoder,
            position="learned" if args.learnable_pos_emb else "rotary",
        )
    except ValueError as error:
        raise CheckpointError(f"{checkpoint.folder / ARGS_FILE}: {error}") from error


def _has_offsets(checkpoint: Checkpoint) -> bool:
    state = checkpoint.state
    return any(key.startswith("AB_offset.") and bool(state[key].any()) for key in state)


def _renamed(checkpoint: Checkpoint, state: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Everything that only has another name; taken out of `state`."""
    args, encoder = checkpoint.args, checkpoint.task_encoder
    names = dict(_BODY)
    names |= _LINEAR_TASK if encoder == "linear" else _CODED_TASK
    if encoder in ("vq", "softmax"):
        names |= _NORMED_CODES
    if encoder != "discrete":
        names |= _ROWS
    if args.shared_AB_head:
        names |= _SIDES
    if args.autoreg_gen and args.learnable_pos_emb:
        names |= _POSITIONS
    for theirs, ours in names.items():
        for part in ("weight", "bias"):
            if f"{theirs}.{part}" in state:
                yield f"{ours}.{part}", state.pop(f"{theirs}.{part}")
    if encoder in ("vq", "softmax"):
        codes = state.pop("task_encoder.embed")
        yield "task.codes", codes.T if encoder == "vq" else codes  # [codes, width]


def _ab_table(checkpoint: Checkpoint, state: dict[str, Tensor]) -> dict[str, Tensor]:
    if not checkpoint.args.shared_AB_head:
        return {}
    rows = []
    for name in checkpoint.module_order:
        sides = [state.pop(f"out_emb.{name}.{side}", None) for side in "AB"]
        stored = [side for side in sides if side is not None]
        if len(stored) < len(sides):
            return {}  # reported as a missing ab_table
        rows.append(torch.stack(stored))
    return {"ab_table": torch.stack(rows)}  # [M, AB, Z]


def _tables(
    checkpoint: Checkpoint, network: Hypernetwork, state: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Offsets and factors per layer."""
    if not network.config.has_offsets:
        return {}
    found = {}
    target, gain = network.target, network.config.per_layer_gain
    for module in target.modules:
        for side, shape in (
            ("A", (target.layers, target.rank, module.in_features)),
            ("B", (target.layers, module.out_features, target.rank)),
        ):
            place = f"{side}.{module.name}"
            offset = state.pop(f"AB_offset.{place}", torch.zeros(shape))
            mean = state.pop(f"mean_recon_target.{place}", torch.zeros(shape))
            deviation = state.pop(f"std_recon_target.{place}", None)
            if gain:
                if deviation is None:
                    raise CheckpointError(
                        f"{checkpoint.folder / WEIGHTS_FILE} lacks std_recon_target.{place}, which "
                        "a z-scored reconstruction needs"
                    )
                found[f"gain_{side.lower()}.{module.name}"] = deviation + DEVIATION_FLOOR
                offset = offset + mean
            found[f"offset_{side.lower()}.{module.name}"] = offset
    return found


def _heads(
    checkpoint: Checkpoint, network: Hypernetwork, state: dict[str, Tensor]
) -> dict[str, Tensor]:
    args = checkpoint.args
    products = args.training_task == "recon" and not args.factorized
    size = math.sqrt(args.delta_w_scaling) if products else 1.0
    keys = [key for key in state if key.startswith("heads.")]
    found = {key: state.pop(key) / size for key in keys}
    for name in network.heads:
        head = network.head(name)
        # a z-score leaves the heads without a bias, also where it was not used in the end
        if head.bias is not None:
            found.setdefault(f"heads.{name}.bias", torch.zeros_like(head.bias))
    return found


def _is_zero_table(key: str, value: Tensor) -> bool:
    """The reference stores its tables of offsets and scores also where it uses none of them."""
    prefixes = ("AB_offset.", "mean_recon_target.", "std_recon_target.")
    return key.startswith(prefixes) and not bool(value.any())


def _check_keys(
    checkpoint: Checkpoint, network: Hypernetwork, found: dict[str, Tensor], left: list[str]
) -> None:
    path = checkpoint.folder / WEIGHTS_FILE
    wanted = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    missing = [key for key in wanted if key not in found]
    extra = left + [key for key in found if key not in wanted]
    if missing or extra:
        parts = [f"lacks what gives {', '.join(missing[:3])}"] if missing else []
        parts += [f"has {', '.join(extra[:3])}, which has no use here"] if extra else []
        raise CheckpointError(
            f"{path} {' and '.join(parts)}, as a network of variant {variant_of(checkpoint)} with "
            f"a {checkpoint.task_encoder} task encoder; take the {ARGS_FILE} it was trained with"
        )
    for key, shape in wanted.items():
        if tuple(found[key].shape) != shape:
            raise CheckpointError(
                f"{path}: what gives {key} has shape {list(found[key].shape)}, but the sizes in "
                f"{ARGS_FILE}, {PEFT_FILE} and the target spec ask for {list(shape)}"
            )
