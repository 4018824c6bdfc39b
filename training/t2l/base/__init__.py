"""Base models as adapters see them: target specs, families, LoRA on a model, PEFT files."""
