"""The figures of a training run of faces."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dcgan.figures import sheets
from dcgan.lessons.kept_results import mean_and_error
from gan_core.app import plots


def curves(
    rows: dict[str, np.ndarray], epochs: dict[str, np.ndarray], path: str | os.PathLike
) -> None:
    """Draw losses and D's outputs over rounds, and the distance to held-out faces over epochs.

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
        xlabel="epoch", ylabel="sliced Wasserstein distance\nto held-out faces", ylim=(0, None)
    )
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(
        fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False
    )
    plots.save(figure, path)


def faces_and_curves(runs: dict[str, dict]) -> Figure:
    """A row for each training: faces, both losses, and D's outputs for real and generated faces.

    Args:
        runs: title -> {"faces": uint8 [>= 16, S, S, 3], "rows": name -> array [rounds]}.
    """
    plots.use_style()
    figure, axes = plt.subplots(
        len(runs), 3, figsize=(13, 2.1 * len(runs) + 0.3), width_ratios=(2.2, 1, 1), squeeze=False
    )
    for (faces, loss, answers), (title, run) in zip(axes, runs.items(), strict=True):
        faces.imshow(sheets.sheet(run["faces"][:16], columns=8), interpolation="nearest")
        faces.set_title(title, loc="left")
        faces.set(xticks=[], yticks=[])
        faces.grid(False)
        _draw_losses(loss, run["rows"])
        _draw_answers(answers, run["rows"])
    for bottom in axes[-1, 1:]:
        bottom.set_xlabel("round")
    for top in axes[0, 1:]:
        top.legend(
            loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize="small", frameon=False
        )
    return figure


def _draw_losses(axes: Axes, rows: dict[str, np.ndarray]) -> None:
    rounds = np.arange(1, len(rows["d_loss"]) + 1)
    axes.plot(rounds, rows["d_loss"], color=plots.REAL, lw=1, label="D's loss")
    axes.plot(rounds, rows["g_loss"], color=plots.FAKE, lw=1, label="G's loss")
    axes.axhline(math.log(4.0), color="0.4", lw=1, ls=":", label="log 4")
    axes.set(ylabel="loss", ylim=(0, None))


def _draw_answers(axes: Axes, rows: dict[str, np.ndarray]) -> None:
    rounds = np.arange(1, len(rows["d_real"]) + 1)
    axes.plot(rounds, rows["d_real"], color=plots.REAL, lw=1, label="D(x)")
    axes.plot(rounds, rows["d_fake"], color=plots.FAKE, lw=1, label="D(G(z))")
    axes.axhline(0.5, color="0.4", lw=1, ls=":", label="cannot tell")
    axes.set(ylabel="probability of real", ylim=(-0.04, 1.04))


def distances_of_seeds(found: dict[str, dict[str, Sequence[float]]], floor: float) -> Figure:
    """The distances of each row of an ablation: a dot a seed, and their mean ± standard error.

    Args:
        found: row -> {"G": distances [seeds], "average": distances [seeds]}.
        floor: the distance of real to real faces.
    """
    plots.use_style()
    figure, axes = plt.subplots(figsize=(9, 0.55 * len(found) + 1.4))
    kinds = (("G", plots.FAKE, -0.14), ("average", plots.OTHERS[0], 0.14))
    for row, distances in enumerate(found.values()):
        for name, colour, shift in kinds:
            values = distances[name]
            place = row + shift
            axes.plot(values, [place] * len(values), "o", ms=4, color=colour, alpha=0.4)
            mean, error = mean_and_error(values)
            axes.errorbar(mean, place, xerr=error, fmt="d", ms=7, color=colour, capsize=3)
    for name, colour, _ in kinds:
        axes.plot([], [], "d", color=colour, label={"G": "G itself"}.get(name, "the average of G"))
    axes.axvline(floor, color=plots.REAL, ls="--", lw=1, label="real against real")
    axes.set_yticks(range(len(found)), list(found))
    axes.invert_yaxis()
    axes.set(xlabel="distance to held-out faces", xlim=(0, None))
    axes.legend(loc="lower right", fontsize="small")
    return figure
