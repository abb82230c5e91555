"""What `python -m dcgan.ch09_training --seeds 5` measured: the distances behind its last table."""

DISTANCES = {
    "Radford et al.": {
        "G": [719.2, 714.6, 704.2, 736.9, 754.1],
        "average": [749.6, 751.2, 749.1, 754.3, 775.5],
    },
    "+ batches of 32": {
        "G": [375.6, 388.5, 379.9, 376.6, 400.6],
        "average": [400.9, 435.9, 371.0, 418.1, 421.3],
    },
    "+ no batch norm in D": {
        "G": [280.4, 235.3, 211.5, 237.3, 287.3],
        "average": [230.8, 227.9, 230.7, 224.8, 275.2],
    },
    "+ the other Adam": {
        "G": [182.2, 170.4, 207.6, 145.6, 142.2],
        "average": [103.7, 109.9, 99.8, 104.1, 106.4],
    },
    "+ R1": {"G": [198.5, 121.3, 137.1, 140.1, 137.3], "average": [105.2, 98.9, 94.3, 106.6, 95.4]},
}
"""Recipe -> distances of G and of its average, one for each of the seeds 0 to 4."""
