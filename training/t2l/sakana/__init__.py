"""Reading the checkpoints that the reference implementation of Text-to-LoRA saves."""
