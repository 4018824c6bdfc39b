"""ONNX graphs, built node by node: the leaf that encoders and the export share."""
