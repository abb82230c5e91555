"""How long a round of a small GAN on one number takes, by how many rounds are in one compiled call.

    python -m benchmarks.toy_step --rounds 1 10 100 1000
    python -m benchmarks.toy_step --dry-run         # measures nothing: which rows there would be

A whole round draws a real batch and z, makes a step of D and a step of G with the updated D (Adam
twice), and keeps the losses. Its arithmetic takes only microseconds. So this measures the cost of a
call from Python, and how that cost falls if a call has more rounds. Each row is measured in its own
process; rows are written to OUT/toy_step.jsonl. The same round in other libraries:
`python -m benchmarks.peers`.
"""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Literal

from rich.table import Table

from benchmarks.measure import devices, rows
from benchmarks.measure.command import check_not_empty, check_whole_numbers
from gan_core import checks
from gan_core.app.command_line import run

CONTESTANT = "benchmarks.contestants.one_toy_step"
ROUNDS_A_CALL = 1024  # of gan_core.devices.many_rounds, which imports TensorFlow
COLUMNS = (
    "rounds a call",
    "mode",
    "µs a round (median)",
    "quartiles",
    "of the first row",
    "first call, s",
)


@dataclasses.dataclass(frozen=True)
class Config:
    rounds: tuple[int, ...] = (1, 10, 100, 1000)
    """rounds in one compiled call, at most 1,024"""
    mode: tuple[Literal["eager", "graph", "xla"], ...] = ("xla",)
    """how a round is compiled"""
    hidden: int = 32
    """units in each of the 2 hidden layers"""
    batch: int = 128
    """samples in a batch"""
    device: str = "auto"
    """auto (a GPU if there is one), cpu, or gpu:0, gpu:1, ..."""
    windows: int = 20
    """windows measured of each row, after some to warm up"""
    calls: int | None = None
    """compiled calls in a window; none: as many as take about half a second"""
    dry_run: bool = False
    (
        "measure nothing: print which rows there would be, and check that every op of the round "
        "has a kernel for a GPU"
    )
    out: Path = rows.RESULTS
    """folder for the rows"""

    def __post_init__(self):
        check_not_empty(self, "rounds", "mode")
        for rounds in self.rounds:
            checks.integer("Config", "rounds", rounds, 1, ROUNDS_A_CALL)  # more: several calls
        check_whole_numbers(self, "hidden", "batch", "windows", "calls")


def planned(config: Config) -> list[rows.Row]:
    """The options of every row, in order."""
    device = devices.find(config.device)
    found = []
    for mode, rounds in itertools.product(config.mode, config.rounds):
        found.append(
            {
                "benchmark": "toy_step",
                "device": device,
                "hidden": config.hidden,
                "batch": config.batch,
                "windows": config.windows,
                "calls": config.calls,
                "mode": mode,
                "rounds_a_call": rounds,
            }
        )
    return found


def main(config: Config) -> None:
    """Measure all rows, or print which there would be."""
    console = rows.console()
    plan = planned(config)
    if config.dry_run:
        show_plan(config, plan)
        return
    rows.check_writable(config.out / "toy_step.jsonl")
    found = []
    for options in plan:
        with console.status(_name(options)):
            row = rows.ask(CONTESTANT, options)
        rows.keep(row, config.out / "toy_step.jsonl")
        found.append(row)
    console.print(table(found))
    rows.check_any_measured("toy_step", found)


def show_plan(config: Config, plan: list[rows.Row]) -> None:
    """Print the rows that there would be, and check the ops of the round for GPU kernels."""
    from benchmarks.contestants import dry_run

    console = rows.console()
    for options in plan:
        rows.say(console, f"{_name(options)}: {dry_run.row_command(CONTESTANT, options)}")
    dry_run.check_toy(console, "toy_step", config.hidden, config.batch)


def _name(options: rows.Row) -> str:
    return f"{options['mode']}, {options['rounds_a_call']} rounds a call"


def table(found: list[rows.Row]) -> Table:
    """All rows, measured or not."""
    first = found[0]
    shown = Table(
        title=f"A round of a small GAN: 2 × {first['hidden']} units, batch {first['batch']}, on "
        f"{rows.device_name(found)}"
    )
    for heading in COLUMNS:
        shown.add_column(heading, justify="left" if heading == "mode" else "right")
    for row in found:
        shown.add_row(f"{row['rounds_a_call']:,}", row["mode"], *_cells(row, first))
    shown.caption = "\n".join(rows.notes(found))
    return shown


def _cells(row: rows.Row, first: rows.Row) -> list[str]:
    """What is shown of a row after its name."""
    if row["status"] != rows.MEASURED:
        return [row["status"]]
    ratio = ""
    if first["status"] == rows.MEASURED:
        ratio = f"{row['seconds'] / first['seconds']:.2f}"
    return [
        *rows.cells_of_times(row, units_a_second=1e6),
        ratio,
        f"{row['first_call_seconds']:.1f}",
    ]


if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[0], "python -m benchmarks.toy_step")
