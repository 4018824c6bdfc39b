"""Bundles: manifest, golden vectors, fit, norms and files."""
