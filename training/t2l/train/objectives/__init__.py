"""What can be trained: hypernetworks, oracles and baselines."""
