"""From a trained network to a bundle: graphs, manifest, files."""
