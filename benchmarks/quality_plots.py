"""The figure of `benchmarks.quality`: how good faces are after so many minutes."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import seaborn
from matplotlib.ticker import ScalarFormatter

from gan_core.app import plots

COLOURS = ("#000000", *plots.OTHERS, "#999999")  # not those of real and generated


def over_minutes(measured: list[dict[str, Any]], path: Path) -> Any:
    """The Fréchet distance over the minutes of training, a line for each contestant.

    Args:
        measured: rows of `benchmarks.quality`, in the order of the minutes.
        path: the picture file.
    """
    plots.use_style()
    names = list(dict.fromkeys(row["contestant"] for row in measured))
    figure, axis = plt.subplots(figsize=(7, 4.2))
    seaborn.lineplot(
        {
            "minutes": [row["minutes"] for row in measured],
            "distance": [row["Fréchet distance"] for row in measured],
            "contestant": [row["contestant"] for row in measured],
        },
        x="minutes",
        y="distance",
        hue="contestant",
        style="contestant",
        markers=True,
        dashes=True,
        palette=dict(zip(names, itertools.cycle(COLOURS), strict=False)),
        ax=axis,
    )
    axis.set(
        xlabel="minutes of training", ylabel="Fréchet distance (lower is better)", yscale="log"
    )
    axis.yaxis.set_major_formatter(ScalarFormatter())
    axis.yaxis.set_minor_formatter(ScalarFormatter())
    seaborn.despine(figure)
    return plots.save(figure, path)
