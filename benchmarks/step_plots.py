"""The figure of measured steps: how the cost grows with the batch."""

import itertools

import matplotlib.pyplot as plt
import seaborn

from gan_core.app import plots

COLOURS = ("#000000", *plots.OTHERS)  # not those of real and generated
LINES = ("-", "--", ":", "-.", (0, (5, 1)), (0, (1, 4)))
MARKERS = "osD^vP"  # a line through one batch alone is not seen


def by_batch(rows: list[dict], path):
    """Rows of `train_step`, each with a label: milliseconds a round on the left, images a second on the right.

    A colour for each precision, a kind of line and of marker for each label within it.
    """
    plots.use_style()
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.2))
    for precision, colour in zip(
        dict.fromkeys(row["precision"] for row in rows), COLOURS, strict=False
    ):
        labels = dict.fromkeys(row["label"] for row in rows if row["precision"] == precision)
        for label, line, marker in zip(labels, itertools.cycle(LINES), itertools.cycle(MARKERS)):
            some = sorted(
                (row for row in rows if row["label"] == label), key=lambda row: row["batch_size"]
            )
            _lines(axes, some, label, {"color": colour, "ls": line, "marker": marker})
    for axis, name in zip(axes, ("milliseconds a round", "images a second"), strict=True):
        sizes = sorted({row["batch_size"] for row in rows})
        axis.set_xscale("log", base=2)
        axis.set_xticks(sizes, [str(size) for size in sizes], minor=False)
        axis.set(xlabel="images in a batch", ylabel=name, ylim=(0, None))
    axes[1].legend(
        fontsize="small", loc="lower right"
    )  # images a second hardly grow from batch to batch
    device = rows[0]["machine"]["device"]
    figure.suptitle(f"One round of the DCGAN on {device}: medians and quartiles", fontsize="medium")
    seaborn.despine(figure)
    return plots.save(figure, path)


def _lines(axes, rows, label, look):
    batch = [row["batch_size"] for row in rows]
    for axis, value in zip(
        axes, (lambda row, s: 1e3 * s, lambda row, s: row["batch_size"] / s), strict=True
    ):
        middle = [value(row, row["seconds"]) for row in rows]
        ends = [sorted(value(row, s) for s in row["quartiles"]) for row in rows]
        axis.plot(batch, middle, ms=5, label=label, **look)
        axis.vlines(
            batch,
            [low for low, _ in ends],
            [high for _, high in ends],
            color=look["color"],
            lw=3,
            alpha=0.5,
        )
