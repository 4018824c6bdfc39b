"""The hypernetwork: description vector to LoRA weights."""
