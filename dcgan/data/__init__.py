"""From pictures on a disk to batches for the trainer."""
