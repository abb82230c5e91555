"""The figures of chapter 10. Each function draws one and saves it at `path`."""

import matplotlib.pyplot as plt
import numpy as np
import seaborn

from gan_core.app import plots


def shell(path, samples, walks: dict):
    """The norms of samples of the prior [N] as a histogram; below, those of each walk:
    title -> [n].
    """
    plots.use_style()
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(9, 5.2), sharex=True, height_ratios=[1, 1.1]
    )
    top.hist(samples, 60, density=True, histtype="stepfilled", color=plots.FAKE, alpha=0.7)
    top.set(
        ylabel="density",
        title=f"‖z‖ of {len(samples):,} samples of the prior; below, walks (shaded: all samples)",
    )
    for row, norms in enumerate(walks.values()):
        bottom.plot(norms, np.full(len(norms), row), "o", ms=7, color="black", alpha=0.6)
        bottom.axhline(row, color="0.9", lw=1, zorder=0)
    bottom.axvspan(samples.min(), samples.max(), color=plots.FAKE, alpha=0.15, lw=0)
    bottom.set_yticks(range(len(walks)), list(walks))
    bottom.set(xlabel="‖z‖", xlim=(0, None), ylim=(len(walks) - 0.5, -0.5))
    bottom.grid(False)
    return plots.save(figure, path)


def strips(path, rows: dict):
    """A row of faces for each title -> (faces uint8 [n, S, S, 3], norms [n]),
    with ‖z‖ above each face.
    """
    columns = max(len(faces) for faces, _ in rows.values())
    with plt.rc_context({"figure.constrained_layout.use": False}):
        figure, axes = plt.subplots(
            len(rows), columns, figsize=(1.05 * columns, 1.45 * len(rows)), squeeze=False
        )
        figure.subplots_adjust(
            left=0.01,
            right=0.99,
            bottom=0.01,
            top=1.0 - 0.52 / (1.45 * len(rows)),
            wspace=0.06,
            hspace=0.55,
        )
    for line, (title, (faces, norms)) in zip(axes, rows.items(), strict=True):
        for ax in line:
            ax.axis("off")
        for ax, face, norm in zip(line, faces, norms, strict=False):
            ax.imshow(face, interpolation="nearest")
            ax.set_title(f"{norm:.1f}", fontsize=8, pad=2)
        line[0].text(
            0.0, 1.27, title, transform=line[0].transAxes, fontsize=9, weight="bold", va="bottom"
        )
    return plots.save(figure, path)


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
    figure, axes = plt.subplots(1, len(tables), figsize=(6.6 * len(tables), 5.6), squeeze=False)
    for ax, (title, rows) in zip(axes[0], tables.items(), strict=True):
        names = list(rows["a random direction"])
        shares = 100.0 * np.array([[row[name] for name in names] for row in rows.values()])
        seaborn.heatmap(
            shares,
            vmin=0,
            vmax=100,
            cmap="rocket_r",
            annot=True,
            fmt=".0f",
            cbar=False,
            ax=ax,
            xticklabels=names,
            yticklabels=list(rows),
            annot_kws={"size": 9},
        )
        for i, name in enumerate(rows):
            if name in names:
                ax.add_patch(
                    plt.Rectangle((names.index(name), i), 1, 1, fill=False, ec="black", lw=2)
                )
        ax.set(title=title, ylabel="moved along")
        ax.set_xticks(ax.get_xticks(), names, rotation=40, ha="right")
        ax.tick_params(axis="y", rotation=0)
    figure.supxlabel(
        "% of faces in which this changed (framed: became what was asked)", fontsize="medium"
    )
    return plots.save(figure, path)
