"""Canonical oracles on disk: made once, of these very oracles, the same bytes every time."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from adapters_for_tests import CONFIG, CPU, tiny_base, tiny_tasks
from safetensors.torch import load_file

from t2l.base.adapter_stack import load_stack, save_stack
from t2l.base.adapter_weights import AdapterWeights, changed
from t2l.base.low_rank import canonical_weights
from t2l.train.objectives.canonical_library import CanonicalLibrary
from t2l.train.objectives.oracle_store import OracleLibrary
from t2l.train.objectives.oracles import train_oracles

NAMES = [task.name for task in tiny_tasks().train[:5]]
ORACLES = "0000.safetensors"  # of the first three tasks


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A run's folder with five oracles in two files."""
    model, target = tiny_base(tmp_path / "base")
    tasks = tiny_tasks().train[:5]
    train_oracles(model, target, tasks, CONFIG.baselines.oracles, tmp_path, CPU)
    return tmp_path


def library(store: Path, names: list[str] = NAMES) -> CanonicalLibrary:
    return CanonicalLibrary.of(OracleLibrary.open(store, names))


def files(store: Path) -> dict[str, bytes]:
    folder = store / "oracles" / "canonical"
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def times(store: Path) -> dict[str, int]:
    folder = store / "oracles" / "canonical"
    return {path.name: path.stat().st_mtime_ns for path in sorted(folder.iterdir())}


def same(ours: AdapterWeights, theirs: Mapping[str, tuple[torch.Tensor, torch.Tensor]]) -> bool:
    assert list(ours) == list(theirs)
    return all(
        torch.equal(ours[name][side], theirs[name][side]) for name in theirs for side in (0, 1)
    )


def test_what_is_read_is_the_canonical_form_of_the_oracles_asked_for(store: Path) -> None:
    oracles = OracleLibrary.open(store, NAMES)
    found = CanonicalLibrary.of(oracles)
    assert len(found) == 5
    assert same(found.read([3, 0, 3]), canonical_weights(oracles.read([3, 0, 3])))
    assert same(found.read(range(5)), canonical_weights(oracles.read(range(5))))


def test_a_file_an_oracle_is_written_once_and_whole(store: Path) -> None:
    library(store)
    before = times(store)
    assert len(before) == 5 and all(name.endswith(".safetensors") for name in before)
    library(store, NAMES[::-1])
    assert times(store) == before


def test_the_bytes_are_the_same_when_they_are_made_again(store: Path) -> None:
    library(store)
    before = files(store)
    for path in (store / "oracles" / "canonical").iterdir():
        path.unlink()
    library(store, NAMES[::-1])
    assert files(store) == before


def test_an_oracle_that_changed_is_made_canonical_anew_and_the_others_are_kept(store: Path) -> None:
    first, before = library(store), times(store)
    weights = load_stack(store / "oracles" / ORACLES)
    name = next(iter(weights))
    weights[name][1][1] *= -1
    save_stack(store / "oracles" / ORACLES, weights)
    second = library(store)
    after = times(store)
    assert [file for file in before if after[file] != before[file]] == [first.paths[1].name]
    assert second.digest != first.digest
    assert same(second.read([1]), canonical_weights(OracleLibrary.open(store, NAMES).read([1])))


def test_a_file_that_was_cut_off_or_left_half_written_is_made_anew(store: Path) -> None:
    found, before = library(store), files(store)
    found.paths[0].write_bytes(found.paths[0].read_bytes()[:-40])
    found.paths[2].unlink()
    found.paths[2].with_suffix(".partial").write_bytes(b"cut")
    library(store)
    assert files(store) == before


def test_the_files_need_no_code_to_be_read(store: Path) -> None:
    found = library(store)
    tensors = load_file(found.paths[4])
    weights = found.read([4])
    assert sorted(tensors) == sorted(f"{name}.{side}" for name in weights for side in "AB")
    for name, (a, b) in weights.items():
        assert torch.equal(tensors[f"{name}.A"], a[0]) and torch.equal(tensors[f"{name}.B"], b[0])


def test_a_digest_is_of_these_oracles_in_this_order(store: Path) -> None:
    assert library(store).digest == library(store).digest
    assert library(store).digest != library(store, NAMES[::-1]).digest
    assert library(store).digest == OracleLibrary.open(store, NAMES).digest


def test_an_adapter_that_does_nothing_has_canonical_factors_too(store: Path) -> None:
    weights = load_stack(store / "oracles" / ORACLES)
    nothing = changed(weights, torch.zeros_like)
    save_stack(store / "oracles" / ORACLES, nothing)
    for a, b in library(store).read([0]).values():
        assert not a.any() and not b.any()
