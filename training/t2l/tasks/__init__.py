"""Task families: what to do, how people say it, and fresh examples of it."""
