"""How long a round of the DCGAN takes on this machine, and how far that is from what it could do.

    python -m benchmarks.train_step --batch-size 64 128 256 512 --precision float32 tf32 bfloat16
    python -m benchmarks.train_step --model a100          # nothing is measured: what an A100 could do at best

Every combination of batch size, precision, mode and convolution is one row, measured in a process of
its own: the first call (which compiles), a warm-up, then windows of which the median and quartiles are
told. Beside it stand the peak of memory, the arithmetic achieved (`arithmetic` counts 2.27 GFLOP an
image at the default sizes) and its share of what a large matrix product reaches in the same process.
Rows go to OUT/train_step.jsonl as they are measured, the plot to OUT/train_step.png.
"""

import dataclasses
import itertools
from pathlib import Path
from typing import Literal

from rich.table import Table

from benchmarks import step_plots
from benchmarks.limits import arithmetic, peaks, roofline
from benchmarks.measure import devices, rows
from dcgan.networks import SIZES
from gan_core import checks
from gan_core.app.command_line import run
from gan_core.nn.kernels import winograd


@dataclasses.dataclass(frozen=True)
class Config:
    batch_size: tuple[int, ...] = (64, 128, 256)
    """images in a batch, real and generated each"""
    precision: tuple[Literal["float32", "tf32", "bfloat16"], ...] = ("float32",)
    """of the convolutions"""
    mode: tuple[Literal["eager", "graph", "xla"], ...] = ("graph", "xla")
    """how a round is compiled"""
    convolution: tuple[Literal["native", "subpixel", "winograd"], ...] = (
        "native",
        "subpixel",
        "winograd",
    )
    """how a convolution is worked out: native is meant for a GPU, subpixel and winograd for a CPU"""
    device: str = "auto"
    """auto (a GPU if there is one), cpu, or gpu:0, gpu:1, ..."""
    strategy: tuple[Literal["none", "mirrored"], ...] = ("none",)
    """none: one device; mirrored: each batch shared by several (modes eager and graph), to see how that scales"""
    replicas: int | None = None
    """devices that mirrored plays on; none: all GPUs from --device on, or a CPU divided in two"""
    size: int = 64
    """pixels of a picture, each way: 32, 64 or 128"""
    width: int = 64
    """channels at the pictures' end of both networks"""
    latent_dim: int = 100
    """numbers in z"""
    windows: int = 20
    """windows measured of each row"""
    rounds: int | None = None
    """rounds in a window; none: as many as take about half a second"""
    peak_seconds: float = 4.0
    """for how long the matrix product, and then the bandwidth, is measured"""
    peak_sizes: tuple[int, int] | None = None
    """side of the matrices and numbers in an array; none: large ones"""
    model: Literal["h100", "a100", "a100-40gb", "t4", "cpu"] | None = None
    (
        "measure no round: print how fast this device could be at best, from its published peaks (cpu: from this "
        "machine's, measured now)"
    )
    out: Path = rows.RESULTS
    """folder for rows and plot"""

    def __post_init__(self):
        for name in ("batch_size", "precision", "mode", "convolution", "strategy"):
            if not getattr(self, name):
                checks.fail("Config", name, "at least one", "none")
        for batch in self.batch_size:
            checks.integer("Config", "batch_size", batch, 2, 2**20)
        checks.one_of("Config", "size", self.size, SIZES)
        for name in ("width", "latent_dim", "windows"):
            checks.integer("Config", name, getattr(self, name), 1)
        if self.rounds is not None:
            checks.integer("Config", "rounds", self.rounds, 1)
        checks.number("Config", "peak_seconds", self.peak_seconds, above=0.0)


def main(config: Config) -> None:
    if config.model is not None:
        predict(config)
    else:
        measure(config)


