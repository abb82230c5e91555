"""How long a round of a small GAN on one number takes, by how many rounds are in one compiled call.

    python -m benchmarks.toy_step --rounds 1 10 100 1000

A whole round: a real batch drawn, z drawn, a step of D, a step of G through the new D, Adam twice,
the losses kept. Its arithmetic takes microseconds, so what is seen here is what a call from Python
costs, and what is left of it when the call has more rounds. Each row is measured in a process of its
own; they go to OUT/toy_step.jsonl. The same round in other libraries: `python -m benchmarks.peers`.
"""

import dataclasses
import itertools
from pathlib import Path
from typing import Literal

from rich.table import Table

from benchmarks.measure import devices, rows
from gan_core import checks
from gan_core.app.command_line import run


@dataclasses.dataclass(frozen=True)
class Config:
    rounds: tuple[int, ...] = (1, 10, 100, 1000)
    """rounds in one compiled call"""
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
    out: Path = rows.RESULTS
    """folder for the rows"""

    def __post_init__(self):
        for name in ("rounds", "mode"):
            if not getattr(self, name):
                checks.fail("Config", name, "at least one", "none")
        for rounds in self.rounds:
            checks.integer("Config", "rounds", rounds, 1, 10**6)
        for name in ("hidden", "batch", "windows"):
            checks.integer("Config", name, getattr(self, name), 1)
        if self.calls is not None:
            checks.integer("Config", "calls", self.calls, 1)


def main(config: Config) -> None:
    console, device = rows.console(), devices.find(config.device)
    rows.check_writable(config.out / "toy_step.jsonl")
    shared = {
        "benchmark": "toy_step",
        "device": device,
        **{name: getattr(config, name) for name in ("hidden", "batch", "windows", "calls")},
    }
    found = []
    for mode, rounds in itertools.product(config.mode, config.rounds):
        with console.status(f"{mode}, {rounds} rounds a call"):
            row = rows.ask(
                "benchmarks.contestants.one_toy_step",
                {**shared, "mode": mode, "rounds_a_call": rounds},
            )
        rows.keep(row, config.out / "toy_step.jsonl")
        found.append(row)
    console.print(table(found))
    rows.check_any_measured("toy_step", found)


def table(found: list[dict]) -> Table:
    shown = Table(
        title=f"A round of a small GAN: 2 × {found[0]['hidden']} units, batch {found[0]['batch']}, on "
        f"{rows.device_name(found)}"
    )
    for heading in (
        "rounds a call",
        "mode",
        "µs a round (median)",
        "quartiles",
        "of the first row",
        "first call, s",
    ):
        shown.add_column(heading, justify="left" if heading == "mode" else "right")
    for row in found:
        name = [f"{row['rounds_a_call']:,}", row["mode"]]
        if row["status"] != rows.MEASURED:
            shown.add_row(*name, row["status"])
            continue
        low, high = row["quartiles"]
        ratio = (
            f"{row['seconds'] / found[0]['seconds']:.2f}"
            if found[0]["status"] == rows.MEASURED
            else ""
        )
        shown.add_row(
            *name,
            f"{1e6 * row['seconds']:.4g}",
            f"{1e6 * low:.4g} – {1e6 * high:.4g}",
            ratio,
            f"{row['first_call_seconds']:.1f}",
        )
    shown.caption = "\n".join(rows.notes(found))
    return shown


if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[0], "python -m benchmarks.toy_step")
