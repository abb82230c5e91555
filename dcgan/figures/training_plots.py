"""The figures of a training run of faces."""

import numpy as np

from dcgan.figures import sheets
from gan_core.app import plots


def curves(rows, epochs, path) -> None:
    """Losses and D's answers over rounds, and the distance to held-aside faces over epochs.

    rows: as `RunFolder.rows` gives them;  epochs: the columns of epochs.csv.
    """
    figure = plots.loss_curves(rows)
    levels = [name for name in epochs if name.startswith("distance_") and name != "distance_mean"]
    figure.set_size_inches(15, 3.6)
    axes = figure.add_subplot(1, 3, 3)
    for spec, other in zip(axes.get_gridspec(), figure.axes, strict=False):
        other.set_subplotspec(spec)
    for name, colour in zip(
        levels, [*plots.OTHERS, "0.45"][: len(levels)], strict=True
    ):  # five at 128 pixels
        level = name.removeprefix("distance_")
        label = "whole faces" if level == "whole" else f"patches at {level} pixels"
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
    best = np.nanargmin(epochs["distance_mean"])
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


def distances_over_epochs(rows, floor: float, path) -> None:
    """The distance to held-aside faces after every epoch, a curve for each recipe.

    Args:
        rows: recipe -> the columns of its epochs.csv; seven recipes at most, the best one last.
        floor: the distance of real to real faces.
        path: the file to write.
    """
    plots.use_style()
    figure, axes = plots.plt.subplots(figsize=(8, 4))
    colours = [
        *["0.45", *plots.OTHERS, "0.1"][: len(rows) - 1],
        plots.FAKE,
    ]  # the last recipe is the one that is kept
    for (name, row), colour in zip(rows.items(), colours, strict=True):
        axes.plot(row["epoch"], row["distance_mean"], color=colour, marker="o", ms=4, label=name)
    axes.axhline(floor, color=plots.REAL, ls="--", label="real against real")
    axes.set(xlabel="epoch", ylabel="distance to held-aside faces", ylim=(0, None))
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    plots.save(figure, path)


def faces_of_recipes(rows, path, each: int = 12) -> None:
    """rows: recipe -> its faces [n, S, S, 3]: a line of `each` a recipe, of the same noise."""
    plots.use_style()
    figure, axes = plots.plt.subplots(len(rows), 1, figsize=(each * 0.8, len(rows) * 1.05))
    for one, (name, row) in zip(axes, rows.items(), strict=True):
        one.imshow(sheets.sheet(row["faces"][:each], columns=each))
        one.set_title(name, loc="left")
        one.axis("off")
    plots.save(figure, path)
