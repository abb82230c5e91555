"""What the measures of a judge are called: in tables, and as columns of a run's epochs.csv.

Apart from the judges because it imports nothing, so that a run folder is read without TensorFlow.
"""

from __future__ import annotations

PIXELS = "distance of pixels"
WHOLE = "whole faces"
WHITENED = "patches, whitened"
SPECTRUM = "power spectrum"
GRID = "4 × 4 grid"
FRECHET = "Fréchet distance"

COLUMNS = {
    PIXELS: "distance_mean",
    WHOLE: "distance_whole",
    WHITENED: "whitened_patches",
    SPECTRUM: "power_spectrum",
    GRID: "grid_pattern",
    FRECHET: "frechet",
    "KID": "kid",
}
"""Measure -> column of epochs.csv, where it is not the measure's own name."""


def column(measure: str) -> str:
    """The name in epochs.csv of a judge's measure.

    Args:
        measure: as the judge calls it.
    """
    if measure in COLUMNS:
        return COLUMNS[measure]
    if measure.startswith("patches at "):
        return f"distance_{measure.split()[2]}"
    return measure.replace(" ", "_")
