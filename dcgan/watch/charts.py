"""The curves of one or several runs, as options of Apache ECharts (https://echarts.apache.org).

A run has the same colour in every chart. Lines of D are solid, lines of G dashed; the level of real
faces is dotted.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from dcgan.measures.names import measure
from dcgan.watch import series
from dcgan.watch.run_data import RunData
from dcgan.watch.series import Curve

COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#8C6BB1",
    "#7A7A7A",
)
"""a run's, in the order of the command line; of the palette of Okabe and Ito, and two more"""
OF_G = "#D55E00"  # where a single run is watched: D blue and G vermilion, as in the book's figures
GREY = "#7a7a7a"  # can be read on white and on black
FULL = "solid"
DASHED = "dashed"
DOTTED = "dotted"
KNOWN = ("d_loss", "g_loss", "d_real", "d_fake", "d_score_real", "d_score_fake", "penalty")


@dataclasses.dataclass(frozen=True)
class Line:
    """One curve of a chart."""

    name: str
    curve: Curve
    colour: str
    style: str = FULL


@dataclasses.dataclass(frozen=True)
class Chart:
    """A picture with an axis of rounds, or of images."""

    title: str
    lines: list[Line]
    limits: tuple[float | None, float | None] = (None, None)
    """of the other axis; None: wherever the numbers end"""
    by_epoch: bool = False
    """whether a point is an epoch, and worth a mark"""
    main: bool = True
    """whether it is seen at once"""


@dataclasses.dataclass(frozen=True)
class View:
    """The choices of the page that all charts follow."""

    images: bool = False
    """count images in place of rounds, for runs whose batches differ"""
    memory: float = 0.0
    """rows of the log over which curves are smoothed"""


def charts(runs: dict[str, RunData], view: View) -> list[Chart]:
    """The charts that have at least one curve.

    Args:
        runs: short name -> the run.
        view: the choices of the page.
    """
    pairs = [
        ("Losses", "loss", "d_loss", "g_loss", (None, None)),
        ("D's output: probability of real", "D", "d_real", "d_fake", (0.0, 1.0)),
        ("D's output: mean logit", "D", "d_score_real", "d_score_fake", (None, None)),
    ]
    found = [
        Chart(title, _pair(runs, view, kind, first, second), limits)
        for title, kind, first, second, limits in pairs
    ]
    found.append(Chart("Learning rates", _rates(runs, view), (0.0, None)))
    found.append(Chart("Penalty on D", _column(runs, view, "penalty"), (0.0, None)))
    found += [
        Chart(_title(name), _judged(runs, view, name), (0.0, None), by_epoch=True)
        for name in series.FIRST
    ]
    found += [Chart(_title(name), _column(runs, view, name), main=False) for name in _others(runs)]
    found += [
        Chart(_title(name), _judged(runs, view, name), (0.0, None), by_epoch=True, main=False)
        for name in _other_measures(runs)
    ]
    return [chart for chart in found if _has_a_curve(chart)]


def _has_a_curve(chart: Chart) -> bool:
    """Whether it has a line that is not dotted. Dotted lines show the values of real faces."""
    return any(line.style != DOTTED for line in chart.lines)


def options(chart: Chart, view: View) -> dict[str, Any]:
    """The chart as options of ECharts."""
    low, high = chart.limits
    axis = {
        "axisLine": {"lineStyle": {"color": GREY}},
        "axisLabel": {"color": GREY, "hideOverlap": True},
        "nameTextStyle": {"color": GREY},
        "splitLine": {"lineStyle": {"color": GREY, "opacity": 0.25}},
    }
    return {
        "animation": False,
        "aria": {"enabled": True, "label": {"description": description(chart)}},
        "grid": {"left": 8, "right": 24, "top": 40, "bottom": 24, "containLabel": True},
        "legend": {"type": "scroll", "top": 0, "textStyle": {"color": GREY}},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {
            **axis,
            "type": "value",
            "name": "images" if view.images else "round",
            "nameLocation": "middle",
            "nameGap": 24,
            "max": "dataMax",
        },
        "yAxis": {**axis, "type": "value", "min": low, "max": high, "scale": low is None},
        "series": [_series(line, chart.by_epoch) for line in chart.lines],
    }


