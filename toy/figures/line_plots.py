"""The figures of chapters 3 and 4: numbers on a line. Each function draws one figure and saves it at `path`."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from gan_core.app import plots


def snapshots(path, games, columns):
    """A row a game, a column a moment: histograms, D over x, and D* where it is known.

    games: title -> looks, each value over the looks: step [n], fake [n, m], d [n, k] and
    perhaps best_d;  and x [k], real [m] once.  columns: which looks.
    """
    plots.use_style()
    figure, axes = plt.subplots(
        len(games),
        len(columns),
        figsize=(3.2 * len(columns), 2.3 * len(games) + 0.9),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for row, (title, looks) in zip(axes, games.items(), strict=True):
        for ax, i in zip(row, columns, strict=True):
            plots.histograms(
                ax, looks["real"], looks["fake"][i], 45, (looks["x"][0], looks["x"][-1])
            )
            plots.discriminator(
                ax, looks["x"], looks["d"][i], looks["best_d"][i] if "best_d" in looks else None
            )
            ax.set(title=f"round {looks['step'][i]:,}", ylim=(0, 1.05), xlabel="", ylabel="")
        row[0].set_ylabel(title)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    for ax in axes[-1]:
        ax.set_xlabel("x")
    return plots.save(figure, path)


def path_to_the_data(path, games, mean, sd):
    """The mean and the sd of G's samples over the rounds. games: title -> looks."""
    plots.use_style()
    figure, axes = plt.subplots(1, 2, figsize=(11, 3.8))
    for (title, looks), colour, style in zip(
        games.items(), plots.OTHERS, ("-", "-", "-."), strict=False
    ):
        for ax, name in zip(axes, ("mean", "sd"), strict=True):
            ax.plot(
                looks["step"], looks[name], color=colour, ls=style, label=title.replace("\n", ", ")
            )
    for ax, name, truth in zip(axes, ("mean", "sd"), (mean, sd), strict=True):
        ax.axhline(truth, color=plots.REAL, ls="--", label="the data's")
        ax.set(xlabel="round", ylabel=f"{name} of the generated samples")
    axes[1].set_yscale("log")
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(games) + 1
    )
    return plots.save(figure, path)


def one_half(path, runs):
    """runs: title -> (looks, kept). The average of D, the accuracy, and the distance that they do not show."""
    plots.use_style()
    figure, axes = plt.subplots(
        2, len(runs), figsize=(4.2 * len(runs), 5.4), sharex="col", sharey="row", squeeze=False
    )
    for (title, (looks, kept)), (top, bottom) in zip(runs.items(), axes.T, strict=True):
        step = looks["step"]
        average = 0.5 * (looks["d_real"] + looks["d_fake"])
        top.plot(step, average, color=plots.OTHERS[1], label="average of D over both sets")
        top.plot(step, looks["accuracy"], color=plots.OTHERS[0], ls="--", label="accuracy of D")
        bottom.semilogy(
            step, looks["distance"], color=plots.FAKE, label="distance of G from the data"
        )
        top.axhline(0.5, color="0.4", lw=1, ls=":")
        for ax, value in ((top, average[kept]), (bottom, looks["distance"][kept])):
            ax.axvline(step[kept], color="0.6", lw=1)
            ax.plot(step[kept], value, "o", ms=8, color="black", label="what the lab's rule keeps")
        top.set(title=title, ylim=(-0.05, 1.05))
        bottom.set_xlabel("round")
    axes[0, 0].set_ylabel("D")
    axes[1, 0].set_ylabel("Wasserstein-2")
    handles, labels = (
        [*a, *b]
        for a, b in zip(*(ax.get_legend_handles_labels() for ax in axes[:, 0]), strict=True)
    )
    figure.legend(handles[:-1], labels[:-1], loc="outside lower center", ncols=2)
    return plots.save(figure, path)


def densities_over_time(path, games, centers, head_start):
    """Above, the density of G's samples, a column a look; below, the last of them beside the data, and D.

    games: title -> looks, with x [k] and real [m].
    """
    plots.use_style()
    figure, axes = plt.subplots(
        2, len(games), figsize=(3.3 * len(games), 6.0), sharey="row", squeeze=False
    )
    shades = LinearSegmentedColormap.from_list("generated", ["white", plots.FAKE, "#5A2500"])
    for (title, looks), (top, bottom) in zip(games.items(), axes.T, strict=True):
        x, step = looks["x"], looks["step"]
        edges = np.linspace(x[0], x[-1], 101)
        columns = (
            np.stack([np.histogram(fake, edges)[0] for fake in looks["fake"]])
            / looks["fake"].shape[1]
        )
        top.imshow(
            np.sqrt(columns.T),
            origin="lower",
            aspect="auto",
            cmap=shades,
            vmin=0.0,
            vmax=0.5,
            extent=(0, step[-1], x[0], x[-1]),
        )
        for center in centers:
            top.axhline(
                center,
                color=plots.REAL,
                lw=1,
                ls="--",
                label="a mode of the data" * (center == centers[0]),
            )
        if head_start:
            top.axvline(head_start, color="0.4", lw=1, ls=":", label="G may move from here on")
        top.set(title=title, xlabel="round")
        top.grid(False)
        plots.histograms(bottom, looks["real"], looks["fake"][-1], 45, (x[0], x[-1]))
        plots.discriminator(bottom, x, looks["d"][-1])
        bottom.set(ylim=(0, 1.05), ylabel="")
    axes[0, 0].set_ylabel("x, with the density\nof G's samples as shade")
    axes[1, 0].set_ylabel("after the last round")
    both = [axes[row, 0].get_legend_handles_labels() for row in (0, 1)]
    figure.legend(
        [h for handles, _ in both for h in handles],
        [text for _, labels in both for text in labels],
        loc="outside lower center",
        ncols=6,
    )
    return plots.save(figure, path)


def what_is_reported(path, games, head_start):
    """G's gradient, D(G(z)), G's loss and W1 over the rounds. games: title "loss, optimizer" -> looks."""
    plots.use_style()
    figure, axes = plt.subplots(2, 2, figsize=(11, 6.6), sharex=True)
    losses = list(dict.fromkeys(title.rsplit(", ", 1)[0] for title in games))
    colours = dict(zip(losses, (plots.OTHERS * len(losses))[: len(losses)], strict=True))
    shown = {
        "g_gradient_norm": "size of G's gradient",
        "d_fake": "mean D(G(z))",
        "g_loss": "G's loss",
        "distance": "Wasserstein-1 from the data",
    }
    for ax, (name, label) in zip(axes.flat, shown.items(), strict=True):
        for title, looks in games.items():
            style = "--" if title.endswith("Adam") else "-"
            ax.plot(
                looks["step"],
                looks[name],
                color=colours[title.rsplit(", ", 1)[0]],
                ls=style,
                label=title,
            )
        ax.set_ylabel(label)
        if head_start:
            ax.axvline(head_start, color="0.4", lw=1, ls=":")
        if name != "g_loss":
            ax.set_yscale("log")
    for ax in axes[1]:
        ax.set_xlabel("round")
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=len(games)
    )
    return plots.save(figure, path)
