"""The names of a judge's measures, in tables and as columns of a run's epochs.csv.

This file imports nothing, so that a run folder can be read without TensorFlow.
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


def column(name: str) -> str:
    """The name in epochs.csv of a judge's measure.

    Args:
        name: as the judge calls it.
    """
    if name in COLUMNS:
        return COLUMNS[name]
    if name.startswith("patches at "):
        return f"distance_{name.split()[2]}"
    return name.replace(" ", "_")


def measure(column: str) -> str:
    """What a column of epochs.csv is called in a table: the inverse of `column`.

    Args:
        column: its name in the file.
    """
    for name, other in COLUMNS.items():
        if other == column:
            return name
    level = column.removeprefix("distance_")
    if level != column and level.isdigit():
        return f"patches at {level} pixels"
    return column.replace("_", " ")
