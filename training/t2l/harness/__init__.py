"""Adapters of a bundle scored by lm-evaluation-harness, beside our controls."""
