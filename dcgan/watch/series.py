"""The numbers shown for a run, computed from its `RunData` as plain data.

Its progress, its learning rates over time, the best epoch, and the judge's table.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from dcgan.measures.names import FRECHET, GRID, PIXELS, SPECTRUM, measure
from dcgan.measures.names import column as column_of
from dcgan.watch.run_data import RunData

LARGEST = 1e100  # larger numbers are not drawn, because their products overflow
QUIET = 120.0  # after so many seconds without a change a run is no longer called running
RATES = ("d_learning_rate", "g_learning_rate")
OWN_COLUMNS = ("epoch", "step", "images_a_second")
FIRST = ("combined", "frechet", "kid", "precision", "recall", "distance_mean")
"""columns of epochs.csv that stand first in a table"""
AS_REAL = (
    *("precision", "recall", "density", "coverage", column_of(GRID), "MS-SSIM_of_pairs"),
    *("contrast", "exposure", "edges", "variety"),
)
"""those that are best where real faces have them; of the others lower is better"""


Table = tuple[list[str], list[list[str]]]
"""the heads, and for each row its cells"""


class Curve(NamedTuple):
    """Numbers over rounds."""

    step: np.ndarray
    """[n], ascending"""
    value: np.ndarray
    """[n]"""


@dataclasses.dataclass(frozen=True)
class Status:
    """How far a run is, in words."""

    word: str
    """training, quiet, ended or gone"""
    words: str
    """a sentence without its full stop"""
    share: float | None
    """of all epochs that are over, 0 to 1; None: nobody knows"""


def column(run: RunData, name: str) -> Curve | None:
    """A column of log.csv without the rows in which it is no number.

    Args:
        run: the run.
        name: the name of the column.

    Returns:
        None where there is no such column, or no number in it.
    """
    if name not in run.log or "step" not in run.log:
        return None
    return _finite(run.log["step"], run.log[name])


def judged(run: RunData, name: str) -> Curve | None:
    """A column of epochs.csv, over rounds; None as for `column`."""
    if name not in run.epochs or "step" not in run.epochs:
        return None
    return _finite(run.epochs["step"], run.epochs[name])


def _finite(step: np.ndarray, value: np.ndarray) -> Curve | None:
    good = (np.abs(value) <= LARGEST) & (np.abs(step) <= LARGEST)  # which NaN is not
    return Curve(step[good], value[good]) if good.any() else None


def rounds_an_epoch(run: RunData) -> int | None:
    """How many rounds an epoch has; None before the end of the first one."""
    if "step" not in run.epochs or not len(run.epochs.get("epoch", ())):
        return None
    epoch = run.epochs["epoch"][-1]
    step = run.epochs["step"][-1]
    return round(step / epoch) if epoch >= 1.0 and math.isfinite(step / epoch) else None


def learning_rate(run: RunData, name: str) -> Curve | None:
    """The learning rate at each row of the log: it is constant, then falls (`config.fall`).

    Rates, `fall` and `epochs` that were changed when the run was resumed are in the `history` of
    its config.

    Args:
        run: the run.
        name: one of RATES.
    """
    if number(run.config.get(name)) is None or not len(run.log.get("step", ())):
        return None
    step = run.log["step"]
    return _finite(step, _over_rounds(run, name, step) * _share_of_rate(run, step))


def _over_rounds(run: RunData, name: str, step: np.ndarray) -> np.ndarray:
    """The value of a field at each round; before a change in the history it is the old one."""
    value = np.full(len(step), number(run.config.get(name)))
    until = math.inf
    for changed_at, old in reversed(_changes(run.config.get("history"), name)):
        until = min(until, changed_at)  # later rounds were played again, after --from-best
        value[step <= until] = old
    return value


def _changes(history: Any, name: str) -> list[tuple[float, float]]:
    """The round until which a field had another value, and that value; oldest first."""
    found = []
    for event in history if isinstance(history, list) else []:
        change = event.get(name) if isinstance(event, dict) else None
        if not isinstance(change, list) or len(change) != 2:
            continue
        until = number(event.get("round"))
        old = number(change[0])
        if until is not None and old is not None:
            found.append((until, old))
    return found


def _share_of_rate(run: RunData, step: np.ndarray) -> np.ndarray:
    """1, and in the last rounds a straight line to 0."""
    an_epoch = rounds_an_epoch(run)
    if an_epoch is None or not number(run.config.get("epochs")):
        return np.ones(len(step))
    if number(run.config.get("fall")) is None:
        return np.ones(len(step))
    fall = _over_rounds(run, "fall", step)
    rounds = _over_rounds(run, "epochs", step) * an_epoch
    falling = np.maximum(np.round(fall * rounds), 1.0)
    return np.where(fall > 0.0, np.clip((rounds - step) / falling, 0.0, 1.0), 1.0)


def best_epoch(run: RunData) -> int | None:
    """The row of epochs.csv with the least combined figure; None: there is no row."""
    combined = run.epochs.get("combined", np.zeros(0))
    if not np.isfinite(combined).any() or "epoch" not in run.epochs:
        return None
    return int(np.nanargmin(np.where(np.isfinite(combined), combined, np.nan)))


def status(run: RunData, now: float) -> Status:
    """How far a run is.

    Whether a process trains there is not asked of its lock, which would have to be taken for that.

    Args:
        run: the run.
        now: seconds since 1970.
    """
    if run.changed is None:
        return Status("gone", "The folder is gone", None)
    epochs = number(run.config.get("epochs"))
    steps = run.log.get("step", np.zeros(0))
    done = run.epochs.get("epoch", np.zeros(0))
    epoch = int(done[-1]) if len(done) and math.isfinite(done[-1]) else 0
    last = steps[-1] if len(steps) and math.isfinite(steps[-1]) else 0
    step = int(max(last, run.checkpoint or 0))
    share = min(1.0, epoch / epochs) if epochs else None
    place = f"round {step:,}"
    if epochs:
        place = f"epoch {epoch} of {epochs:.0f}, {place}"
    since = max(0.0, now - run.changed)
    if epochs and epoch >= epochs:
        return Status("ended", f"Ended after {epoch} epochs, {step:,} rounds", 1.0)
    if since < QUIET:
        return Status("training", f"Training: {place}{_time_left(run, step)}", share)
    return Status("quiet", f"No news for {duration(since)}: {place}", share)


def _time_left(run: RunData, step: int) -> str:
    """What the last epochs' speed promises."""
    an_epoch = rounds_an_epoch(run)
    epochs = number(run.config.get("epochs"))
    batch = number(run.config.get("batch_size"))
    rates = run.epochs.get("images_a_second", np.zeros(0))[-3:]
    if an_epoch is None or not epochs or not batch or not np.all(rates > 0.0):
        return ""
    left = max(0.0, epochs * an_epoch - step) * batch / float(np.mean(rates))
    return f", about {duration(left)} left at {rates[-1]:.0f} images a second"


