"""The figures of `benchmarks.growth`: logarithmic axes, on which a power is a straight line."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import seaborn
from matplotlib import ticker

from gan_core.app import plots

COLOURS = ("#000000", *plots.OTHERS)  # not those of real and generated
TIME = "processor time, s"
MEMORY = "added memory, MB"
DISK = "on disk, MB"
MARKERS = "os"
LEAST_SPAN = 30.0
"""An axis shows at least so many times its lower end: what hardly grows should look so."""


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
    figure, axes = plt.subplots(2, len(panels), figsize=(2.8 * len(panels), 5.2), sharex="col")
    for column, panel in enumerate(panels):
        upper, lower = axes[:, column]
        upper.set_title(panel.title)
        amount = _on_disk if panel.bytes_of == DISK else _added
        _curves(upper, found, panel.names, _seconds)
        _curves(lower, found, panel.names, amount)
        upper.set_ylabel(TIME)
        lower.set_ylabel(panel.bytes_of)
        lower.set_xlabel(series[panel.names[0]].grows)
        if upper.has_data():
            upper.legend(fontsize="x-small", loc="best")
    seaborn.despine(figure)
    return plots.save(figure, path)


def _seconds(row: dict[str, Any]) -> float:
    return row["processor_seconds"]


def _on_disk(row: dict[str, Any]) -> float:
    return row["disk_bytes"] / 1e6


def _added(row: dict[str, Any]) -> float:
    """A little where nothing was added: 0 has no place on a logarithmic axis."""
    before = row.get("memory_before_bytes") or 0
    return max(row["memory_bytes"] - before, 1e5) / 1e6


def _curves(axis: Any, found: list[dict[str, Any]], names: tuple[str, ...], value: Any) -> None:
    """Some curves, and a straight line of slope 1 through the last point of the first of them."""
    axis.set(xscale="log", yscale="log")
    curves = {}
    for name in names:
        rows = sorted((row for row in found if row["series"] == name), key=_place)
        if rows:
            x = np.array([row["value"] for row in rows], float)
            curves[name] = (x, np.array([value(row) for row in rows], float))
    if not curves:
        return
    x, y = next(iter(curves.values()))
    straight = y[-1] * x / x[-1]
    every_x = np.concatenate([x for x, _ in curves.values()])
    every_y = np.concatenate([y for _, y in curves.values()])
    _plain_ticks(axis, np.unique(every_x))
    axis.set_xlim(*_span(every_x, 1.0))
    axis.set_ylim(*_span(every_y, LEAST_SPAN))
    axis.plot(x, straight, color="0.6", ls="--", lw=1, label="in proportion", zorder=0)
    for (name, (x, y)), colour, marker in zip(curves.items(), COLOURS, MARKERS, strict=False):
        seaborn.lineplot(x=x, y=y, color=colour, marker=marker, label=name, legend=False, ax=axis)


def _plain_ticks(axis: Any, values: np.ndarray) -> None:
    """The measured values below, 10k for 10,000; numbers and no powers of ten on the left."""
    axis.xaxis.set_major_locator(ticker.FixedLocator(values.tolist()))
    axis.xaxis.set_major_formatter(ticker.EngFormatter(sep=""))
    axis.xaxis.set_minor_locator(ticker.NullLocator())
    axis.tick_params(labelsize="x-small")
    axis.yaxis.set_major_locator(ticker.LogLocator(subs=(1.0, 3.0)))
    axis.yaxis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
    axis.yaxis.set_minor_locator(ticker.NullLocator())


def _place(row: dict[str, Any]) -> int:
    return row["value"]


def _span(numbers: np.ndarray, least: float) -> tuple[float, float]:
    """Both ends of an axis that shows all of these positive numbers, and some room around them."""
    low = numbers.min() / 1.4
    high = numbers.max() * 1.4
    missing = max(1.0, least / (high / low))
    return low / missing**0.5, high * missing**0.5
