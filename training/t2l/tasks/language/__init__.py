"""A world of language: what people ask a small language model to do with words and sentences."""
