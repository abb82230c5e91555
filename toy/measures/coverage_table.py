"""A table of runs: every row a recipe, every cell the mean and standard error over seeds."""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import dataclasses
import json
import math
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from gan_core import checks, files
from toy.measures import coverage, published
from toy.measures.coverage import Coverage
from toy.targets.distributions import WithModes

TARGETS = ("ring", "grid")
NOT_OF_A_RUN = ("table", "seeds", "out", "mode")  # fields of a config that change no result
ONE_THREAD = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}  # TensorFlow's own names


class Column(NamedTuple):
    """How one measure is printed."""

    key: str  # of the dict of a run, or the field of a Coverage
    heading: str
    scale: float  # what values are multiplied by
    digits: int  # after the point
    digits_of_perfect: int | None  # in the row of the perfect sampler; None: left empty


COLUMNS = (
    Column("modes", "modes", 1.0, 1, 1),
    Column("high_quality", "% HQ", 100.0, 1, 2),
    Column("reverse_kl", "rev. KL", 1.0, 3, 3),
    Column("sd_ratio", "sd ratio", 1.0, 2, 2),
    Column("seconds", "s a run", 1.0, 0, None),
)


def run_all(
    measure: Callable[[Any], dict], configs: Sequence[Any], file: Path, workers: int = 2
) -> list[dict]:
    """Measure every config that has no line in `file` yet.

    Runs are divided among `workers` processes of one thread each, which for such small networks is
    faster than one process with all cores. The whole file is rewritten as soon as a run ends, so
    that a stopped table can be resumed. Meanwhile no other process may add to it.

    Args:
        measure: config -> dict of numbers; a function of a module, so that a process can import it.
        configs: dataclasses, one a run.
        file: JSON lines, {"config": ..., what `measure` gave}; made where it is missing.
        workers: processes, at least 1.

    Returns:
        The lines of all configs, in their order.

    Raises:
        ValueError: for workers below 1, for a line of `file` that is damaged, and where another
            process makes the same file.
    """
    checks.integer("run_all", "workers", workers, 1)
    with files.claimed(file, overwrite=True):
        done = {_key(line["config"]): line for line in _read(file)}
        _measure_missing(measure, configs, file, workers, done)
    return [done[_key(dataclasses.asdict(config))] for config in configs]


def _measure_missing(
    measure: Callable[[Any], dict],
    configs: Sequence[Any],
    file: Path,
    workers: int,
    done: dict[str, dict],
) -> None:
    """Add the lines of all configs that `done` lacks, to it and to the file."""
    missing = [config for config in configs if _key(dataclasses.asdict(config)) not in done]
    context = multiprocessing.get_context("spawn")
    with (
        Progress(console=Console(stderr=True)) as bar,
        _environment(ONE_THREAD),  # the processes that the pool starts inherit it
        concurrent.futures.ProcessPoolExecutor(workers, mp_context=context) as pool,
    ):
        task = bar.add_task("runs", total=len(configs), completed=len(configs) - len(missing))
        # A run is handed to the pool only when it can start: the pool ends all that it was given,
        # also after a run has failed or Ctrl-C was pressed, and those lines would be lost.
        waiting = collections.deque(missing)
        running: dict[concurrent.futures.Future, Any] = {}
        while waiting or running:
            while waiting and len(running) < workers:
                config = waiting.popleft()
                running[pool.submit(measure, config)] = dataclasses.asdict(config)
            ended, _ = concurrent.futures.wait(running, return_when="FIRST_COMPLETED")
            for future in ended:
                config = running.pop(future)
                done[_key(config)] = {"config": config, **future.result()}
                lines = [json.dumps(line, default=str) for line in done.values()]
                files.text_atomically(file, "".join(line + "\n" for line in lines))
                bar.advance(task)


