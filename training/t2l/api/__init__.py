"""Adapters in a notebook: from a bundle, a checkpoint or an endpoint."""
