"""Cost as work grows: time and memory of rounds, judges, data sets and run folders.

    python -m benchmarks.growth                 all curves: ten minutes on two quiet cores
    python -m benchmarks.growth --only round-batch judge-pixels          two of them
    python -m benchmarks.growth --only data-file --pictures 1000 1000000
    python -m benchmarks.growth --dry-run       which points there would be

    round-batch, -width, -size, -latent   a round of the default recipe, one number changed
    judge-pixels, judge-features          judging n generated faces beside n real ones
    data-file                             a batch out of n faces that are read from their cache
    data-memory                           a batch out of n faces that lie in memory
    data-zip                              the first reading of n PNGs, into the cache
    run-folder                            writing the last of n epochs, and the folder's bytes

Every point is measured in its own process, so that its peak of memory is not that of another point.
`processor` is the time that its threads computed. On a machine that does other work too, it is more
reliable than the time of the clock. *Grows as* compares a point with the one above it: n^1 means in
proportion, n^0 not at all. Points are kept in OUT/growth.jsonl as they are measured, and the same
command measures only those that are missing. OUT/growth.csv and two figures show all points that
are there for this device and these windows.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import math
import shutil
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.measure import devices, rows
from benchmarks.measure.command import MOST, check_not_empty, check_whole_numbers
from dcgan.config import SIZES
from gan_core import checks
from gan_core.app.command_line import run

LINES = "growth.jsonl"
TABLE = "growth.csv"
ROUND_FIGURE = "growth_of_rounds.png"
WORK_FIGURE = "growth_of_work.png"
COLUMNS = (
    "processor, ms",
    "grows as",
    "clock, ms (quartiles)",
    "peak memory, MB",
    "of it for this, MB",
    "grows as",
)
ON_DISK = ("on disk, MB", "grows as")
IN_THE_FILE = (
    "series",
    "value",
    "processor_seconds",
    "seconds",
    "memory_bytes",
    "added_bytes",
    "disk_bytes",
    "state_bytes",
    "checkpoints_bytes",
    "samples_bytes",
    "tables_bytes",
    "other_bytes",
    "open_seconds",
    "checksum_seconds",
    "first_batch_seconds",
    "finish_seconds",
    "status",
    "message",
    "date",
    "revision",
)


@dataclasses.dataclass(frozen=True)
class Series:
    """One curve."""

    values: str
    """the field of Config that has its points"""
    grows: str
    """what is counted on the axis"""
    what: str
    """what is timed"""
    module: str
    """of benchmarks.contestants"""
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    """what the contestant is told besides"""
    on_disk: bool = False
    """whether it needs a folder"""
    on_a_cpu: bool = False
    """whether it is measured on the CPU although there is a GPU"""


FACES = {"size": 64}
BATCHES = {"size": 64, "batch": 32}
SERIES = {
    "round-batch": Series(
        "batch", "images in a batch", "a round", "growing_round", {"field": "batch_size"}
    ),
    "round-width": Series(
        "width", "channels at the pictures' end", "a round", "growing_round", {"field": "width"}
    ),
    "round-size": Series("size", "pixels of a side", "a round", "growing_round", {"field": "size"}),
    "round-latent": Series(
        "latent", "numbers in z", "a round", "growing_round", {"field": "latent_dim"}
    ),
    "judge-pixels": Series(
        "judged", "faces judged", "a judging", "growing_judge", {**FACES, "judge": "pixels"}
    ),
    "judge-features": Series(
        "seen", "faces judged", "a judging", "growing_judge", {**FACES, "judge": "features"}
    ),
    "data-file": Series(
        "pictures",
        "faces",
        "a batch",
        "growing_data",
        {**BATCHES, "way": "file"},
        on_disk=True,
        on_a_cpu=True,
    ),
    "data-memory": Series(
        "held", "faces", "a batch", "growing_data", {**BATCHES, "way": "memory"}, on_a_cpu=True
    ),
    "data-zip": Series(
        "read",
        "faces",
        "the first reading",
        "growing_data",
        {**FACES, "way": "zip"},
        on_disk=True,
        on_a_cpu=True,
    ),
    "run-folder": Series(
        "epochs", "epochs", "the last epoch", "growing_run_folder", on_disk=True, on_a_cpu=True
    ),
}


@dataclasses.dataclass(frozen=True)
class Config:
    only: tuple[str, ...] = ()
    (
        "curves to measure, of round-batch, round-width, round-size, round-latent, judge-pixels, "
        "judge-features, data-file, data-memory, data-zip and run-folder; none named: all"
    )
    batch: tuple[int, ...] = (8, 16, 32, 64, 128, 256)
    """round-batch: images in a batch"""
    width: tuple[int, ...] = (8, 16, 32, 64)
    """round-width: channels at the pictures' end of both networks"""
    size: tuple[int, ...] = (32, 64, 96, 128)
    """round-size: pixels of a picture, each way"""
    latent: tuple[int, ...] = (10, 100, 1000, 10_000)
    """round-latent: numbers in z"""
    judged: tuple[int, ...] = (250, 500, 1000, 2000)
    """judge-pixels: generated faces, beside as many real ones"""
    seen: tuple[int, ...] = (125, 250, 500, 1000)
    """judge-features: the same for the judge that uses a network's features (extra judge)"""
    pictures: tuple[int, ...] = (1000, 10_000, 100_000, 1_000_000)
    """data-file: faces in the cache; a million take 12.3 GB of disk for a while, and 2 stay free"""
    held: tuple[int, ...] = (1000, 10_000, 100_000)
    """data-memory: faces in memory; a hundred thousand take 4.4 GB"""
    read: tuple[int, ...] = (1000, 10_000, 100_000)
    """data-zip: PNGs in the zip"""
    epochs: tuple[int, ...] = (10, 30, 100, 300)
    """run-folder: epochs of the training"""
    windows: int = 3
    """windows measured of each point, after some to warm up"""
    device: str = "auto"
    """auto (a GPU if there is one), cpu, or gpu:0, gpu:1, ...; data and folders use the CPU"""
    dry_run: bool = False
    """measure nothing: print which points there would be, and which have been measured"""
    out: Path = rows.RESULTS
    """folder for points, table and figures, and temporarily for the data sets"""

    def __post_init__(self):
        fields = [series.values for series in SERIES.values()]
        check_not_empty(self, *fields)
        for name in self.only:
            checks.one_of("Config", "only", name, tuple(SERIES))
        for size in self.size:
            checks.one_of("Config", "size", size, SIZES)
        low = {"batch": 2, "judged": 20, "seen": 20, "pictures": 100, "held": 100}
        high = {"pictures": 10**8, "held": 10**8, "read": 10**8}
        for name in fields:
            for value in getattr(self, name):
                checks.integer("Config", name, value, low.get(name, 1), high.get(name, MOST))
        check_whole_numbers(self, "windows")