def measure(config: Config) -> list[dict]:
    """All rows, each kept as soon as it is there; then the table and the plot."""
    console, device = rows.console(), devices.find(config.device)
    shared = {
        "benchmark": "train_step",
        "device": device,
        **{
            name: getattr(config, name)
            for name in (
                "size",
                "width",
                "latent_dim",
                "windows",
                "rounds",
                "peak_seconds",
                "peak_sizes",
            )
        },
    }
    replicas = {"none": 1}
    if "mirrored" in config.strategy:
        replicas["mirrored"] = devices.check_replicas(config.device, config.replicas)
        several = replicas["mirrored"]
        for batch in config.batch_size:
            if batch % several:
                checks.fail(
                    "Config", "batch_size", f"a multiple of the {several} replicas", str(batch)
                )
    rows.check_writable(config.out / "train_step.jsonl")
    found = []
    combinations = list(
        itertools.product(
            config.strategy, config.precision, config.mode, config.convolution, config.batch_size
        )
    )
    for number, (strategy, precision, mode, convolution, batch) in enumerate(combinations, start=1):
        options = {
            **shared,
            "strategy": strategy,
            "replicas": replicas[strategy],
            "batch_size": batch,
            "precision": precision,
            "mode": mode,
            "convolution": convolution,
        }
        reason = devices.why_not(precision, device)
        if convolution == "winograd" and (
            precision != "float32" or batch // replicas[strategy] < winograd.MIN_BATCH_AND_CHANNELS
        ):
            reason = f"Winograd's form is for float32 and {winograd.MIN_BATCH_AND_CHANNELS} images a device; below it is native"
        if strategy != "none" and mode == "xla":
            reason = "XLA compiles a round for one device; with a strategy take graph"
        with console.status(
            f"{number} of {len(combinations)}: batch {batch}, {precision}, {way(options)}"
        ):
            row = (
                rows.ask("benchmarks.contestants.one_train_step", options)
                if reason is None
                else {**options, "status": rows.NOT_SUPPORTED, "message": reason}
            )
        rows.keep(row, config.out / "train_step.jsonl")
        found.append(row)
    console.print(table(found))
    rows.check_any_measured("train_step", found)
    step_plots.by_batch(
        [
            {**row, "label": f"{row['precision']}, {way(row)}"}
            for row in found
            if row["status"] == rows.MEASURED
        ],
        config.out / "train_step.png",
    )
    return found


def way(row: dict) -> str:
    """How a row's round is played, in words."""
    several = f" on {row['replicas']} devices" if row["replicas"] > 1 else ""
    return f"{row['mode']}, {row['convolution']}{several}"


def percent(share: float) -> str:
    """0.0123 -> "1.2 %", 0.5 -> "50 %", 1.06 -> "106 %"."""
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"


def table(found: list[dict]) -> Table:
    shown = Table(
        title=f"One round of the DCGAN, {found[0]['size']} pixels, width {found[0]['width']}, on "
        f"{rows.device_name(found)}"
    )
    for heading in (
        "batch",
        "precision",
        "round",
        "ms (median)",
        "quartiles",
        "images/s",
        "TFLOP/s",
        "of matrix peak",
        "of roofline",
        "memory, MB",
        "first call, s",
    ):
        shown.add_column(heading, justify="left" if heading in ("precision", "round") else "right")
    for row in found:
        name = [str(row["batch_size"]), row["precision"], way(row)]
        if row["status"] != rows.MEASURED:
            shown.add_row(*name, row["status"])
            continue
        low, high = row["quartiles"]
        shown.add_row(
            *name,
            f"{1e3 * row['seconds']:.4g}",
            f"{1e3 * low:.4g} – {1e3 * high:.4g}",
            f"{row['images_a_second']:,.0f}",
            f"{row['tflops']:.3g}",
            percent(row["share_of_peak"]),
            percent(row["share_of_roofline"]),
            f"{row['memory_bytes'] / 1e6:,.0f}",
            f"{row['first_call_seconds']:.1f}",
        )
    shown.caption = "\n".join(rows.notes(found))
    return shown


def predict(config: Config) -> None:
    """The layers' table of each precision and batch size; a line for a precision that the device does not have."""
    console, not_there = rows.console(), []
    devices.use("cpu")  # where the layers are counted
    for precision in config.precision:
        try:
            name, limits, source = _limits(config, precision)
        except ValueError as error:
            not_there.append(str(error))
            continue
        for batch in config.batch_size:
            work = arithmetic.dcgan_round(
                batch, precision, config.size, config.width, config.latent_dim
            )
            title = (
                f"At best: {name}, {precision}, {limits.operations / 1e12:.4g} TFLOP/s and "
                f"{limits.bandwidth / 1e12:.3g} TB/s"
            )
            console.print(roofline.table(roofline.predict(work, limits), batch, title, source))
    if len(not_there) == len(config.precision):
        raise ValueError(not_there[0])
    for reason in not_there:
        console.print(reason, highlight=False)


def _limits(config, precision):
    """(the device's name, its peaks, where they are from)"""
    if config.model == "cpu":
        if reason := devices.why_not(precision, "cpu"):
            raise ValueError(reason)
        return (
            "this CPU",
            peaks.measure(precision, "CPU", config.peak_seconds, config.peak_sizes),
            "measured now",
        )
    device = roofline.DEVICES[config.model]
    return device.name, device.peaks(precision), device.source


if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[0], "python -m benchmarks.train_step")
