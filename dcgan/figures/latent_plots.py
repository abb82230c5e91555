"""The figures of chapter 10. Each function draws one and returns it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gan_core.app import plots

ROW_HEIGHT = 1.45  # inches of a row of faces with its title
COLUMN_WIDTH = 1.05
TITLE_HEIGHT = 0.52  # of the first row, which needs the room above it
LEVEL_GREY = "0.9"
SHELL_GREY = "0.88"
LINE = plots.FAKE
ARC = plots.REAL
PATHS = {"lerp": LINE, "slerp": ARC}


def shell(samples: np.ndarray, walks: dict[str, np.ndarray]) -> Figure:
    """The norms of samples of the prior as a histogram; below, those of each walk.

    Args:
        samples: norms [N].
        walks: title -> norms [n].

    Returns:
        The figure.
    """
    plots.use_style()
    figure, panels = plt.subplots(2, 1, figsize=(9, 5.2), sharex=True, height_ratios=[1, 1.1])
    _draw_norms_of_samples(panels[0], samples)
    _draw_norms_of_walks(panels[1], samples, walks)
    return figure


def _draw_norms_of_samples(axes: Axes, samples: np.ndarray) -> None:
    axes.hist(samples, 60, density=True, histtype="stepfilled", color=plots.FAKE, alpha=0.7)
    axes.set_ylabel("density")
    axes.set_title(f"‖z‖ of {len(samples):,} samples of the prior")


def _draw_norms_of_walks(axes: Axes, samples: np.ndarray, walks: dict[str, np.ndarray]) -> None:
    """A line of dots for each walk, from top to bottom, over the range of the samples."""
    axes.axvspan(samples.min(), samples.max(), color=plots.FAKE, alpha=0.15, lw=0)
    for level, norms in enumerate(walks.values()):
        axes.axhline(level, color=LEVEL_GREY, lw=1, zorder=0)
        levels = np.full(len(norms), level)
        axes.plot(norms, levels, "o", ms=7, color="black", alpha=0.6)
    axes.set_yticks(range(len(walks)), list(walks))
    axes.set_ylim(len(walks) - 0.5, -0.5)  # the first walk on top
    axes.set_xlim(0, None)
    axes.set_xlabel("‖z‖")
    axes.set_title("walks (shaded: where all samples lie)")
    axes.grid(False)


def strips(rows: dict[str, tuple[np.ndarray, list[str]]]) -> Figure:
    """A row of faces for each title, with a word above each face.

    Args:
        rows: title -> (faces uint8 [n, S, S, 3], n words).

    Returns:
        The figure.
    """
    columns = max(len(faces) for faces, _ in rows.values())
    height = ROW_HEIGHT * len(rows)
    with plt.rc_context({"figure.constrained_layout.use": False}):
        figure, panels = plt.subplots(
            len(rows), columns, figsize=(COLUMN_WIDTH * columns, height), squeeze=False
        )
        top = 1.0 - TITLE_HEIGHT / height
        figure.subplots_adjust(
            left=0.01, right=0.99, bottom=0.01, top=top, wspace=0.06, hspace=0.55
        )
    for panels_of_row, title in zip(panels, rows, strict=True):
        faces, words = rows[title]
        _draw_row(panels_of_row, title, faces, words)
    return figure


def _draw_row(panels: np.ndarray, title: str, faces: np.ndarray, words: list[str]) -> None:
    """A face in each panel, from the left; a panel without a face stays empty."""
    for panel in panels:
        panel.axis("off")
    for panel, face, word in zip(panels, faces, words, strict=False):
        panel.imshow(face, interpolation="nearest")
        panel.set_title(word, fontsize=8, pad=2)
    first = panels[0]
    first.text(0.0, 1.27, title, transform=first.transAxes, fontsize=9, weight="bold", va="bottom")


def by_norm(
    radii: np.ndarray, distances: np.ndarray, floor: float, on_the_shell: tuple[float, float]
) -> Figure:
    """The distance to drawn faces as a function of ‖z‖.

    Args:
        radii: norms [R].
        distances: the distance of the faces with each norm, [R].
        floor: the distance of other drawn faces.
        on_the_shell: the lowest and the highest norm that are shaded.

    Returns:
        The figure.
    """
    plots.use_style()
    figure, axes = plt.subplots(figsize=(7, 3.8))
    axes.axvspan(*on_the_shell, color=SHELL_GREY, lw=0, label="the prior's shell, ± 2 sd")
    axes.plot(radii, distances, "o-", color=plots.FAKE, label="generated faces, ‖z‖ set to this")
    axes.axhline(floor, color=plots.REAL, ls="--", label="other drawn faces (the floor)")
    axes.set(
        xlabel="‖z‖",
        ylabel="sliced Wasserstein distance\nto drawn faces",
        xlim=(0, None),
        ylim=(0, None),
    )
    axes.legend()
    return figure


def two_paths(
    plane: dict[str, np.ndarray],
    t: np.ndarray,
    norms: dict[str, np.ndarray],
    on_the_shell: tuple[float, float],
) -> Figure:
    """The straight line and the arc between two samples, and how long z is on each.

    Args:
        plane: "lerp" and "slerp" -> the path's points [T, 2] in the plane of 0 and both samples.
        t: [T].
        norms: "lerp" and "slerp" -> norms [pairs, T] of the same paths between many samples.
        on_the_shell: the lowest and the highest norm that are shaded.

    Returns:
        The figure.
    """
    plots.use_style()
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.6), width_ratios=[1, 1.15])
    _draw_plane(left, plane, on_the_shell)
    _draw_norms_along(right, t, norms, on_the_shell)
    return figure


def _draw_plane(
    axes: Axes, plane: dict[str, np.ndarray], on_the_shell: tuple[float, float]
) -> None:
    low, high = on_the_shell
    axes.add_patch(plt.Circle((0, 0), high, color=SHELL_GREY, lw=0, zorder=0))
    axes.add_patch(plt.Circle((0, 0), low, color="white", lw=0, zorder=0))
    for name, points in plane.items():
        axes.plot(points[:, 0], points[:, 1], "o-", ms=4, color=PATHS[name], label=name)
    ends = plane["lerp"][[0, -1]]
    for end, name in zip(ends, ("a", "b"), strict=True):
        axes.annotate(name, end, xytext=1.09 * end, ha="center", va="center", weight="bold")
    axes.plot(0.0, 0.0, "+", color="black", ms=9)
    axes.annotate("0", (0.0, 0.0), xytext=(5, 5), textcoords="offset points")
    limit = 1.15 * high
    axes.set(
        xlim=(-0.3 * limit, limit),
        ylim=(-0.3 * limit, limit),
        aspect="equal",
        title="the plane of 0, a and b (grey: the shell)",
    )
    axes.grid(False)
    axes.legend(loc="lower left")


def _draw_norms_along(
    axes: Axes, t: np.ndarray, norms: dict[str, np.ndarray], on_the_shell: tuple[float, float]
) -> None:
    axes.axhspan(*on_the_shell, color=SHELL_GREY, lw=0, label="the shell, ± 2 sd")
    for name, of_pairs in norms.items():
        low, high = np.quantile(of_pairs, [0.025, 0.975], axis=0)
        axes.fill_between(t, low, high, color=PATHS[name], alpha=0.25, lw=0)
        axes.plot(t, of_pairs.mean(axis=0), color=PATHS[name], label=name)
    axes.set(xlabel="t", ylabel="‖z(t)‖", xlim=(0, 1), ylim=(0, None))
    axes.set_title(f"{len(of_pairs)} pairs: mean, and where 95 % lie")
    axes.legend(loc="lower left")


def changes(tables: dict[str, dict[str, dict[str, float]]]) -> Figure:
    """Which factors change when z is moved along the direction of one.

    Args:
        tables: title -> the table of `effects.changes`.

    Returns:
        The figure: what was moved down the side, what changed along the top, in %.
    """
    plots.use_style()
    figure, panels = plt.subplots(1, len(tables), figsize=(6.6 * len(tables), 5.6), squeeze=False)
    for axes, (title, rows) in zip(panels[0], tables.items(), strict=True):
        _draw_table(axes, rows)
        axes.set(title=title, ylabel="moved along")
    label = "% of faces in which this factor changed (framed: became what was asked)"
    figure.supxlabel(label, fontsize="medium")
    return figure


def _draw_table(axes: Axes, rows: dict[str, dict[str, float]]) -> None:
    """moved along -> {factor: share that changed}, as a map in %; a factor's own cell is framed."""
    factors = list(rows["a random direction"])
    percent = np.zeros([len(rows), len(factors)])
    for i, changed in enumerate(rows.values()):
        percent[i] = [100.0 * changed[factor] for factor in factors]
    words = [factor.replace("_", " ") for factor in factors]
    seaborn.heatmap(
        percent,
        vmin=0,
        vmax=100,
        cmap="rocket_r",
        annot=True,
        fmt=".0f",
        cbar=False,
        ax=axes,
        xticklabels=words,
        yticklabels=[name.replace("_", " ") for name in rows],
        annot_kws={"size": 9},
    )
    for i, moved_along in enumerate(rows):
        if moved_along in factors:
            corner = (factors.index(moved_along), i)
            axes.add_patch(plt.Rectangle(corner, 1, 1, fill=False, ec="black", lw=2))
    axes.set_xticks(axes.get_xticks(), words, rotation=40, ha="right")
    axes.tick_params(axis="y", rotation=0)
