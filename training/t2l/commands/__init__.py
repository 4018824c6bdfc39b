"""What the command line runs: stages of a recipe, and tools on bundles and targets."""
