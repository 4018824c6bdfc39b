"""Text-to-LoRA training: tasks, base model, hypernetwork, and the export of bundles."""

__version__ = "0.1.0"
