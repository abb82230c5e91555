"""How many faces a second a trained generator makes: by itself, into an array, into a zip of PNGs.

    python -m benchmarks.generate --count 4096

- By itself: z is on the device and the pictures (uint8) stay there, for several batch sizes.
- Into an array: `Generator.sample`, which draws z, works in batches of 64 and copies the pictures
  to the host.
- Into a zip: `python -m dcgan generate --out faces.zip`. PNGs are compressed on all cores of the
  host, while the next faces are made.

Rows are written to OUT/generate.jsonl.
"""

from __future__ import annotations

import dataclasses
import functools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.measure import devices, rows
from benchmarks.measure.command import check_whole_numbers
from gan_core import checks
from gan_core.app.command_line import run


@dataclasses.dataclass(frozen=True)
class Config:
    run: Path | None = None
    """run folder; none: the generator without labels that comes with the package"""
    batch_size: tuple[int, ...] = (1, 16, 64, 256)
    """z given to the network at once"""
    count: int = 1024
    """faces into an array and into a zip, in each window"""
    device: str = "auto"
    """auto (a GPU if there is one), cpu, or gpu:0, gpu:1, ..."""
    windows: int = 20
    """windows measured of each row"""
    rounds: int | None = None
    """batches in a window of the network by itself; none: as many as take about half a second"""
    out: Path = rows.RESULTS
    """folder for the rows"""

    def __post_init__(self):
        for batch in self.batch_size:
            checks.integer("Config", "batch_size", batch, 1, 2**20)
        check_whole_numbers(self, "count", "windows", "rounds")


@dataclasses.dataclass(frozen=True)
class Play:
    """What one row measures."""

    what: str
    """the row's name"""
    faces: int
    """how many it makes at a time"""
    make: Callable[[], Any]
    """makes them once"""
    times: int | None
    """how often in a window; None: as often as takes about half a second"""

    def play(self, n: int) -> None:
        """Make them n times."""
        for _ in range(n):
            self.make()


def main(config: Config) -> None:
    """Measure all rows and show the table."""
    from dcgan.generation import trained_generator

    device = devices.find(config.device)
    path = config.out / "generate.jsonl"
    rows.check_writable(path)
    devices.use(config.device)
    trained_generator.choose_arithmetic()  # as `python -m dcgan generate`
    generator = trained_generator.load(config.run)
    shared = {
        "benchmark": "generate",
        "device": device,
        "generator": "run" if config.run else "package",
        "size": generator.size,
    }

    def measure(play: Play) -> rows.Row:
        times = rows.windows(play.play, devices.drain, config.windows, play.times)
        return {
            **times,
            "images_a_second": play.faces / times["seconds"],
            "machine": devices.machine(device),
        }

    found = []
    with tempfile.TemporaryDirectory() as folder:
        for play in _plays(config, generator, Path(folder)):
            options = {**shared, "what": play.what, "faces": play.faces}
            row = rows.attempt(lambda _, play=play: measure(play), options)
            rows.keep(row, path)
            found.append(row)
    rows.console().print(table(found))
    rows.check_any_measured("benchmarks.generate", found)


def table(found: list[rows.Row]) -> Table:
    """All rows, measured or not."""
    shown = Table(title=f"Faces of {found[0]['size']} pixels on {rows.device_name(found)}")
    for heading in ("", "faces", "ms (median)", "quartiles", "faces a second"):
        shown.add_column(heading, justify="right" if heading else "left")
    for row in found:
        shown.add_row(row["what"], f"{row['faces']:,}", *_cells(row))
    shown.caption = "\n".join(rows.notes(found))
    return shown


def _cells(row: rows.Row) -> list[str]:
    """What is shown of a row after its name."""
    if row["status"] != rows.MEASURED:
        return [row["status"]]
    return [
        *rows.cells_of_times(row),
        f"{row['images_a_second']:,.0f}",
    ]


def _plays(config: Config, generator: Any, folder: Path) -> Iterator[Play]:
    """What each row measures, in order."""
    import tensorflow as tf

    from dcgan.generation import writers
    from gan_core import rng

    for batch in config.batch_size:
        inputs = [rng.normal([batch, generator.latent_dim], rng.seed(0, "z"))]
        labels = generator.labels_of(batch)
        if labels is not None:
            inputs.append(tf.constant(labels))
        yield Play(
            f"the network, batch {batch}",
            batch,
            functools.partial(generator.function, *inputs),
            config.rounds,
        )
    count = config.count
    yield Play("into an array", count, lambda: generator.sample(count), 1)

    def make_zip() -> None:
        out = folder / "faces.zip"
        writers.write(generator.blocks(count), count, out)
        out.unlink()

    yield Play("into a zip of PNGs", count, make_zip, 1)


if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[0], "python -m benchmarks.generate")
