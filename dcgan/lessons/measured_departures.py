"""What `python -m dcgan.ch09_training --seeds 5` measured: the distances behind its last table."""

FLOOR = 41.0
"""Distance of the 500 held-out faces to 500 others."""

DISTANCES = {
    "Radford et al.": {"G": [719.0, 715.0], "average": [750.0, 751.0]},
}
"""Recipe -> distances of G and of its average, one for each of the seeds 0 to 4."""
