"""Behaviours: descriptions of how to answer, whatever is asked; no answers are written down."""
