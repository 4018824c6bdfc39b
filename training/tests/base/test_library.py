"""Libraries of adapters: blocks go through all, and a digest tells one library from another."""

import torch

from t2l.base.adapter_weights import AdapterWeights, changed
from t2l.base.library import HeldLibrary, blocks, content_hash


def adapters(count: int = 5) -> AdapterWeights:
    generator = torch.Generator().manual_seed(count)
    return {
        "v_proj": (
            torch.randn(count, 2, 3, 6, generator=generator),
            torch.randn(count, 2, 4, 3, generator=generator),
        ),
        "q_proj": (
            torch.randn(count, 2, 3, 6, generator=generator),
            torch.randn(count, 2, 6, 3, generator=generator),
        ),
    }


def test_blocks_are_all_numbers_in_order() -> None:
    found = [list(rows) for rows in blocks(7, 3)]
    assert found == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(blocks(0, 3)) == []


def test_adapters_are_read_in_the_order_asked_for_also_twice() -> None:
    weights = adapters()
    read = HeldLibrary(weights).read([4, 0, 4])
    for name, (a, b) in weights.items():
        assert torch.equal(read[name][0], a[[4, 0, 4]]) and torch.equal(read[name][1], b[[4, 0, 4]])


def test_a_hash_is_of_names_shapes_and_every_value_and_of_no_order_of_modules() -> None:
    weights = adapters()
    plain = content_hash(weights)
    assert content_hash(dict(reversed(list(weights.items())))) == plain
    a, b = weights["q_proj"]
    last = b.clone()
    last[-1, -1, -1, -1] = torch.nextafter(last[-1, -1, -1, -1], torch.tensor(9.0))
    others = [
        {**weights, "q_proj": (a, last)},
        {**weights, "q_proj": (a.flip(0), b)},
        {"q_proj": weights["v_proj"], "v_proj": weights["q_proj"]},
        {"q_proj": weights["q_proj"]},
        changed(weights, lambda side: side.double()),
        changed(weights, lambda side: side.reshape(1, -1, *side.shape[2:])),
    ]
    hashes = [plain, *map(content_hash, others)]
    assert len(set(hashes)) == len(hashes)


def test_a_digest_changes_with_an_adapter_and_with_the_order() -> None:
    weights = adapters()
    library = HeldLibrary(weights)
    again = HeldLibrary(changed(weights, lambda side: side.clone()))
    turned = HeldLibrary(changed(weights, lambda side: side.flip(0)))
    fewer = HeldLibrary(changed(weights, lambda side: side[:-1]))
    assert again.digest == library.digest
    assert len({library.digest, turned.digest, fewer.digest}) == 3
