"""The hypernetwork as the edge runs it by default: its int8 graph in place of float32."""

from t2l.base.adapter_stack import to_device
from t2l.base.adapter_weights import changed, concatenated
from t2l.base.outputs import output_of
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
    made = concatenated([changed(row, lambda side: side[None]) for row in rows])
    output, scaling = output_of(network.target), network.target.scaling
    # the graph has the scale in B; what applies adapters here multiplies by it again
    weights = {
        name: output.unfolded(sides, scaling)
        for name, sides in to_device(made, setting.device.name).items()
    }
    return setting.ask(block, weights)