# ---------------------------------------------------------------- which points


def planned(config: Config) -> list[rows.Row]:
    """The options of every point of every curve, in order."""
    device = devices.find(config.device)
    found = []
    for name, series in SERIES.items():
        for value in getattr(config, series.values):
            found.append(
                {
                    "benchmark": "growth",
                    "series": name,
                    "device": "cpu" if series.on_a_cpu else device,
                    "windows": config.windows,
                    **series.options,
                    "value": value,
                }
            )
    return found


def point_of(options: rows.Row, there: list[rows.Row]) -> rows.Row | None:
    """The newest point that was measured with these options; None if there is none."""
    for row in reversed(there):
        is_the_same = all(row.get(name) == value for name, value in options.items())
        if is_the_same and row["status"] == rows.MEASURED:
            return row
    return None


def at_other_values(plan: list[rows.Row], there: list[rows.Row]) -> list[rows.Row]:
    """The newest points of the same curves that were measured at values not asked for now.

    Args:
        plan: the options of the points that are asked for.
        there: the points of the file.
    """
    asked = {(options["series"], options["value"]) for options in plan}
    of_curve = {options["series"]: options for options in plan}
    found = {}
    for row in there:
        place = (row.get("series"), row.get("value"))
        if row.get("series") not in of_curve or place in asked:
            continue
        options = {**of_curve[row["series"]], "value": row["value"]}
        if point_of(options, [row]) is not None:
            found[place] = row
    return list(found.values())


def in_order(points: list[rows.Row]) -> list[rows.Row]:
    """Curve by curve, each with ascending values."""
    curves = list(SERIES)
    return sorted(points, key=lambda row: (curves.index(row["series"]), row["value"]))


def command_of(options: rows.Row) -> tuple[str, str]:
    """The contestant of a point, and what a user would type to measure it by hand."""
    from benchmarks.contestants import dry_run

    module = f"benchmarks.contestants.{SERIES[options['series']].module}"
    return module, dry_run.row_command(module, options)


# ---------------------------------------------------------------- measured


def main(config: Config) -> None:
    """Measure the points that are missing, then show all of them."""
    console = rows.console()
    wanted = config.only or tuple(SERIES)
    plan = planned(config)
    there = rows.read(config.out / LINES)
    if config.dry_run:
        show_plan([options for options in plan if options["series"] in wanted], there, console)
        return
    rows.check_writable(config.out / LINES)
    shown = []
    for number, options in enumerate(plan, start=1):
        row = point_of(options, there)
        if row is None and options["series"] in wanted:
            what = f"{number} of {len(plan)}: {options['series']} {options['value']:,}"
            with console.status(what):
                row = measure(options, config.out)
            rows.keep(row, config.out / LINES)
        if row is not None:
            shown.append(row)
    _write(in_order([*shown, *at_other_values(plan, there)]), config.out)
    measured = [row for row in shown if row["series"] in wanted]
    for name in wanted:
        console.print(table(name, [row for row in measured if row["series"] == name]))
    for note in rows.notes(measured):
        rows.say(console, note)
    rows.check_any_measured("benchmarks.growth", measured)
    rows.say(console, f"measured on {rows.device_name(measured)}; points in {config.out / LINES}")


