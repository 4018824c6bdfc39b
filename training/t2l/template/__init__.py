"""From an example to token ids and the positions that are the answer."""
