"""A bundle measured through its own graph is the network it came from."""

from pathlib import Path

import pytest
import torch
from test_export import EMBEDDINGS, arguments
from test_hypernetwork import TINY, network

from t2l.export.bundle.run import BundleNetwork
from t2l.export.bundle.write import export_bundle
from t2l.export.graphs import GraphOptions
from t2l.export.onnx.hypernet import update_cosines
from t2l.hypernet.hypernetwork import Hypernetwork


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Hypernetwork]:
    root = tmp_path_factory.mktemp("hypernets")
    net = network("S")
    export_bundle(net, **arguments(root))
    return root / "tiny" / "1.0.0", net


def updates(net: Hypernetwork | BundleNetwork) -> dict[str, torch.Tensor]:
    """Scale B A of every module, for all embeddings at once."""
    with torch.no_grad():
        weights = net(EMBEDDINGS)
    return {name: net.target.scaling * b @ a for name, (a, b) in weights.items()}


def test_the_float32_graph_makes_the_network_s_updates(made: tuple[Path, Hypernetwork]) -> None:
    folder, net = made
    wanted = updates(net)
    for name, update in updates(BundleNetwork(folder, "float32")).items():
        torch.testing.assert_close(update, wanted[name], atol=1e-4, rtol=1e-4)


def test_the_int8_graph_makes_nearly_the_same(made: tuple[Path, Hypernetwork]) -> None:
    folder, net = made
    with torch.no_grad():
        wanted, found = net(EMBEDDINGS), BundleNetwork(folder, "int8")(EMBEDDINGS)
    for name, (a, b) in wanted.items():
        for row in range(len(EMBEDDINGS)):
            ours = found[name][0][row], found[name][1][row]
            assert update_cosines(ours, (a[row], b[row])).min() > 0.99, name


def test_a_bundle_in_chunks_is_measured_too(
    made: tuple[Path, Hypernetwork], tmp_path: Path
) -> None:
    folder, net = made
    graphs = GraphOptions(chunked=True, chunk_bytes=1)
    export_bundle(net, **arguments(tmp_path, graphs=graphs))
    whole = BundleNetwork(folder, "int8")(EMBEDDINGS)
    for name, pair in BundleNetwork(tmp_path / "tiny" / "1.0.0", "int8")(EMBEDDINGS).items():
        for value, right in zip(pair, whole[name], strict=True):
            assert torch.equal(value, right)


def test_it_is_for_the_same_target(made: tuple[Path, Hypernetwork]) -> None:
    target = BundleNetwork(made[0], "int8").target
    assert (target.modules, target.layers, target.rank) == (TINY.modules, TINY.layers, TINY.rank)
    assert target.base_model == TINY.base_model
    assert target.scaling == 1  # the scale is in B already


def test_what_is_not_there_is_named(made: tuple[Path, Hypernetwork], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no bundle there"):
        BundleNetwork(tmp_path, "int8")
    with pytest.raises(ValueError, match="no int4 graph; it has float32, int8"):
        BundleNetwork(made[0], "int4")
