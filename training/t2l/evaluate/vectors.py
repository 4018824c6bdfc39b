"""Vectors of descriptions and of the adapters they give, for the report's maps and similarities.

An adapter is seen through random projections of its update: u^T (B A) v, summed over layers and
modules, for many random u and v. Products of such projections estimate the products of the updates
themselves, which have half a million values each.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from t2l.base.adapter_weights import AdapterWeights
from t2l.evaluate.setting import Setting
from t2l.tasks.source import Split, Task

PROJECTIONS = 512
SEED = 0


def write_vectors(
    setting: Setting, tasks: list[Task], phrasing: Split, descriptions: int, path: Path
) -> None:
    """Write `descriptions` [n, dim] and `adapters` [n, projections], with the tasks of the rows."""
    rows = [
        (task, text)
        for task in tasks
        for text in task.descriptions(phrasing, descriptions, seed=SEED)
    ]
    vectors = setting.encoder.encode([text for _, text in rows])
    parts = [project(setting.generate_from(part)) for part in vectors.split(64)]
    labels = [
        # only t2l-mini's tasks have domains; of others the family says what there is to say
        {"task": task.name, "family": task.family, "domain": getattr(task, "domain", task.family)}
        for task, _ in rows
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {"descriptions": vectors.contiguous(), "adapters": torch.cat(parts).contiguous()}
    save_file(
        {name: value.half() for name, value in tensors.items()}, path, {"rows": json.dumps(labels)}
    )


def project(weights: AdapterWeights) -> Tensor:
    """Random projections of every adapter's update, [adapters, projections].

    Of a DoRA it is the update B A, of an IA3 what its factors are away from 1.

    :param weights: A [T, N, R, in] and B [T, N, out, R], or factors [T, N, width].
    """
    generator = torch.Generator().manual_seed(SEED)
    total = torch.zeros(())
    for sides in weights.values():
        if len(sides) == 1:
            layers, width = sides[0].shape[1:]
            drawn = torch.randn(layers, width, PROJECTIONS, generator=generator)
            total = total + torch.einsum("tnw,nwp->tp", sides[0].cpu() - 1, drawn)
            continue
        a, b = sides[:2]
        layers, n_in, n_out = a.shape[1], a.shape[-1], b.shape[-2]
        left = torch.randn(layers, PROJECTIONS, n_out, generator=generator)
        right = torch.randn(layers, n_in, PROJECTIONS, generator=generator)
        inner = (left @ b.cpu()).mT * (a.cpu() @ right)  # [T, N, R, projections]
        total = total + inner.sum(dim=(1, 2))
    return total / PROJECTIONS**0.5
