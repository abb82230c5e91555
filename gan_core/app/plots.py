"""The colours and the few figures that all chapters share.

In every figure of the project real data are blue and generated data vermilion. Both colours are
from the palette of Okabe and Ito, which people with any colour vision can tell apart.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gan_core.app import command_line, pages

REAL = "#0072B2"  # blue
FAKE = "#D55E00"  # vermilion
DISCRIMINATOR = "#000000"  # D, and D* dashed
OTHERS = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # further curves: green, purple, orange, sky


def use_style() -> None:
    """Set the style of all figures: white, a light grid, readable at half size."""
    seaborn.set_theme(
        context="notebook",
        style="whitegrid",
        palette=[REAL, FAKE, *OTHERS],
        rc={
            "figure.dpi": 110,
            "savefig.dpi": 110,
            "figure.constrained_layout.use": True,
            "axes.titlesize": "medium",
            "legend.frameon": True,
        },
    )


def show(figure: Figure, path: str | os.PathLike[str], *, caption: str, alt: str) -> None:
    """Write a figure as PNG; a notebook or a page of the book also shows it with its caption.

    Args:
        figure: the figure; it is closed.
        path: the file; missing folders are made.
        caption: begins with the figure's number, such as "Figure 3.2. ...".
        alt: a description of the figure, for those who cannot see it.
    """
    path = _write(figure, path, metadata={"Title": caption, "Description": alt})
    plt.close(figure)
    show_file(path, caption=caption, alt=alt)


def show_file(path: str | os.PathLike[str], *, caption: str, alt: str) -> None:
    """Show a picture, an animation (.gif) or a player (.html) that was written before.

    In a terminal its path and its caption are printed.

    Args:
        path: the file.
        caption: begins with the figure's number, such as "Figure 3.2. ...".
        alt: a description of what it shows, for those who cannot see it.
    """
    path = Path(path)
    if not pages.in_notebook():
        command_line.say(f"wrote {path}: {caption}")
    elif path.suffix.lower() == ".html":
        pages.display(pages.player(path, caption, alt))
    else:
        pages.display(pages.picture(path, caption, alt))


def save(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure as PNG, print its path, and close it; a notebook keeps it open and shows it.

    Args:
        figure: the figure.
        path: the file; missing folders are made.
    Returns:
        The path.
    """
    path = _write(figure, path)
    if "inline" not in plt.get_backend():
        plt.close(figure)
    command_line.say(f"wrote {path}")
    return path


def _write(figure: Figure, path: str | os.PathLike[str], **options: Any) -> Path:
    """Write a figure as PNG, completely or not at all: an older file stays if the disk is full."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        figure.savefig(unfinished, format="png", **options)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def loss_curves(rows: Mapping[str, np.ndarray], title: str = "") -> Figure:
    """Draw both losses (left) and D's mean output for real and generated samples (right).

    Args:
        rows: the rows that `fit` returns: `step`, `d_loss`, `g_loss`, and either `d_real` and
            `d_fake`, mean probabilities, or `d_score_real` and `d_score_fake`, mean logits.
        title: the title of the left picture.
    Returns:
        The figure.
    """
    use_style()
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
    left.plot(rows["step"], rows["d_loss"], color=REAL, lw=1, label="D's loss")
    left.plot(rows["step"], rows["g_loss"], color=FAKE, lw=1, label="G's loss")
    left.set(xlabel="round", ylabel="loss", title=title)
    left.legend()
    if "d_real" in rows:
        right.plot(rows["step"], rows["d_real"], color=REAL, lw=1, label="D(x), real")
        right.plot(rows["step"], rows["d_fake"], color=FAKE, lw=1, label="D(G(z)), generated")
        right.axhline(0.5, color="0.4", lw=1, ls=":", label="cannot tell")
        right.set(xlabel="round", ylabel="mean probability of real", ylim=(0, 1))
    else:
        right.plot(rows["step"], rows["d_score_real"], color=REAL, lw=1, label="real")
        right.plot(rows["step"], rows["d_score_fake"], color=FAKE, lw=1, label="generated")
        right.set(xlabel="round", ylabel="mean logit of D")
    right.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=3, fontsize="small", frameon=False
    )
    return figure


def histograms(
    axes: Axes,
    real: np.ndarray,
    fake: np.ndarray,
    bins: int = 60,
    span: tuple[float, float] | None = None,
) -> None:
    """Draw the densities of real and generated numbers, with the same bins.

    Args:
        axes: where to draw.
        real: numbers [n].
        fake: numbers [m].
        bins: how many.
        span: the two ends of the bins; None: the smallest and the largest number. Numbers outside
            are not drawn, but they count in the densities.
    """
    if span is None:
        span = (min(np.min(real), np.min(fake)), max(np.max(real), np.max(fake)))
    low, high = span
    edges = np.linspace(low, high, bins + 1)
    for numbers, colour, label in ((real, REAL, "real"), (fake, FAKE, "generated")):
        # density=True would not count the numbers outside the span.
        weights = np.full(len(numbers), bins / (len(numbers) * (high - low)))
        axes.hist(numbers, edges.tolist(), weights=weights, color=colour, alpha=0.5, label=label)
    axes.set(xlabel="x", ylabel="density")


def discriminator(
    axes: Axes,
    x: Sequence[float] | np.ndarray,
    learned: np.ndarray,
    best: np.ndarray | None = None,
) -> None:
    """Draw the probability D(x) as a function of x, and a line at one half.

    Args:
        axes: where to draw.
        x: the places, [n].
        learned: D at these places, [n].
        best: the best D at these places, [n], if it is known.
    """
    axes.plot(x, learned, color=DISCRIMINATOR, lw=1.8, label="D, learned")
    if best is not None:
        axes.plot(x, best, color=DISCRIMINATOR, lw=1.2, ls="--", label="D*, the best")
    axes.axhline(0.5, color="0.4", lw=1, ls=":", label="one half: cannot tell")


def legend_below(figure: Figure, axes: Axes, columns: int | None = None) -> None:
    """One legend for all panels of a figure, below them.

    Args:
        figure: the figure.
        axes: the panel that has every line of the legend.
        columns: of the legend; None: all lines stand side by side.
    """
    handles, labels = axes.get_legend_handles_labels()
    columns = len(labels) if columns is None else columns
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def points(axes: Axes, real: np.ndarray, fake: np.ndarray, span: float | None = None) -> None:
    """Draw real and generated points of the plane, with equal scales on both axes.

    Args:
        axes: where to draw.
        real: points [n, 2].
        fake: points [m, 2].
        span: draw from -span to span on both axes; None: as far as the points lie.
    """
    for samples, colour, label in ((real, REAL, "real"), (fake, FAKE, "generated")):
        x, y = np.asarray(samples).T
        axes.scatter(x, y, s=4, lw=0, color=colour, alpha=0.5, label=label)
    axes.set(xlabel="x₁", ylabel="x₂", aspect="equal")
    if span is not None:
        axes.set(xlim=(-span, span), ylim=(-span, span))
