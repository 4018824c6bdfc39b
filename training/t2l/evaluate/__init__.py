"""The harness: any bundle or run against controls and baselines on the same questions."""
