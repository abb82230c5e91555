"""The figures of chapter 10. Each function draws one and saves it at `path`."""

import matplotlib.pyplot as plt
import numpy as np
import seaborn
from matplotlib.axes import Axes

from gan_core.app import plots

ROW_HEIGHT = 1.45  # inches of a row of faces with its title
COLUMN_WIDTH = 1.05
TITLE_HEIGHT = 0.52  # of the first row, which needs the room above it
LEVEL_GREY = "0.9"


def shell(path, samples, walks: dict):
    """The norms of samples of the prior [N] as a histogram; below, those of each walk:
    title -> [n].
    """
    plots.use_style()
    figure, panels = plt.subplots(2, 1, figsize=(9, 5.2), sharex=True, height_ratios=[1, 1.1])
    _draw_norms_of_samples(panels[0], samples)
    _draw_norms_of_walks(panels[1], samples, walks)
    return plots.save(figure, path)


def _draw_norms_of_samples(axes: Axes, samples: np.ndarray) -> None:
    axes.hist(samples, 60, density=True, histtype="stepfilled", color=plots.FAKE, alpha=0.7)
    axes.set_ylabel("density")
    axes.set_title(
        f"‖z‖ of {len(samples):,} samples of the prior; below, walks (shaded: all samples)"
    )


def _draw_norms_of_walks(axes: Axes, samples: np.ndarray, walks: dict) -> None:
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
    axes.grid(False)


def strips(path, rows: dict):
    """A row of faces for each title -> (faces uint8 [n, S, S, 3], norms [n]),
    with ‖z‖ above each face.
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
        faces, norms = rows[title]
        _draw_row(panels_of_row, title, faces, norms)
    return plots.save(figure, path)


def _draw_row(panels: np.ndarray, title: str, faces: np.ndarray, norms: np.ndarray) -> None:
    """A face in each panel, from the left; a panel without a face stays empty."""
    for panel in panels:
        panel.axis("off")
    for panel, face, norm in zip(panels, faces, norms, strict=False):
        panel.imshow(face, interpolation="nearest")
        panel.set_title(f"{norm:.1f}", fontsize=8, pad=2)
    first = panels[0]
    first.text(0.0, 1.27, title, transform=first.transAxes, fontsize=9, weight="bold", va="bottom")


def by_norm(path, radii, distances, floor, on_the_shell):
    """The distance to drawn faces [R] over ‖z‖ [R]; the floor; the shell's (low, high) shaded."""
    plots.use_style()
    figure, axes = plt.subplots(figsize=(7, 3.8))
    axes.axvspan(*on_the_shell, color="0.88", lw=0, label="the prior's shell, ± 2 sd")
    axes.plot(radii, distances, "o-", color=plots.FAKE, label="generated faces, ‖z‖ set to this")
    axes.axhline(floor, color=plots.REAL, ls="--", label="other drawn faces")
    axes.set(
        xlabel="‖z‖",
        ylabel="sliced Wasserstein distance\nto drawn faces",
        xlim=(0, None),
        ylim=(0, None),
    )
    axes.legend()
    return plots.save(figure, path)


def changes(path, tables: dict):
    """title -> the table of `effects.changes`: what was moved down the side,
    what changed along the top, in %.
    """
    plots.use_style()
    figure, panels = plt.subplots(1, len(tables), figsize=(6.6 * len(tables), 5.6), squeeze=False)
    for axes, (title, rows) in zip(panels[0], tables.items(), strict=True):
        _draw_table(axes, rows)
        axes.set(title=title, ylabel="moved along")
    label = "% of faces in which this changed (framed: became what was asked)"
    figure.supxlabel(label, fontsize="medium")
    return plots.save(figure, path)


def _draw_table(axes: Axes, rows: dict) -> None:
    """moved along -> {factor: share that changed}, as a map in %; a factor's own cell is framed."""
    factors = list(rows["a random direction"])
    percent = np.zeros([len(rows), len(factors)])
    for i, changed in enumerate(rows.values()):
        percent[i] = [100.0 * changed[factor] for factor in factors]
    seaborn.heatmap(
        percent,
        vmin=0,
        vmax=100,
        cmap="rocket_r",
        annot=True,
        fmt=".0f",
        cbar=False,
        ax=axes,
        xticklabels=factors,
        yticklabels=list(rows),
        annot_kws={"size": 9},
    )
    for i, moved_along in enumerate(rows):
        if moved_along in factors:
            corner = (factors.index(moved_along), i)
            axes.add_patch(plt.Rectangle(corner, 1, 1, fill=False, ec="black", lw=2))
    axes.set_xticks(axes.get_xticks(), factors, rotation=40, ha="right")
    axes.tick_params(axis="y", rotation=0)
