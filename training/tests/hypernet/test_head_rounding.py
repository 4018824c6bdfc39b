"""Rounded heads hold what bytes can, and give nearly the same on features like those to come."""

import torch
from test_onnx_hypernet import VARIANTS, network

from t2l.export.onnx.hypernet import (
    build_hypernet_graph,
    exportable,
    hypernet_runner,
    int8_graph,
    update_cosines,
)
from t2l.graph.builder import WEIGHT_ZERO, quantise_columns
from t2l.hypernet.head_rounding import rounded_heads


def embeddings(count: int, seed: int) -> torch.Tensor:
    """Vectors with a large part in common, as those of sentences have."""
    generator = torch.Generator().manual_seed(seed)
    few = torch.randn(count, 3, generator=generator) @ torch.randn(3, 10, generator=generator)
    return torch.nn.functional.normalize(few + 2, dim=1)


def head_error(rounded, exact) -> float:
    features = exact.features(embeddings(40, 2).double())
    total = 0.0
    for index, module in enumerate(exact.target.modules):
        seen = features[:, :, index].flatten(0, -2)
        change = rounded.heads[module.name].weight - exact.heads[module.name].weight
        total += float((seen @ change.T).square().mean())
    return total


def nearest(exact):
    """Every weight rounded by itself, as without embeddings."""
    made = exportable(exact)
    for name in made.heads:
        head = made.head(name)
        values, scales = quantise_columns(head.weight.detach().float().numpy().T)
        levels = torch.from_numpy((values.astype("float64") - WEIGHT_ZERO) * scales)
        head.weight.data = levels.T.contiguous()
    return made


def test_the_output_is_much_closer_than_with_each_weight_rounded_by_itself():
    for variant in VARIANTS:
        exact = exportable(network(variant))
        with torch.no_grad():
            ours = head_error(rounded_heads(exact, embeddings(64, 1)), exact)
            assert ours < head_error(nearest(exact), exact) / 2, variant


def test_the_graph_s_bytes_are_the_whole_numbers_that_were_found():
    for variant in VARIANTS:
        rounded = rounded_heads(exportable(network(variant)), embeddings(64, 1))
        for name in rounded.heads:
            weight = rounded.head(name).weight.detach()
            values, scales = quantise_columns(weight.float().numpy().T)
            again = torch.from_numpy((values.astype("float64") - WEIGHT_ZERO) * scales).T
            torch.testing.assert_close(again, weight, rtol=1e-6, atol=0, msg=f"{variant} {name}")


def test_everything_but_the_heads_stays_and_the_network_given_too():
    exact = exportable(network("S"))
    before = {name: value.clone() for name, value in exact.state_dict().items()}
    rounded = rounded_heads(exact, embeddings(8, 1)).state_dict()
    for name, value in exact.state_dict().items():
        assert torch.equal(value, before[name])
        changed = name.startswith("heads.") and name.endswith("weight")
        assert torch.equal(value, rounded[name]) != changed, name


def test_a_graph_made_so_keeps_the_directions_of_the_updates():
    made = network("S")
    data = int8_graph(made, embeddings(4, 2), embeddings(64, 1))
    exact = hypernet_runner(build_hypernet_graph(made, "float32"))
    for row in embeddings(4, 3):
        found, wanted = hypernet_runner(data)(row), exact(row)
        for name in wanted:
            assert update_cosines(found[name], wanted[name]).min() >= 0.9995
