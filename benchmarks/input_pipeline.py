"""What feeding costs: a batch of faces alone, and in a training step, from memory and from a file.

    python -m benchmarks.input_pipeline --images 20000        # about five minutes on two CPU cores

`dcgan.data.batches` gathers batches from an array on the device, or, if the faces do not fit into
memory, reads them from their cache with tf.data, two batches ahead. Each way is timed alone and
while it feeds the round, in turn with rounds on one batch that stays on the device. A way that
works at the same time as the device may cost nothing although it takes long alone, so the last
column is the one that counts. Rows are written to OUT/input_pipeline.jsonl.
"""

from __future__ import annotations

import dataclasses
import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
from rich.table import Table

from benchmarks.measure import devices, rows
from benchmarks.measure.command import check_picture_size, check_whole_numbers
from gan_core.app.command_line import run

WAYS = {
    "memory": (False, False),
    "memory, flips": (False, True),
    "file": (True, False),
    "file, flips": (True, True),
}
"""name -> (from the file, flipped)"""
COLUMNS = (
    "fed with",
    "a batch alone, ms",
    "share of a step",
    "a step fed so, ms",
    "to a step with none",
)
Play = Callable[[int], Any]


@dataclasses.dataclass(frozen=True)
class Config:
    batch_size: int = 128
    """images in a batch"""
    images: int = 20_000
    """faces in the data set (noise of their size: what is in them costs nothing here)"""
    size: int = 64
    """height and width of a picture in pixels: 32, 64, 96 or 128"""
    width: int = 64
    """channels of both networks at full picture size"""
    mode: Literal["eager", "graph", "xla"] = "graph"
    """how a round is compiled"""
    convolution: Literal["auto", "native", "subpixel", "winograd"] = "auto"
    """how a convolution is computed"""
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"
    """precision of the convolutions"""
    device: str = "auto"
    """auto (a GPU if there is one), cpu, or gpu:0, gpu:1, ..."""
    windows: int = 5
    """windows measured of each way"""
    rounds: int = 8
    """rounds in a window, and a quarter of the batches alone: about four are read ahead"""
    out: Path = rows.RESULTS
    """folder for the rows"""

    def __post_init__(self):
        check_picture_size(self)
        check_whole_numbers(self, "batch_size", low=2)
        check_whole_numbers(self, "images", low=2, high=10**7)
        check_whole_numbers(self, "width", "windows", "rounds")


def main(config: Config) -> None:
    """Measure all ways in turn and show the table."""
    device = devices.find(config.device)
    reason = devices.why_not(config.precision, device)
    if reason is not None:
        raise ValueError(f"input_pipeline: {reason}.")
    path = config.out / "input_pipeline.jsonl"
    rows.check_writable(path)
    devices.use(config.device)
    devices.set_precision(config.precision)
    with tempfile.TemporaryDirectory() as folder:
        shape = (config.images, config.size, config.size, 3)
        file = np.memmap(Path(folder) / "images.uint8", np.uint8, "w+", shape=shape)
        images = _noise(file)
        plays = _plays(config, images)
        seconds = _in_turn(plays, config.windows, config.rounds)
        del file, images, plays  # the file is open as long as they are
    fixed = float(np.median(seconds["step", "fixed"]))
    found = []
    for way in ("fixed", *WAYS):
        alone = seconds.get(("batch", way))
        fed = rows.summary(seconds["step", way])
        row = {
            "benchmark": "input_pipeline",
            **dataclasses.asdict(config),
            "out": None,
            "way": way,
            "batch": None if alone is None else rows.summary(alone),
            "step": fed,
            "slower_than_fixed": fed["seconds"] / fixed,
            "status": rows.MEASURED,
            "machine": devices.machine(device),
        }
        rows.keep(row, path)
        found.append(row)
    rows.console().print(table(found))