def description(chart: Chart) -> str:
    """The chart in a sentence, for those who do not see it."""
    parts = [f"{line.name} {line.curve.value[-1]:.3g}" for line in chart.lines]
    return f"{chart.title}, at the end: {', '.join(parts)}."


def _series(line: Line, marked: bool) -> dict[str, Any]:
    curve = series.thinned(line.curve)
    points = zip(curve.step.tolist(), curve.value.tolist(), strict=True)
    return {
        "name": line.name,
        "type": "line",
        "data": [[x, float(f"{y:.5g}")] for x, y in points],
        "showSymbol": marked and line.style != DOTTED,
        "symbolSize": 5,
        "color": line.colour,
        "lineStyle": {"type": line.style, "width": 1.5, "color": line.colour},
    }


def _pair(runs: dict[str, RunData], view: View, kind: str, first: str, second: str) -> list[Line]:
    """D's and G's, or what D says of real and of generated faces."""
    words = {"loss": ("D's loss", "G's loss"), "D": ("real", "generated")}[kind]
    lines = []
    for i, (name, run) in enumerate(runs.items()):
        for column, word, style in zip((first, second), words, (FULL, DASHED), strict=True):
            curve = series.column(run, column)
            if curve is not None:
                colour = _colour(i, len(runs), style)
                lines.append(_line(runs, name, word, view, curve, colour, style))
    return lines


def _rates(runs: dict[str, RunData], view: View) -> list[Line]:
    lines = []
    for i, (name, run) in enumerate(runs.items()):
        for column, word, style in zip(series.RATES, ("D", "G"), (FULL, DASHED), strict=True):
            curve = series.learning_rate(run, column)
            if curve is not None:
                colour = _colour(i, len(runs), style)
                exact = dataclasses.replace(view, memory=0.0)
                lines.append(_line(runs, name, word, exact, curve, colour, style))
    return lines


def _column(runs: dict[str, RunData], view: View, column: str) -> list[Line]:
    lines = []
    for i, (name, run) in enumerate(runs.items()):
        curve = series.column(run, column)
        if curve is not None and curve.value.any():
            word = column.replace("_", " ")
            lines.append(_line(runs, name, word, view, curve, COLOURS[i]))
    return lines


def _judged(runs: dict[str, RunData], view: View, column: str) -> list[Line]:
    """A judge's measure, and the level of real faces."""
    view = dataclasses.replace(view, memory=0.0)  # an epoch is no row of the log
    lines = []
    for i, (name, run) in enumerate(runs.items()):
        curve = series.judged(run, column)
        if curve is None:
            continue
        lines.append(_line(runs, name, "generated", view, curve, COLOURS[i]))
        floor = 1.0 if column == "combined" else run.floor.get(column)
        if floor is not None:
            ends = curve.step[[0, -1]]
            level = Curve(ends, ends * 0.0 + floor)
            lines.append(_line(runs, name, "real faces", view, level, COLOURS[i], DOTTED))
    return lines


def _line(
    runs: dict[str, RunData],
    name: str,
    word: str,
    view: View,
    curve: Curve,
    colour: str,
    style: str = FULL,
) -> Line:
    if view.images:
        batch = series.number(runs[name].config.get("batch_size"))
        curve = Curve(curve.step * (batch or 1.0), curve.value)
    label = word if len(runs) == 1 else f"{name}: {word}"
    return Line(label, series.smoothed(curve, view.memory), colour, style)


def _colour(number: int, count: int, style: str) -> str:
    return OF_G if count == 1 and style == DASHED else COLOURS[number % len(COLOURS)]


def _title(column: str) -> str:
    name = "combined figure, 1 for real faces" if column == "combined" else measure(column)
    return name[0].upper() + name[1:]


def _others(runs: dict[str, RunData]) -> list[str]:
    """Columns of a log that are not among the known ones, such as measures of one's own."""
    found = [name for run in runs.values() for name in run.log]
    return [name for name in dict.fromkeys(found) if name not in ("step", *KNOWN)]


def _other_measures(runs: dict[str, RunData]) -> list[str]:
    found = [name for run in runs.values() for name in series.measures(run)]
    more = [name for name in dict.fromkeys(found) if name not in series.FIRST]
    return [*more, "images_a_second"]
