"""t2l-mini's base model: a tiny language model that is trained here."""
