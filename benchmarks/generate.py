"""How many faces a second a trained generator makes: by itself, into an array, into a zip of PNGs.

    python -m benchmarks.generate --count 4096

By itself: z is on the device, the pictures (uint8) stay there; shown for several batch sizes. Into an array
is `Generator.sample`: z drawn, batches of 64, pictures brought to the host. Into a zip is what `python -m
dcgan generate --out faces.zip` does: PNGs are packed on all cores of the host, which takes longer than making
the faces. Rows go to OUT/generate.jsonl.
"""

import dataclasses
import functools
import tempfile
from pathlib import Path

from rich.table import Table

from benchmarks.measure import devices, rows
from dcgan.generation import trained_generator, writers
from gan_core import checks, rng
from gan_core.app.command_line import run


@dataclasses.dataclass(frozen=True)
class Config:
    run: Path | None = None
    """run folder; none: the generator that comes with the package"""
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
        for name in ("count", "windows"):
            checks.integer("Config", name, getattr(self, name), 1)
        if self.rounds is not None:
            checks.integer("Config", "rounds", self.rounds, 1)


def main(config: Config) -> None:
    device = devices.find(config.device)
    rows.check_writable(config.out / "generate.jsonl")
    devices.use(config.device)
    generator, found = trained_generator.load(config.run), []
    shared = {
        "benchmark": "generate",
        "device": device,
        "generator": "run" if config.run else "package",
        "size": generator.size,
    }
    with tempfile.TemporaryDirectory() as folder:
        for what, faces, play, rounds in _plays(config, generator, Path(folder)):
            row = rows.attempt(
                lambda options: {
                    **rows.windows(play, devices.drain, config.windows, rounds),
                    "machine": devices.machine(device),
                },
                {**shared, "what": what, "faces": faces},
            )
            if row["status"] == rows.MEASURED:
                row["images_a_second"] = faces / row["seconds"]
            rows.keep(row, config.out / "generate.jsonl")
            found.append(row)
    rows.console().print(table(found))
    rows.check_any_measured("benchmarks.generate", found)


def table(found: list[dict]) -> Table:
    shown = Table(title=f"Faces of {found[0]['size']} pixels on {rows.device_name(found)}")
    for heading in ("", "faces", "ms (median)", "quartiles", "faces a second"):
        shown.add_column(heading, justify="right" if heading else "left")
    for row in found:
        if row["status"] != rows.MEASURED:
            shown.add_row(row["what"], f"{row['faces']:,}", row["status"])
            continue
        low, high = row["quartiles"]
        shown.add_row(
            row["what"],
            f"{row['faces']:,}",
            f"{1e3 * row['seconds']:.4g}",
            f"{1e3 * low:.4g} – {1e3 * high:.4g}",
            f"{row['images_a_second']:,.0f}",
        )
    shown.caption = "\n".join(rows.notes(found))
    return shown


def _plays(config, generator, folder: Path):
    """(what, faces it makes, play(n), n in a window) of each row."""
    for batch in config.batch_size:
        z = rng.normal([batch, generator.latent_dim], rng.seed(0, "z"))
        yield (
            f"the network, batch {batch}",
            batch,
            functools.partial(_network, generator.function, z),
            config.rounds,
        )
    count = config.count
    yield "into an array", count, functools.partial(_again, lambda: generator.sample(count)), 1
    yield (
        "into a zip of PNGs",
        count,
        functools.partial(_again, lambda: _zip(generator, count, folder)),
        1,
    )


def _network(function, z, n):
    for _ in range(n):
        function(z)


def _again(make, n):
    for _ in range(n):
        make()


def _zip(generator, count, folder):
    out = folder / "faces.zip"
    writers.write(generator.blocks(count), count, out)
    out.unlink()


if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[0], "python -m benchmarks.generate")
