"""The hypernetwork as the edge runs it by default: its int8 graph in place of float32."""

import torch

from t2l.evaluate.questions import Block
from t2l.evaluate.setting import Setting
from t2l.export.onnx.hypernet import hypernet_runner, int8_graph
from t2l.hypernet.hypernetwork import Hypernetwork

TRIED = 6  # vectors that the number of bits is chosen with, as many as a bundle's golden ones


def int8(setting: Setting, block: Block) -> list[bool]:
    """The task's own description, through the int8 graph that would be exported.

    :raises TypeError: for a bundle, which has its graphs already.
    """
    network = setting.hypernetwork
    if not isinstance(network, Hypernetwork):
        raise TypeError("a bundle's int8 graph is measured with --precision int8")
    vectors = setting.encoder.encode([text for row in block.descriptions for text in row])
    run = hypernet_runner(int8_graph(network, vectors[:TRIED], setting.train.typical()))
    rows = [run(vector) for vector in vectors]
    weights = {
        name: (
            torch.stack([row[name][0] for row in rows]).to(setting.device.name),
            # the graph has the scale in B; what applies adapters here multiplies by it again
            torch.stack([row[name][1] for row in rows]).to(setting.device.name)
            / network.target.scaling,
        )
        for name in network.target.module_names
    }
    return setting.ask(block, weights)
