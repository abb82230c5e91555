"""What `python -m dcgan.ch09_training --seeds 5` measured: the distances behind its last table."""

DISTANCES = {
    "Radford et al.": {
        "G": [719.22, 714.61, 704.2, 736.86, 754.09],
        "average": [749.64, 751.19, 749.1, 754.3, 775.55],
    },
    "+ batches of 32": {
        "G": [375.59, 388.5, 379.92, 376.57, 400.62],
        "average": [400.87, 435.94, 371.0, 418.07, 421.32],
    },
    "+ no batch norm in D": {
        "G": [280.44, 235.25, 211.48, 237.31, 287.3],
        "average": [230.81, 227.94, 230.72, 224.8, 275.22],
    },
    "+ the other Adam": {
        "G": [182.17, 170.35, 207.59, 145.61, 142.15],
        "average": [103.68, 109.91, 99.81, 104.1, 106.36],
    },
    "+ R1": {
        "G": [198.48, 121.25, 137.13, 140.13, 137.31],
        "average": [105.15, 98.93, 94.33, 106.57, 95.43],
    },
}
"""Recipe -> distances of G and of its average, one for each of the seeds 0 to 4."""
