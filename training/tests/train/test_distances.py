"""Distances of reconstruction: on factors, elements and products, each of them trained on."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

import pytest
import torch
from adapters_for_tests import CONFIG, CPU, DIM, random_adapters, tiny_base, tiny_corpus

from t2l.base.adapter_weights import AdapterWeights, changed
from t2l.base.library import HeldLibrary
from t2l.base.low_rank import canonical_weights, relative_errors
from t2l.base.moments import FLOOR, Moments
from t2l.config.baselines import ReconstructionConfig
from t2l.config.errors import ConfigError
from t2l.hypernet.hypernetwork import Hypernetwork
from t2l.train.checkpoint import require_same, save_checkpoint
from t2l.train.metrics import FILE, read_metrics
from t2l.train.objectives.distances import Distance, distance_of, product
from t2l.train.objectives.reconstruction import train_reconstruction
from t2l.train.objectives.sft import build_hypernetwork

On = Literal["factors", "elements", "product"]
ALL: tuple[On, ...] = ("factors", "elements", "product")
TASKS = 4


def options(on: On, **changes: object) -> ReconstructionConfig:
    return replace(CONFIG.baselines.reconstruction, on=on, **changes)


def targets_of(folder: Path, count: int = TASKS) -> AdapterWeights:
    _, target = tiny_base(folder / "base")
    return canonical_weights(random_adapters(target, count))


def distance(on: On, targets: AdapterWeights, **changes: object) -> Distance:
    moments = Moments.of(HeldLibrary(targets))
    return distance_of(options(on, **changes), moments, "cpu")


def train(folder: Path, targets: AdapterWeights, own: ReconstructionConfig) -> Hypernetwork:
    _, target = tiny_base(folder / "base")
    config = replace(CONFIG, baselines=replace(CONFIG.baselines, reconstruction=own))
    network = build_hypernetwork(config, target, DIM)
    library, run = HeldLibrary(targets), folder / "run"
    return train_reconstruction(config, network, tiny_corpus(TASKS), library, run, CPU)


@pytest.mark.parametrize("on", ALL)
def test_what_is_trained_on_falls(tmp_path: Path, on: On) -> None:
    targets = targets_of(tmp_path)
    network = train(tmp_path, targets, options(on))
    vectors = torch.stack([row[0] for row in tiny_corpus(TASKS).embeddings])
    with torch.no_grad():
        got = distance(on, targets)(network(vectors), targets).item()
    losses = [line["loss"] for line in read_metrics(tmp_path / "run" / FILE)]
    assert losses[-1] < 0.7 * losses[0]
    assert got < 0.7 * losses[0]


@pytest.mark.parametrize("on", ALL)
def test_an_adapter_is_no_distance_from_itself(tmp_path: Path, on: On) -> None:
    targets = targets_of(tmp_path)
    assert distance(on, targets)(targets, targets).item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("on", ["factors", "elements"])
def test_a_mean_squared_loss_of_one_is_what_the_mean_adapter_gets(tmp_path: Path, on: On) -> None:
    targets = targets_of(tmp_path, 6)
    mean = changed(targets, lambda side: side.mean(dim=0, keepdim=True).expand_as(side))
    assert distance(on, targets)(mean, targets).item() == pytest.approx(1, rel=1e-4)


def test_on_elements_every_value_counts_by_its_own_deviation(tmp_path: Path) -> None:
    targets = changed(targets_of(tmp_path, 6), lambda side: side.clone())
    name = next(iter(targets))
    targets[name][0][:, 0, 0, 0] *= 100
    targets[name][0][:, 0, 0, 1] = 2.0
    moments = Moments.of(HeldLibrary(targets))
    far = {key: (a.clone(), b) for key, (a, b) in targets.items()}
    parts = 2 * len(targets)  # modules and sides count the same
    values = targets[name][0][0].numel()
    for place, deviation in (
        (0, targets[name][0][:, 0, 0, 0].std(correction=0).item()),
        (1, FLOOR * moments.deviations()[name][0]),
    ):
        ours = {key: (a.clone(), b) for key, (a, b) in far.items()}
        ours[name][0][:, 0, 0, place] += 3 * deviation
        found = distance_of(options("elements"), moments, "cpu")(ours, targets)
        assert found.item() == pytest.approx(9 / values / parts, rel=1e-4)
        found = distance_of(options("elements", loss="l1"), moments, "cpu")(ours, targets)
        assert found.item() == pytest.approx(3 / values / parts, rel=1e-4)


def test_the_loss_of_products_is_the_mean_squared_relative_error(tmp_path: Path) -> None:
    _, target = tiny_base(tmp_path / "base")
    wanted, ours = random_adapters(target, 5, seed=1), random_adapters(target, 5, seed=2)
    errors = relative_errors(ours, wanted)
    assert product(ours, wanted).item() == pytest.approx(errors.square().mean().item(), rel=1e-12)
    squares = 0.0, 0.0
    for name, (a, b) in wanted.items():
        full = (b @ a).double()
        apart = (ours[name][1] @ ours[name][0]).double() - full
        squares = (
            squares[0] + apart.square().sum(dim=(1, 2, 3)),
            squares[1] + full.square().sum(dim=(1, 2, 3)),
        )
    torch.testing.assert_close(errors.square(), squares[0] / squares[1], rtol=1e-5, atol=0)


def test_a_product_does_not_see_the_gauge(tmp_path: Path) -> None:
    targets = targets_of(tmp_path)
    other = {name: (4 * a.flip(-2), b.flip(-1) / 4) for name, (a, b) in targets.items()}
    assert product(other, targets).item() == pytest.approx(0, abs=1e-12)
    assert distance("factors", targets)(other, targets).item() > 0.1


def test_an_oracle_that_does_nothing_has_no_relative_error(tmp_path: Path) -> None:
    targets = targets_of(tmp_path)
    nothing = {name: (a, torch.zeros_like(b)) for name, (a, b) in targets.items()}
    with pytest.raises(ValueError, match="update is zero .* set baselines.reconstruction.on"):
        product(targets, nothing)


def test_a_checkpoint_from_before_there_was_a_choice_is_one_on_factors(tmp_path: Path) -> None:
    noted = asdict(options("factors"))
    del noted["on"]
    notes = {"identity": {"reconstruction": noted}}
    save_checkpoint(tmp_path, 1, torch.nn.Linear(1, 1), [], notes)
    require_same(tmp_path, {"reconstruction": asdict(options("factors"))})
    with pytest.raises(ConfigError, match="reconstruction.on 'factors', now 'product'"):
        require_same(tmp_path, {"reconstruction": asdict(options("product"))})


@pytest.mark.parametrize("on", ["elements", "product"])
def test_a_run_on_something_else_is_refused_also_when_it_is_finished(
    tmp_path: Path, on: On
) -> None:
    targets = targets_of(tmp_path)
    train(tmp_path, targets, options("factors", steps=2))
    with pytest.raises(ConfigError, match="reconstruction.on 'factors', now"):
        train(tmp_path, targets, options(on, steps=2))