def duration(seconds: float) -> str:
    """Two units at most, such as 3 h 20 min.

    Example:
        >>> duration(12), duration(200), duration(12_000)
        ('12 s', '3 min', '3 h 20 min')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours / 24:.0f} days"


def recipe(run: RunData) -> str:
    """What was asked for, in a line."""
    config = run.config
    parts = [
        _with(config, "network", "{}"),
        _with(config, "size", "{} pixels"),
        _with(config, "width", "width {}"),
        _with(config, "g_width", "G of width {}"),
        _with(config, "batch_size", "batches of {}"),
        _with(config, "loss", "{} loss"),
        _with(config, "gamma", "R1 {}"),
        _with(config, "augment", "{}"),
        _with(config, "labels", "labels {}"),
        _with(config, "faces", "{} faces"),
        _with(config, "judge", "judged by {}"),
        _with(config, "seed", "seed {}"),
    ]
    return " · ".join(part for part in parts if part)


def _with(config: dict[str, Any], name: str, words: str) -> str:
    value = config.get(name)
    if value is None or value == [] or (name in ("gamma", "g_width") and not value):
        return ""
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return words.format(f"{value:,}" if isinstance(value, int) else value)


def measures(run: RunData) -> list[str]:
    """The columns of epochs.csv that a judge has measured, the decisive ones first."""
    if "epoch" not in run.epochs:
        return []
    there = [name for name in run.epochs if name not in (*OWN_COLUMNS, *run.log)]
    first = [name for name in FIRST if name in there]
    return first + [name for name in there if name not in first]


def table(run: RunData, most: int | None = None) -> Table:
    """The judge's figures: real faces, then the epochs, the newest first.

    Args:
        run: the run.
        most: epochs, at most; the best one is among them. None: all.

    Returns:
        The heads, and for each row its cells.
    """
    names = measures(run)
    heads = ["epoch", *(measure(name) for name in names)]
    rows = []
    if run.floor:
        floor = {"combined": 1.0, **run.floor}
        rows.append(["real faces", *(_cell(floor.get(name)) for name in names)])
    best = best_epoch(run)
    count = len(run.epochs.get("epoch", ()))
    shown = list(range(count - 1, -1, -1))[:most]
    if best is not None and best not in shown:
        shown.append(best)
    for i in shown:
        mark = " (best)" if i == best else ""
        cells = [_cell(float(run.epochs[name][i])) for name in names]
        rows.append([f"{run.epochs['epoch'][i]:.0f}{mark}", *cells])
    return heads, rows


def reading(runs: dict[str, RunData]) -> str:
    """How the tables are read: which way is better, and what is combined; '' without a table.

    Args:
        runs: short name -> the run.
    """
    there = {name for run in runs.values() for name in measures(run)}
    if not there:
        return ""
    words = "Lower is better"
    as_real = [measure(name) for name in AS_REAL if name in there]
    if as_real:
        words += f" (in {', '.join(as_real)}: the nearer to real faces)"
    judged = [set(measures(run)) for run in runs.values() if measures(run)]
    others = {FRECHET if column_of(FRECHET) in names else SPECTRUM for names in judged}
    other = " (or else the ".join(sorted(others)) + ")" * (len(others) - 1)
    return (
        f"{words}. Combined: {PIXELS} and {other}, each divided by its value for real faces; "
        "the geometric mean of the two. Real faces have 1."
    )


def best_table(runs: dict[str, RunData]) -> Table:
    """The best epoch of each run, one below the other.

    Args:
        runs: short name -> the run.

    Returns:
        The heads, and for each run that has judged an epoch its cells.
    """
    found = [name for run in runs.values() for name in measures(run)]
    names = list(dict.fromkeys(found))
    names.sort(key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))
    heads = ["run", "epoch", *(measure(name) for name in names)] if names else ["run"]
    rows = []
    for short, run in runs.items():
        best = best_epoch(run)
        if best is not None:
            columns = [run.epochs.get(name) for name in names]
            cells = [_cell(None if one is None else float(one[best])) for one in columns]
            rows.append([short, f"{run.epochs['epoch'][best]:.0f}", *cells])
    return heads, rows


def _cell(value: float | None) -> str:
    """Three significant digits, but no digit before the point is lost."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0.0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 4)}f}"