def table(found: list[rows.Row]) -> Table:
    """All ways, the one without feeding first."""
    first = found[0]
    shown = Table(
        title=f"Feeding {first['images']:,} faces of {first['size']} pixels in batches of "
        f"{first['batch_size']}, on {rows.device_name(found)}",
        caption="medians",
    )
    for heading in COLUMNS:
        shown.add_column(heading, justify="left" if heading == "fed with" else "right")
    step = first["step"]["seconds"]
    for row in found:
        alone = row["batch"]["seconds"] if row["batch"] else 0.0
        shown.add_row(
            "one batch, on the device" if row["way"] == "fixed" else row["way"],
            rows.plain(1e3 * alone, 3),
            f"{100 * alone / step:.1f} %",
            rows.plain(1e3 * row["step"]["seconds"]),
            f"{row['slower_than_fixed']:.3f}",
        )
    return shown


def _trainer(config: Config) -> Any:
    from benchmarks.measure import ours
    from dcgan import training
    from dcgan.config import Config as DCGANConfig

    return training.build(
        DCGANConfig(
            batch_size=config.batch_size,
            size=config.size,
            width=config.width,
            mode=config.mode,
            convolution=config.convolution,
            precision=config.precision,
            **ours.BARE_ROUND,
        )
    )


def _plays(config: Config, images: np.ndarray) -> dict[tuple[str, str], Play]:
    """What is timed.

    Each way has its own trainer, because a trainer keeps only the compiled rounds of its last
    sampler: ways that shared one would compile the round again in each window.

    Returns:
        (what, way) -> play(n): n batches made and thrown away, or n rounds on them.
    """
    from dcgan.data.batches import face_batches
    from gan_core import rng

    shape = [config.batch_size, *images.shape[1:]]
    fixed = rng.uniform(shape, rng.seed(0, "real"), -1.0, 1.0)

    def one_batch(index):
        return fixed

    plays: dict[tuple[str, str], Play] = {}
    plays["step", "fixed"] = functools.partial(_trainer(config).rounds, one_batch)
    for way, (from_file, flip) in WAYS.items():
        data = images if from_file else np.array(images)
        batches = face_batches(data, config.batch_size, seed=0, flip=flip)
        make = _from_file if from_file else _from_memory
        alone, fed = make(_trainer(config), batches)
        plays["batch", way] = alone
        plays["step", way] = fed
    return plays


def _from_memory(trainer: Any, sampler: Any) -> tuple[Play, Play]:
    """Batches alone, and rounds on them, from an array on the device."""
    import tensorflow as tf

    one = tf.function(sampler, autograph=False)
    counter = tf.Variable(0, dtype=tf.int64)

    def batches_alone(n: int) -> None:
        for _ in range(n):
            one(counter)
            counter.assign_add(1)

    def steps(n: int) -> None:
        trainer.rounds(sampler, n)

    return batches_alone, steps


def _from_file(trainer: Any, host_batches: Any) -> tuple[Play, Play]:
    """Batches alone, and rounds on them, from the file. Each reads ahead by itself."""
    alone = iter(host_batches.start(0))
    fed = iter(host_batches.start(0))

    def batches_alone(n: int) -> None:
        for _ in range(n):
            next(alone)

    def steps(n: int) -> None:  # as gan_core.runs.loop does
        for _ in range(n):
            trainer.round(next(fed))

    return batches_alone, steps


def _in_turn(
    plays: dict[tuple[str, str], Play], windows: int, rounds: int
) -> dict[tuple[str, str], list[float]]:
    """One window of each, then the next window of each.

    Returns:
        (what, way) -> seconds a round of each window.
    """
    for play in plays.values():
        rows.timed(play, 1, devices.drain)  # compile
    seconds: dict[tuple[str, str], list[float]] = {name: [] for name in plays}
    for window in range(windows + 1):
        for name, play in plays.items():
            what, _ = name
            n = 4 * rounds if what == "batch" else rounds
            taken = rows.timed(play, n, devices.drain) / n
            if window > 0:  # the first is warm-up
                seconds[name].append(taken)
    return seconds


def _noise(images: np.memmap) -> np.memmap:
    """Fill the file with noise, a thousand pictures at a time, and open it for reading."""
    from gan_core import rng

    for i, start in enumerate(range(0, len(images), 1000)):
        some = images[start : start + 1000]
        some[:] = rng.integers(list(some.shape), rng.seed(0, "noise", i), 256).numpy()
    images.flush()
    return np.memmap(images.filename, np.uint8, "r", shape=images.shape)


if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[0], "python -m benchmarks.input_pipeline")
