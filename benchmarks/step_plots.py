"""The figure of measured steps: how the cost grows with the batch."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import seaborn

from gan_core.app import plots

COLOURS = ("#000000", *plots.OTHERS)  # not those of real and generated
LINES = ("-", "--", ":", "-.", (0, (5, 1)), (0, (1, 4)))
MARKERS = "osD^vP"  # a line through one batch alone is not seen


def by_batch(rows: list[dict[str, Any]], path: Path) -> Any:
    """Milliseconds a round on the left, images a second on the right.

    Every precision has a colour, and every label within it a kind of line and of marker.

    Args:
        rows: rows of `train_step`, each with a label.
        path: the picture file.
    """
    plots.use_style()
    figure, (cost, speed) = plt.subplots(1, 2, figsize=(11, 4.2))
    precisions = dict.fromkeys(row["precision"] for row in rows)
    for precision, colour in zip(precisions, COLOURS, strict=False):
        labels = dict.fromkeys(row["label"] for row in rows if row["precision"] == precision)
        looks = zip(itertools.cycle(LINES), itertools.cycle(MARKERS))
        for label, (line, marker) in zip(labels, looks, strict=False):
            some = [row for row in rows if row["label"] == label]
            some.sort(key=lambda row: row["batch_size"])
            look = {"color": colour, "ls": line, "marker": marker}
            _line(cost, some, _milliseconds, label, look)
            _line(speed, some, _images_a_second, label, look)
    sizes = sorted({row["batch_size"] for row in rows})
    for axis, name in ((cost, "milliseconds a round"), (speed, "images a second")):
        axis.set_xscale("log", base=2)
        axis.set_xticks(sizes, [str(size) for size in sizes], minor=False)
        axis.set(xlabel="images in a batch", ylabel=name, ylim=(0, None))
    speed.legend(fontsize="small", loc="lower right")  # where no line is: they are nearly level
    device = rows[0]["machine"]["device"]
    figure.suptitle(f"One round of the DCGAN on {device}: medians and quartiles", fontsize="medium")
    seaborn.despine(figure)
    return plots.save(figure, path)


def _milliseconds(row: dict[str, Any], seconds: float) -> float:
    return 1e3 * seconds


def _images_a_second(row: dict[str, Any], seconds: float) -> float:
    return row["batch_size"] / seconds


def _line(
    axis: Any,
    rows: list[dict[str, Any]],
    value: Callable[[dict[str, Any], float], float],
    label: str,
    look: dict[str, Any],
) -> None:
    """The medians as a line, and the quartiles as a bar through each."""
    batches = [row["batch_size"] for row in rows]
    medians = [value(row, row["seconds"]) for row in rows]
    axis.plot(batches, medians, ms=5, label=label, **look)
    lows = []
    highs = []
    for row in rows:
        low, high = sorted(value(row, seconds) for seconds in row["quartiles"])
        lows.append(low)
        highs.append(high)
    axis.vlines(batches, lows, highs, color=look["color"], lw=3, alpha=0.5)
