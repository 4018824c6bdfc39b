"""Whitening: unit variance for training, and no trace of it in the network that is exported."""

from collections.abc import Sequence

import torch

from t2l.base.target import BaseModelRecord, TargetModule, TargetSpec
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig
from t2l.hypernet.whitening import Whitening

TARGET = TargetSpec(
    BaseModelRecord("a/b", "0" * 40, "llama", "mit"),
    2,
    (TargetModule("q", "attn.q", 6, 4),),
    2,
    2.0,
)


def vectors() -> torch.Tensor:
    random = torch.Generator().manual_seed(0)
    return torch.randn(400, 8, generator=random) @ torch.randn(8, 8, generator=random) + 3


def test_whitened_vectors_have_mean_zero_and_unit_covariance() -> None:
    white = Whitening.of(vectors(), 0.0)(vectors())
    assert white.mean(dim=0).abs().max() < 1e-4
    assert torch.allclose(white.T @ white / len(white), torch.eye(8), atol=1e-3)


def test_the_folded_network_takes_plain_vectors() -> None:
    config = HypernetworkConfig("S", 8, latent=16, head_in=16, input_scale=1.0, head_init="normal")
    network = Hypernetwork(config, TARGET, seed=1).eval()
    whitening = Whitening.of(vectors(), 1e-3)
    folded = whitening.fold(network)
    assert folded.config.input_scale is None
    with torch.no_grad():
        expected, got = network(whitening(vectors()[:5])), folded(vectors()[:5])
    for wanted, given in zip(expected["q"], got["q"], strict=True):
        assert torch.allclose(wanted, given, atol=1e-5)


def test_within_makes_the_phrasings_of_a_task_alike() -> None:
    generator = torch.Generator().manual_seed(3)
    tasks = torch.randn(40, 1, 6, generator=generator)
    loose = torch.tensor([3.0, 1.0, 0.1, 0.1, 0.1, 0.1])  # where phrasings differ
    groups = tuple(tasks + loose * torch.randn(40, 8, 6, generator=generator))
    whitening = Whitening.within(groups, 1e-3)

    def spread(rows: Sequence[torch.Tensor]) -> float:
        inner = torch.cat([row - row.mean(dim=0) for row in rows]).square().mean()
        return float(inner / torch.cat(list(rows)).var(dim=0).mean())

    assert spread([whitening(group) for group in groups]) < spread(groups) / 10
    found = whitening(torch.cat(groups))
    assert abs(float(found.square().mean()) - 1) < 1e-3