def smoothed(curve: Curve, memory: float) -> Curve:
    """The moving average, without a bias at its start: mean of the past weighted by decay^age.

    Args:
        curve: what to smooth.
        memory: rows after which a row's weight has fallen by a factor of e; 0: none.
    """
    if memory <= 0.0:
        return curve
    decay = math.exp(-1.0 / memory)
    mean = np.empty(len(curve.value))
    total = 0.0
    weight = 0.0
    for i, value in enumerate(curve.value):
        total = decay * total + value
        weight = decay * weight + 1.0
        mean[i] = total / weight
    return Curve(curve.step, mean)


def thinned(curve: Curve, most: int = 500) -> Curve:
    """Few points: the least and the greatest of each of most / 2 stretches, and the last.

    Args:
        curve: with any number of points; with at most `most` it stays as it is.
        most: an even number.
    """
    count = len(curve.value)
    if count <= most:
        return curve
    edges = np.linspace(0, count, most // 2 + 1).astype(int)
    kept = set()
    for start, end in itertools.pairwise(edges):
        stretch = curve.value[start:end]
        kept |= {start + int(stretch.argmin()), start + int(stretch.argmax())}
    kept.add(count - 1)
    places = np.array(sorted(kept))
    return Curve(curve.step[places], curve.value[places])


def number(value: Any) -> float | None:
    """A finite number that JSON gave; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # a whole number of hundreds of digits
        return None
