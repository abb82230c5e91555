"""What feeding costs: a batch of faces alone, and in a training step, from memory and from the file.

    python -m benchmarks.input_pipeline --images 20000        # about five minutes on two CPU cores

`dcgan.data.batches` gathers batches from an array on the device, or, where the faces do not fit into memory,
reads them from their cache with tf.data, two batches ahead. Each way is timed alone and as what feeds the
round, in turn with rounds on one batch that stays on the device. A way that works while the device does
may cost nothing though it takes long alone: what counts is the last column. Rows go to
OUT/input_pipeline.jsonl.
"""

import dataclasses
import tempfile
from pathlib import Path
from typing import Literal

import numpy as np
import tensorflow as tf
from rich.table import Table

from benchmarks.measure import devices, rows
from dcgan import config as dcgan_config
from dcgan import training
from dcgan.data.batches import face_batches
from dcgan.config import SIZES
from gan_core import checks, rng
from gan_core.app.command_line import run

WAYS = {
    "memory": (False, False),
    "memory, flips": (False, True),  # name -> (from the file, flipped)
    "file": (True, False),
    "file, flips": (True, True),
}


@dataclasses.dataclass(frozen=True)
class Config:
    batch_size: int = 128
    """images in a batch"""
    images: int = 20_000
    """faces in the data set (noise of their size: what is in them costs nothing here)"""
    size: int = 64
    """pixels of a picture, each way: 32, 64 or 128"""
    width: int = 64
    """channels at the pictures' end of both networks"""
    mode: Literal["eager", "graph", "xla"] = "graph"
    """how a round is compiled"""
    convolution: Literal["auto", "native", "subpixel", "winograd"] = (
        dcgan_config.Config().convolution
    )
    """how a convolution is worked out"""
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"
    """of the convolutions"""
    device: str = "auto"
    """auto (a GPU if there is one), cpu, or gpu:0, gpu:1, ..."""
    windows: int = 5
    """windows measured of each way"""
    rounds: int = 8
    """rounds in a window, and a quarter of the batches alone: about four are read ahead"""
    out: Path = rows.RESULTS
    """folder for the rows"""

    def __post_init__(self):
        checks.one_of("Config", "size", self.size, SIZES)
        for name, low in (
            ("batch_size", 2),
            ("images", 2),
            ("width", 1),
            ("windows", 1),
            ("rounds", 1),
        ):
            checks.integer("Config", name, getattr(self, name), low)


def main(config: Config) -> None:
    device = devices.find(config.device)
    if reason := devices.why_not(config.precision, device):
        raise ValueError(f"input_pipeline: {reason}.")
    rows.check_writable(config.out / "input_pipeline.jsonl")
    devices.use(config.device)
    trainer = training.build(
        dcgan_config.Config(
            batch_size=config.batch_size,
            size=config.size,
            width=config.width,
            mode=config.mode,
            average=0.0,
            augment=(),
            gamma=0.0,
            convolution=config.convolution,
            precision=config.precision,
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        shape = (config.images, config.size, config.size, 3)
        images = _noise(np.memmap(Path(folder) / "images.uint8", np.uint8, "w+", shape=shape))
        plays = _plays(config, trainer, images)
        seconds = _in_turn(plays, config.windows, config.rounds)
        del images, plays  # the file is open as long as they are
    fixed = float(np.median(seconds["step", "fixed"]))
    found = []
    for way in ("fixed", *WAYS):
        alone, fed = seconds.get(("batch", way)), rows.summary(seconds["step", way])
        found.append(
            {
                "benchmark": "input_pipeline",
                **dataclasses.asdict(config),
                "out": None,
                "way": way,
                "batch": rows.summary(alone) if alone else None,
                "step": fed,
                "slower_than_fixed": fed["seconds"] / fixed,
                "status": rows.MEASURED,
                "machine": devices.machine(device),
            }
        )
        rows.keep(found[-1], config.out / "input_pipeline.jsonl")
    rows.console().print(table(found))


def table(found: list[dict]) -> Table:
    first = found[0]
    shown = Table(
        title=f"Feeding {first['images']:,} faces of {first['size']} pixels in batches of "
        f"{first['batch_size']}, on {rows.device_name(found)}",
        caption="medians",
    )
    for heading in (
        "fed with",
        "a batch alone, ms",
        "share of a step",
        "a step fed so, ms",
        "to a step with none",
    ):
        shown.add_column(heading, justify="left" if heading == "fed with" else "right")
    step = first["step"]["seconds"]
    for row in found:
        alone = row["batch"]["seconds"] if row["batch"] else 0.0
        shown.add_row(
            "one batch, on the device" if row["way"] == "fixed" else row["way"],
            f"{1e3 * alone:.3g}",
            f"{100 * alone / step:.1f} %",
            f"{1e3 * row['step']['seconds']:.4g}",
            f"{row['slower_than_fixed']:.3f}",
        )
    return shown


def _plays(config, trainer, images) -> dict:
    """(what, way) -> play(n): n batches made and thrown away, or n rounds on them."""
    fixed = rng.uniform([config.batch_size, *images.shape[1:]], rng.seed(0, "real"), -1.0, 1.0)

    def one_batch(index):
        return fixed

    plays = {("step", "fixed"): lambda n: trainer.rounds(one_batch, n)}
    for way, (from_file, flip) in WAYS.items():
        data = images if from_file else np.array(images)
        batches = face_batches(data, config.batch_size, seed=0, flip=flip)
        make = _from_file if from_file else _from_memory
        plays["batch", way], plays["step", way] = make(trainer, batches)
    return plays


def _from_memory(trainer, sampler):
    one, counter = tf.function(sampler, autograph=False), tf.Variable(0, dtype=tf.int64)

    def batches_alone(n):
        for _ in range(n):
            one(counter)
            counter.assign_add(1)

    return batches_alone, lambda n: trainer.rounds(sampler, n)


def _from_file(trainer, host_batches):
    alone, fed = (
        iter(host_batches.start(0)),
        iter(host_batches.start(0)),
    )  # both read ahead by themselves

    def batches_alone(n):
        for _ in range(n):
            next(alone)

    def steps(n):  # as gan_core.runs.loop does
        for _ in range(n):
            trainer.round(next(fed))

    return batches_alone, steps


def _in_turn(plays: dict, windows: int, rounds: int) -> dict:
    """name -> seconds a round of each window; one window of each, then the next one of each."""
    for play in plays.values():
        rows.timed(play, 1, devices.drain)  # compile
    seconds = {name: [] for name in plays}
    for window in range(windows + 1):
        for name, play in plays.items():
            n = 4 * rounds if name[0] == "batch" else rounds
            taken = rows.timed(play, n, devices.drain) / n
            if window > 0:  # the first is warm-up
                seconds[name].append(taken)
    return seconds


def _noise(images: np.memmap) -> np.memmap:
    """The file filled with noise, a thousand pictures at a time; -> opened for reading."""
    for i, start in enumerate(range(0, len(images), 1000)):
        some = images[start : start + 1000]
        some[:] = rng.integers(list(some.shape), rng.seed(0, "noise", i), 256).numpy()
    images.flush()
    return np.memmap(images.filename, np.uint8, "r", shape=images.shape)


if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[0], "python -m benchmarks.input_pipeline")
