"""The figures of chapter 13. Each function draws one and returns it."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gan_core.app import plots

WHEEL = "hsv"  # the colours of labels that lie on a ring
FIELD_SIDE = 121  # points of a field, each way


def grid(span: float, side: int = FIELD_SIDE) -> np.ndarray:
    """Points of a square from -span to span, row by row: [side^2, 2] float64."""
    line = np.linspace(-span, span, side)
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)


def fields(
    parts: dict[str, np.ndarray],
    real: tuple[np.ndarray, np.ndarray],
    fake: tuple[np.ndarray, np.ndarray],
    label: int,
    span: float,
) -> Figure:
    """A panel for each part of a log-odds, with the samples of one label over it.

    The black line is where the part is 0.

    Args:
        parts: title -> its values at the points of `grid(span)`.
        real: points [n, 2] and their labels [n].
        fake: the same for generated points.
        label: whose samples are drawn in strong colours; the others are pale.
        span: half the side of the square.

    Returns:
        The figure.
    """
    plots.use_style()
    figure, panels = plt.subplots(1, len(parts), figsize=(4.4 * len(parts), 4.5), sharey=True)
    largest = 8.0
    for axes, (title, values) in zip(np.atleast_1d(panels), parts.items(), strict=True):
        image = axes.imshow(
            np.clip(values, -largest, largest).reshape(FIELD_SIDE, FIELD_SIDE),
            extent=(-span, span, -span, span),
            origin="lower",
            cmap="PuOr_r",
            vmin=-largest,
            vmax=largest,
            alpha=0.75,
        )
        axes.contour(
            np.reshape(values, [FIELD_SIDE, FIELD_SIDE]),
            [0.0],
            extent=(-span, span, -span, span),
            colors=plots.DISCRIMINATOR,
            linewidths=1,
        )
        for (points, labels), colour in ((real, plots.REAL), (fake, plots.FAKE)):
            own = labels == label
            axes.scatter(*points[~own].T, s=3, lw=0, color=colour, alpha=0.4)
            axes.scatter(*points[own].T, s=9, lw=0, color=colour)
        axes.set(title=title, xlabel="x₁", xlim=(-span, span), ylim=(-span, span), aspect="equal")
        axes.grid(False)
    np.atleast_1d(panels)[0].set_ylabel("x₂")
    figure.colorbar(image, ax=panels, label="part of the log-odds", shrink=0.8)
    return figure


def rings(
    samples: dict[str, tuple[np.ndarray, np.ndarray]], centres: np.ndarray, span: float = 2.8
) -> Figure:
    """A panel for each game: samples in the colours of the labels that they were asked for.

    Args:
        samples: title -> (points [n, 2], labels [n]).
        centres: the centre of each label, [K, 2]; a ring in its colour shows where its data lie.
        span: half the side of a panel.

    Returns:
        The figure.
    """
    plots.use_style()
    figure, panels = plt.subplots(
        1, len(samples), figsize=(4.3 * len(samples), 4.4), sharey=True, squeeze=False
    )
    colours = plt.get_cmap(WHEEL)(np.arange(len(centres)) / len(centres))
    for axes, (title, (points, labels)) in zip(panels[0], samples.items(), strict=True):
        axes.scatter(*centres.T, s=700, facecolors="none", edgecolors=colours, lw=1.5)
        axes.scatter(*points.T, s=5, lw=0, color=colours[labels])
        axes.set(title=title, xlabel="x₁", xlim=(-span, span), ylim=(-span, span), aspect="equal")
    panels[0, 0].set_ylabel("x₂")
    return figure


def corners(
    samples: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]],
    names: Sequence[str],
    span: float = 2.2,
) -> Figure:
    """The samples that were asked for each of four corners, beside the data.

    Args:
        samples: title -> (real points [m, 2], which are grey, generated points [n, 2], the
            numbers [n] of the corners that these were asked for).
        names: the names of the corners.
        span: half the side of a panel.

    Returns:
        The figure.
    """
    plots.use_style()
    figure, panels = plt.subplots(
        1, len(samples), figsize=(4.6 * len(samples), 4.6), sharey=True, squeeze=False
    )
    colours = [plots.FAKE, *plots.OTHERS]
    for axes, (title, (real, points, asked)) in zip(panels[0], samples.items(), strict=True):
        axes.scatter(*real.T, s=4, lw=0, color="0.7", label="data")
        for number, name in enumerate(names):
            own = asked == number
            axes.scatter(*points[own].T, s=6, lw=0, color=colours[number], label=f"asked: {name}")
        axes.set(title=title, xlabel="x₁", xlim=(-span, span), ylim=(-span, span), aspect="equal")
    panels[0, 0].set_ylabel("x₂")
    handles, words = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, words, loc="outside lower center", ncol=3, markerscale=3)
    return figure


def asked_and_read(shares: np.ndarray, names: Sequence[str]) -> Figure:
    """A table of cells: the label that was asked for down the side, what is read along the bottom.

    Args:
        shares: [K, K], each row adds up to 1.
        names: the names of the labels.

    Returns:
        The figure.
    """
    plots.use_style()
    figure, axes = plt.subplots(figsize=(6.2, 4.6))
    image = axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    for row, column in np.ndindex(shares.shape):
        _write_share(axes, row, column, float(shares[row, column]))
    places = np.arange(len(names))
    axes.set_xticks(places, names, rotation=45, ha="right")
    axes.set_yticks(places, names)
    axes.set(xlabel="read by the classifier", ylabel="asked for")
    axes.grid(False)
    figure.colorbar(image, ax=axes, label="share of the faces")
    return figure


def _write_share(axes: Axes, row: int, column: int, share: float) -> None:
    """In percent; a cell of less than half a percent stays empty."""
    if share < 0.005:
        return
    colour = "white" if share > 0.5 else "black"
    axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=colour)


def spreads(curves: dict[str, tuple[Sequence[int], Sequence[float]]], real: float) -> Figure:
    """How varied the faces of one label are, over the rounds.

    Args:
        curves: name -> (rounds, spread within a label).
        real: the spread of real faces.

    Returns:
        The figure.
    """
    plots.use_style()
    figure, axes = plt.subplots(figsize=(7.5, 3.8))
    colours = [plots.FAKE, plots.OTHERS[1]]
    for (name, (rounds, values)), colour in zip(curves.items(), colours, strict=False):
        axes.plot(rounds, values, color=colour, marker="o", ms=4, label=name)
    axes.axhline(real, color=plots.REAL, ls="--", label="real faces of one label")
    axes.set(xlabel="round", ylabel="spread within a label, grey levels", ylim=(0, None))
    axes.legend(loc="lower right", fontsize="small")
    return figure