def show(
    rows: dict[str, dict[str, list[dict]]],
    perfect: dict[str, Coverage],
    console: Console | None = None,
) -> None:
    """Print our rows below the published ones.

    Args:
        rows: name -> target ("ring", "grid") -> runs, each a dict with modes, high_quality,
            reverse_kl, sd_ratio and seconds.
        perfect: target -> the row of a perfect sampler.
        console: where to print. None: standard output, 190 columns wide.
    """
    title = "Modes, % high quality, reverse KL, sd ratio: mean ± standard error over seeds"
    table = Table(title=title)
    table.add_column("method", no_wrap=True)
    for target in TARGETS:
        for column in COLUMNS:
            prefix = f"{target}: " if column is COLUMNS[0] else ""
            table.add_column(prefix + column.heading, justify="right")
    for row in published.ROWS:
        source = row.source.split(",")[0]
        not_printed = ("", "")  # sd ratio and seconds
        cells = (*row.ring, *not_printed, *row.grid, *not_printed)
        table.add_row(f"{row.method} ({source})", *cells, style="dim")
    table.add_section()
    for name, runs in rows.items():
        cells = [_cell_of_runs(runs[target], column) for target in TARGETS for column in COLUMNS]
        table.add_row(name, *cells)
    table.add_section()
    cells = [_cell_of_perfect(perfect[target], column) for target in TARGETS for column in COLUMNS]
    table.add_row("a perfect sampler", *cells)
    (console or Console(width=190)).print(table)


HEADINGS = ("recipe", "modes", "% high quality", "reverse KL", "sd ratio")


def last_looks(runs: dict, target: WithModes, samples: int) -> list[tuple[str, ...]]:
    """What each run covers at its end, and what a perfect sampler covers.

    Args:
        runs: name -> (trainer, looks), each look (round, samples, Coverage).
        target: what they learn.
        samples: how many samples the perfect sampler is given.

    Returns:
        A row for each run and one for the perfect sampler, for a table with these headings; no
        rows for a target without modes.
    """
    if not hasattr(target, "modes"):
        return []
    measured = {name: looks[-1][2] for name, (_, looks) in runs.items()}
    measured["a perfect sampler"] = coverage.perfect_sampler(target, samples)
    return [(name, *_cells_of(row)) for name, row in measured.items()]


def _cells_of(row: Coverage) -> list[str]:
    """The numbers of one Coverage, as text."""
    with_a_place = [column for column in COLUMNS if column.digits_of_perfect is not None]
    return [f"{getattr(row, c.key) * c.scale:.{c.digits}f}" for c in with_a_place]


def mean_and_standard_error(values: Sequence[float]) -> tuple[float, float]:
    """The mean of n values, and how uncertain it is: s / sqrt(n).

    s^2 = sum (x - mean)^2 / (n - 1), with n - 1 because the mean is of the same values.

    Args:
        values: at least one.

    Returns:
        The mean and its standard error; NaN for the error of a single value.

    Raises:
        ValueError: for no values.
    """
    checks.integer("mean_and_standard_error", "the number of values", len(values), 1)
    array = np.asarray(values, np.float64)
    if len(array) == 1:
        return float(array[0]), math.nan
    return float(array.mean()), float(array.std(ddof=1) / math.sqrt(len(array)))


def mean_and_error(values: Sequence[float], digits: int = 2) -> str:
    """The mean of some values and its standard error, as text.

    Args:
        values: at least one.
        digits: after the point.

    Returns:
        Such as "1.50 ± 0.50", and "1.50" for a single value.

    Example:
        >>> mean_and_error([1.0, 2.0])
        '1.50 ± 0.50'
    """
    mean, error = mean_and_standard_error(values)
    if math.isnan(error):
        return f"{mean:.{digits}f}"
    return f"{mean:.{digits}f} ± {error:.{digits}f}"


def _cell_of_runs(runs: list[dict], column: Column) -> str:
    """Mean and standard error of one measure over runs, as the table prints them."""
    return mean_and_error([run[column.key] * column.scale for run in runs], column.digits)


def _cell_of_perfect(perfect: Coverage, column: Column) -> str:
    """One measure of the perfect sampler, or nothing where it has none."""
    if column.digits_of_perfect is None:
        return ""
    value = getattr(perfect, column.key) * column.scale
    return f"{value:.{column.digits_of_perfect}f}"


def _read(file: Path) -> list[dict]:
    """The lines of the file, or none where there is no file yet."""
    if not file.exists():
        return []
    lines = []
    for number, text in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            line = json.loads(text)
            _key(line["config"])
        except (ValueError, KeyError, TypeError, AttributeError):
            wanted = "JSON with a config"
            way_out = "Delete the line: its run is then made again."
            checks.fail("run_all", f"line {number} of {file}", wanted, f"{text!r:.60}", way_out)
        lines.append(line)
    return lines


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Set environment variables for the length of a `with`, and put back what was there."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _key(config: dict) -> str:
    """A config as text, without the fields that do not decide a run."""
    decides = {name: value for name, value in config.items() if name not in NOT_OF_A_RUN}
    return json.dumps(decides, sort_keys=True)
