"""What a step of meta-training costs: `python -m t2l bench`."""