def show_plan(plan: list[rows.Row], there: list[rows.Row], console: Console) -> None:
    """Print the points that there would be, and which of them need not be measured again."""
    for options in plan:
        name = f"{options['series']} {options['value']:,}"
        if point_of(options, there) is not None:
            rows.say(console, f"{name}: is there")
        else:
            rows.say(console, f"{name}: {command_of(options)[1]}")


def measure(options: rows.Row, out: Path) -> rows.Row:
    """One point, in a process of its own. What it writes to the disk is deleted afterwards."""
    module, _ = command_of(options)
    if not SERIES[options["series"]].on_disk:
        return rows.ask(module, options)
    folder = tempfile.mkdtemp(prefix=".growth-", dir=out)
    try:
        row = rows.ask(module, {**options, "scratch": folder})
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    row.pop("scratch", None)
    return row


def added(row: rows.Row) -> int | None:
    """The bytes of the peak that were not in use before the work began."""
    before = row.get("memory_before_bytes")
    if before is None or "memory_bytes" not in row:
        return None
    return max(0, row["memory_bytes"] - before)


def _write(shown: list[rows.Row], out: Path) -> None:
    """The table as CSV and the figures, of all points that are there."""
    from gan_core import files

    text = io.StringIO()
    writer = csv.DictWriter(text, IN_THE_FILE, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in shown:
        writer.writerow({**_flat(row), "added_bytes": added(row)})
    files.text_atomically(out / TABLE, text.getvalue())
    from benchmarks import growth_plots

    measured = [row for row in shown if row["status"] == rows.MEASURED]
    of_rounds = [row for row in measured if row["series"].startswith("round-")]
    of_work = [row for row in measured if not row["series"].startswith("round-")]
    if of_rounds:
        growth_plots.of_rounds(of_rounds, SERIES, out / ROUND_FIGURE)
    if of_work:
        growth_plots.of_work(of_work, SERIES, out / WORK_FIGURE)


def _flat(row: rows.Row) -> rows.Row:
    """A point with one value a column: of two kinds of seconds those of the processor."""
    machine = row.get("machine", {})
    flat = {**row, "date": machine.get("date"), "revision": machine.get("revision")}
    for name, value in row.items():
        if isinstance(value, dict) and "processor" in value:
            flat[name] = value["processor"]
    return flat


def exponent(row: rows.Row, earlier: rows.Row | None, value: Any) -> float | None:
    """The k in "grows as n^k" between two points: log(y2 / y1) / log(n2 / n1).

    Args:
        row: the point.
        earlier: the one before it; None: there is none.
        value: a function of a point; None means that it has no such value.
    """
    if earlier is None or row["value"] == earlier["value"]:
        return None
    here = value(row)
    there = value(earlier)
    if not here or not there:
        return None
    return math.log(here / there) / math.log(row["value"] / earlier["value"])


def table(name: str, found: list[rows.Row]) -> Table:
    """All points of a curve, measured or not."""
    series = SERIES[name]
    shown = Table(title=f"{name}: {series.what}, by {series.grows}")
    shown.add_column(series.grows, justify="right")
    on_disk = any(row.get("disk_bytes") for row in found)
    for heading in COLUMNS + (ON_DISK if on_disk else ()):
        shown.add_column(heading, justify="right")
    earlier = None
    for row in sorted(found, key=lambda row: row["value"]):
        cells = _cells(row, earlier)
        if on_disk and row["status"] == rows.MEASURED:
            cells.append(_megabytes(row.get("disk_bytes")))
            cells.append(_power(exponent(row, earlier, lambda one: one.get("disk_bytes"))))
        shown.add_row(f"{row['value']:,}", *cells)
        if row["status"] == rows.MEASURED:
            earlier = row
    return shown


def _cells(row: rows.Row, earlier: rows.Row | None) -> list[str]:
    """What is shown of a point after its value."""
    if row["status"] != rows.MEASURED:
        return [row["status"]]
    low, high = row["quartiles"]
    return [
        _milliseconds(row["processor_seconds"]),
        _power(exponent(row, earlier, lambda one: one["processor_seconds"])),
        f"{_milliseconds(row['seconds'])} ({_milliseconds(low)} – {_milliseconds(high)})",
        _megabytes(row["memory_bytes"]),
        _megabytes(added(row)),
        _power(exponent(row, earlier, added)),
    ]


def _milliseconds(seconds: float) -> str:
    return rows.plain(1e3 * seconds, 3)


def _power(k: float | None) -> str:
    return "" if k is None else f"n^{k:.2f}"


def _megabytes(count: int | None) -> str:
    return "" if count is None else f"{count / 1e6:,.0f}"


if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[0], "python -m benchmarks.growth")
