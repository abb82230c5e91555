"""A training run: the loop, its folder on disk, checkpoints, and the finished generator."""
