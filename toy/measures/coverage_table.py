"""A table of runs: every row a recipe, every cell the mean and standard error over seeds."""

import concurrent.futures
import dataclasses
import json
import math
import multiprocessing
import os
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from toy.measures import published


def run_all(measure, configs, file: Path, workers: int = 2) -> list[dict]:
    """measure(config) -> dict, for every config that has no line in `file` yet. -> all of them, in order.

    Runs go to `workers` processes of one thread each, which for networks this small is faster than
    one process with all cores. A line is written as soon as its run ends, so a stopped table goes on.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    done = {_key(line["config"]): line for line in lines}
    missing = [config for config in configs if _key(dataclasses.asdict(config)) not in done]
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = (
        "1"  # read by the children
    )
    context = multiprocessing.get_context("spawn")
    with (
        Progress(console=Console(stderr=True)) as bar,
        concurrent.futures.ProcessPoolExecutor(workers, mp_context=context) as pool,
    ):
        task = bar.add_task("runs", total=len(configs), completed=len(configs) - len(missing))
        futures = {pool.submit(measure, config): config for config in missing}
        for future in concurrent.futures.as_completed(futures):
            line = {"config": dataclasses.asdict(futures[future]), **future.result()}
            done[_key(line["config"])] = line
            with open(file, "a") as out:
                out.write(json.dumps(line, default=str) + "\n")
            bar.advance(task)
    return [done[_key(dataclasses.asdict(config))] for config in configs]


def show(rows: dict, perfect: dict, console: Console | None = None) -> None:
    """Print our rows beside the published ones.

    rows: name -> target -> list of dicts with modes, high_quality, reverse_kl, sd_ratio, seconds;
    perfect: target -> Coverage of a perfect sampler. Targets: ring and grid.
    """
    table = Table(
        title="Modes, % high quality, reverse KL, sd ratio: mean ± standard error over seeds"
    )
    table.add_column("method", no_wrap=True)
    for target in ("ring", "grid"):
        for column in (f"{target}: modes", "% HQ", "rev. KL", "sd ratio", "s a run"):
            table.add_column(column, justify="right")
    for name, source, *cells in published.ROWS:
        ring, grid = cells
        table.add_row(f"{name} ({source.split(',')[0]})", *ring, "", "", *grid, "", "", style="dim")
    table.add_section()
    for name, targets in rows.items():
        cells = [name]
        for target in ("ring", "grid"):
            runs = targets[target]
            cells += [
                _cell([run[key] * scale for run in runs], digits)
                for key, scale, digits in (
                    ("modes", 1, 1),
                    ("high_quality", 100, 1),
                    ("reverse_kl", 1, 3),
                    ("sd_ratio", 1, 2),
                    ("seconds", 1, 0),
                )
            ]
        table.add_row(*cells)
    table.add_section()
    ideal = [("modes", 1, 1), ("high_quality", 100, 2), ("reverse_kl", 1, 3), ("sd_ratio", 1, 2)]
    cells = [
        [f"{getattr(perfect[target], key) * scale:.{digits}f}" for key, scale, digits in ideal]
        + [""]
        for target in ("ring", "grid")
    ]
    table.add_row("a perfect sampler", *cells[0], *cells[1])
    (console or Console(width=190)).print(table)


def _cell(values, digits) -> str:
    values = np.array(values)
    error = values.std(ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{values.mean():.{digits}f} ± {error:.{digits}f}"


def _key(config: dict) -> str:
    """A config as text, without what does not decide a run."""
    return json.dumps(
        {k: v for k, v in config.items() if k not in ("table", "seeds", "out", "mode")},
        sort_keys=True,
    )
