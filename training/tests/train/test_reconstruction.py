"""Reconstruction: a network that learns its targets, and what it keeps of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from adapters_for_tests import (
    CONFIG,
    CPU,
    DIM,
    random_adapters,
    tiny_base,
    tiny_corpus,
    with_baselines,
)

from t2l.base.adapter_weights import AdapterWeights, changed
from t2l.base.library import HeldLibrary
from t2l.base.low_rank import canonical_weights
from t2l.base.moments import Moments
from t2l.config.errors import ConfigError
from t2l.evaluate.compression import compression
from t2l.hypernet.hypernetwork import Hypernetwork
from t2l.hypernet.whitening import Whitening
from t2l.train.objectives.distances import standardized
from t2l.train.objectives.reconstruction import start_from, train_reconstruction
from t2l.train.objectives.sft import build_hypernetwork


@pytest.mark.parametrize("loss", ["mse", "l1"])
def test_a_network_learns_its_oracles_and_both_saved_forms_agree(tmp_path: Path, loss: str) -> None:
    _, target = tiny_base(tmp_path / "base")
    options = replace(CONFIG.baselines.reconstruction, loss=loss)
    config = with_baselines(reconstruction=options)
    corpus = tiny_corpus(4)
    oracles = random_adapters(target, len(corpus.tasks))
    network = build_hypernetwork(config, target, DIM)
    targets = canonical_weights(oracles)
    library = HeldLibrary(targets)
    trained = train_reconstruction(config, network, corpus, library, tmp_path, CPU)
    vectors = torch.stack([row[0] for row in corpus.embeddings])
    with torch.no_grad():
        weights = trained(vectors)
        again = Hypernetwork.load(tmp_path / "final")(vectors)
    mean = changed(targets, lambda side: side.mean(dim=0, keepdim=True).expand_as(side))
    distance = standardized(Moments.of(library).deviations(), loss)
    got, start = (distance(some, targets).item() for some in (weights, mean))
    assert got < 0.7 * start
    for name, pair in weights.items():
        assert torch.equal(pair[0], again[name][0]) and torch.equal(pair[1], again[name][1])
    warm = build_hypernetwork(config, target, DIM)
    start_from(warm, tmp_path)
    assert CONFIG.sft.whitening is not None
    whitened = Whitening.of(torch.cat(corpus.embeddings), CONFIG.sft.whitening)(vectors)
    with torch.no_grad():
        for name, (a, b) in warm.eval()(whitened).items():
            torch.testing.assert_close(a, weights[name][0], atol=1e-4, rtol=1e-3)
            torch.testing.assert_close(b, weights[name][1], atol=1e-4, rtol=1e-3)


def test_a_warm_start_without_reconstruction_names_the_stage(tmp_path: Path) -> None:
    _, target = tiny_base(tmp_path / "base")
    with pytest.raises(FileNotFoundError, match="`reconstruction` stage"):
        start_from(build_hypernetwork(CONFIG, target, DIM), tmp_path)


def test_a_wrong_number_of_oracles_is_refused(tmp_path: Path) -> None:
    _, target = tiny_base(tmp_path / "base")
    network = build_hypernetwork(CONFIG, target, DIM)
    with pytest.raises(ValueError, match="3 oracles"):
        train_reconstruction(
            CONFIG, network, tiny_corpus(4), HeldLibrary(random_adapters(target, 3)), tmp_path, CPU
        )


class Noticing:
    """A library that notes what is read of it.

    :param weights: all adapters, [T, ...].
    """

    def __init__(self, weights: AdapterWeights) -> None:
        self.held = HeldLibrary(weights)
        self.digest = self.held.digest
        self.reads: list[list[int]] = []

    def __len__(self) -> int:
        return len(self.held)

    def read(self, rows: Sequence[int]) -> AdapterWeights:
        self.reads.append(list(rows))
        return self.held.read(rows)


def test_a_step_reads_the_oracles_of_its_own_tasks_only(tmp_path: Path) -> None:
    _, target = tiny_base(tmp_path / "base")
    config = with_baselines(
        reconstruction=replace(CONFIG.baselines.reconstruction, steps=3, tasks=2)
    )
    corpus = tiny_corpus(7)
    library = Noticing(canonical_weights(random_adapters(target, 7)))
    network = build_hypernetwork(config, target, DIM)
    train_reconstruction(config, network, corpus, library, tmp_path, CPU)
    moments, *steps = library.reads
    assert moments == list(range(7))
    assert len(steps) == 3 and all(len(rows) == 2 for rows in steps)


def test_a_run_on_other_oracles_is_refused_also_when_it_is_finished(tmp_path: Path) -> None:
    _, target = tiny_base(tmp_path / "base")
    corpus = tiny_corpus(4)

    def train(seed: int) -> Hypernetwork:
        library = HeldLibrary(canonical_weights(random_adapters(target, 4, seed)))
        network = build_hypernetwork(CONFIG, target, DIM)
        return train_reconstruction(CONFIG, network, corpus, library, tmp_path / "run", CPU)

    train(1)
    train(1)
    with pytest.raises(ConfigError, match="oracles.digest"):
        train(2)


def test_compression_by_blocks_is_that_of_all_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, target = tiny_base(tmp_path / "base")
    network = build_hypernetwork(CONFIG, target, DIM).eval()
    corpus = tiny_corpus(7)
    library = Noticing(random_adapters(target, 7))
    whole = compression(model, network, corpus, library, 2, 0, CPU)
    monkeypatch.setattr("t2l.evaluate.compression.ROWS_A_BATCH", 6)
    assert compression(model, network, corpus, library, 2, 0, CPU) == whole
    assert library.reads[1:] == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_network_compared_with_its_own_adapters_keeps_everything(tmp_path: Path) -> None:
    model, target = tiny_base(tmp_path / "base")
    config = replace(CONFIG, sft=replace(CONFIG.sft, whitening=None))
    network = build_hypernetwork(config, target, DIM).eval()
    for parameter in network.parameters():
        parameter.data.add_(0.05)
    corpus = tiny_corpus(4)
    with torch.no_grad():
        own = network(torch.stack([row[0] for row in corpus.embeddings]))
    found = compression(model, network, corpus, HeldLibrary(own), samples=2, seed=0, device=CPU)
    assert found.relative_error == pytest.approx(0, abs=1e-3)
    assert found.exact_match == found.oracle_exact_match
    assert found.oracle_weights == 4 * target.parameters
    others = HeldLibrary(random_adapters(target, 4))
    other = compression(model, network, corpus, others, 2, 0, CPU)
    assert other.relative_error > 0.5
