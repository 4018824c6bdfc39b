"""Encoders: what turns a description into the vector that the hypernetwork reads."""
