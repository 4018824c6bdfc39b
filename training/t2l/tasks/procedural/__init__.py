"""The world of t2l-mini: steps on short lists, and how people say them."""
