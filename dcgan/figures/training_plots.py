"""The figures of a training run of faces."""

from __future__ import annotations

import os

import numpy as np

from dcgan.figures import sheets
from gan_core.app import plots


def curves(
    rows: dict[str, np.ndarray], epochs: dict[str, np.ndarray], path: str | os.PathLike
) -> None:
    """Losses and D's answers over rounds, and the distance to held-aside faces over epochs.

    Args:
        rows: as `RunFolder.rows` gives them.
        epochs: the columns of epochs.csv.
        path: the file to write.
    """
    figure = plots.loss_curves(rows)
    levels = [name for name in epochs if name.startswith("distance_") and name != "distance_mean"]
    figure.set_size_inches(15, 3.6)
    axes = figure.add_subplot(1, 3, 3)
    for spec, other in zip(axes.get_gridspec(), figure.axes, strict=False):
        other.set_subplotspec(spec)
    colours = [*plots.OTHERS, "0.45"][: len(levels)]  # five at 128 pixels
    for name, colour in zip(levels, colours, strict=True):
        level = name.removeprefix("distance_")
        label = f"patches at {level} pixels"
        if level == "whole":
            label = "whole faces"
        axes.plot(epochs["epoch"], epochs[name], color=colour, lw=1, label=label)
    axes.plot(
        epochs["epoch"],
        epochs["distance_mean"],
        color=plots.FAKE,
        lw=2,
        marker="o",
        ms=3,
        label="mean",
    )
    best = np.nanargmin(epochs.get("combined", epochs["distance_mean"]))
    axes.plot(
        epochs["epoch"][best],
        epochs["distance_mean"][best],
        "k*",
        ms=12,
        label=f"best: epoch {epochs['epoch'][best]:.0f}, {epochs['distance_mean'][best]:.1f}",
    )
    axes.set(
        xlabel="epoch", ylabel="sliced Wasserstein distance\nto held-aside faces", ylim=(0, None)
    )
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(
        fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False
    )
    plots.save(figure, path)


def distances_over_epochs(
    rows: dict[str, dict[str, np.ndarray]], floor: float, path: str | os.PathLike
) -> None:
    """The distance to held-aside faces after every epoch, a curve for each recipe.

    Args:
        rows: recipe -> the columns of its epochs.csv; seven recipes at most, the best one last.
        floor: the distance of real to real faces.
        path: the file to write.
    """
    plots.use_style()
    figure, axes = plots.plt.subplots(figsize=(8, 4))
    others = ["0.45", *plots.OTHERS, "0.1"][: len(rows) - 1]
    colours = [*others, plots.FAKE]  # the last recipe is the one that is kept
    for (name, row), colour in zip(rows.items(), colours, strict=True):
        axes.plot(row["epoch"], row["distance_mean"], color=colour, marker="o", ms=4, label=name)
    axes.axhline(floor, color=plots.REAL, ls="--", label="real against real")
    axes.set(xlabel="epoch", ylabel="distance to held-aside faces", ylim=(0, None))
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    plots.save(figure, path)


def faces_of_recipes(
    rows: dict[str, dict[str, np.ndarray]], path: str | os.PathLike, each: int = 12
) -> None:
    """A line of faces for each recipe, of the same noise.

    Args:
        rows: recipe -> {"faces": uint8 [n, S, S, 3]}.
        path: the file to write.
        each: faces in a line.
    """
    plots.use_style()
    figure, axes = plots.plt.subplots(len(rows), 1, figsize=(each * 0.8, len(rows) * 1.05))
    for one, (name, row) in zip(axes, rows.items(), strict=True):
        one.imshow(sheets.sheet(row["faces"][:each], columns=each))
        one.set_title(name, loc="left")
        one.axis("off")
    plots.save(figure, path)
