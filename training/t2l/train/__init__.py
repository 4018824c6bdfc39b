"""Training: batches, losses, checkpoints, and the objectives that use them."""
