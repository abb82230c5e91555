"""The figures of `benchmarks.growth`: logarithmic axes, on which a power is a straight line."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import seaborn

from gan_core.app import plots

COLOURS = ("#000000", *plots.OTHERS)  # not those of real and generated
TIME = "seconds of processor time"
MEMORY = "added memory, bytes"
DISK = "bytes on disk"


@dataclasses.dataclass(frozen=True)
class Panel:
    """A column of a figure: the time of some curves above, their bytes below."""

    title: str
    names: tuple[str, ...]
    bytes_of: str = MEMORY


ROUNDS = (
    Panel("batch", ("round-batch",)),
    Panel("width", ("round-width",)),
    Panel("size", ("round-size",)),
    Panel("latent", ("round-latent",)),
)
WORK = (
    Panel("judging", ("judge-pixels", "judge-features")),
    Panel("data: a batch", ("data-file", "data-memory")),
    Panel("data: the first reading", ("data-zip",)),
    Panel("run folder: an epoch", ("run-folder",), DISK),
)


def of_rounds(found: list[dict[str, Any]], series: dict[str, Any], path: Path) -> Any:
    """What a round costs, by batch, width, size and latent."""
    return _figure(found, series, ROUNDS, path)


def of_work(found: list[dict[str, Any]], series: dict[str, Any], path: Path) -> Any:
    """What judging, data and the run folder cost, by their numbers."""
    return _figure(found, series, WORK, path)


def _figure(
    found: list[dict[str, Any]], series: dict[str, Any], panels: tuple[Panel, ...], path: Path
) -> Any:
    """Two rows of panels.

    Args:
        found: points of `growth` that were measured.
        series: name -> what `growth` says of the curve.
        panels: from left to right.
        path: of the picture.
    """
    plots.use_style()
    figure, axes = plt.subplots(2, len(panels), figsize=(3.1 * len(panels), 5.6), sharex="col")
    for column, panel in enumerate(panels):
        upper, lower = axes[:, column]
        upper.set_title(panel.title)
        _curves(upper, found, panel.names, _seconds, TIME)
        _curves(lower, found, panel.names, _value_of(panel), panel.bytes_of)
        lower.set_xlabel(series[panel.names[0]].grows)
    seaborn.despine(figure)
    return plots.save(figure, path)


def _seconds(row: dict[str, Any]) -> float:
    return row["processor_seconds"]


def _value_of(panel: Panel) -> Any:
    return _on_disk if panel.bytes_of == DISK else _added


def _on_disk(row: dict[str, Any]) -> float:
    return row["disk_bytes"]


def _added(row: dict[str, Any]) -> float:
    return row["memory_bytes"] - (row.get("memory_before_bytes") or 0)


def _curves(
    axis: Any, found: list[dict[str, Any]], names: tuple[str, ...], value: Any, label: str
) -> None:
    """Some curves, and a straight line of slope 1 through the last point of the first of them."""
    axis.set(xscale="log", yscale="log")
    first = None
    for name, colour, marker in zip(names, COLOURS, "os^D", strict=False):
        rows = sorted((row for row in found if row["series"] == name), key=_place)
        if not rows:
            continue
        x = np.array([row["value"] for row in rows], float)
        y = np.maximum([float(value(row)) for row in rows], 1e-9)
        seaborn.lineplot(x=x, y=y, color=colour, marker=marker, label=name, ax=axis)
        if first is None:
            first = (x, y)
    if first is not None:
        x, y = first
        straight = y[-1] * x / x[-1]
        axis.plot(x, straight, color="0.6", ls="--", lw=1, label="in proportion", zorder=0)
        axis.legend(fontsize="x-small")
    axis.set_ylabel(label)


def _place(row: dict[str, Any]) -> int:
    return row["value"]
