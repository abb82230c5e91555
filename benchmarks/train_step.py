"""How long a round of the DCGAN takes on this machine, and how far that is from what it could do.

    python -m benchmarks.train_step --batch-size 64 128 256 512 --precision float32 tf32 bfloat16
    python -m benchmarks.train_step --dry-run         # measures nothing: which rows there would be
    python -m benchmarks.train_step --model a100      # measures nothing: an A100 at its best

Every combination of batch size, precision, mode and convolution is one row, measured in its own
process: the first call (which compiles), a warm-up, then windows, of which the median and the
quartiles are shown. Beside them are the peak of memory, the arithmetic rate (`arithmetic` counts
2.27 GFLOP an image at the default sizes), and its share of the rate of a large matrix product in
the same process. Rows are written to OUT/train_step.jsonl as they are measured, the plot to
OUT/train_step.png.
"""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rich.table import Table

from benchmarks.measure import devices, rows
from benchmarks.measure.command import check_not_empty, check_picture_size, check_whole_numbers
from gan_core import checks
from gan_core.app.command_line import run

if TYPE_CHECKING:
    from benchmarks.limits.peaks import Peaks

CONTESTANT = "benchmarks.contestants.one_train_step"
COLUMNS = (
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
)


@dataclasses.dataclass(frozen=True)
class Config:
    batch_size: tuple[int, ...] = (64, 128, 256)
    """images in a batch, real and generated each"""
    precision: tuple[Literal["float32", "tf32", "bfloat16"], ...] = ("float32",)
    """precision of the convolutions"""
    mode: tuple[Literal["eager", "graph", "xla"], ...] = ("graph", "xla")
    """how a round is compiled"""
    convolution: tuple[Literal["native", "subpixel", "winograd"], ...] = (
        "native",
        "subpixel",
        "winograd",
    )
    """how a convolution is computed: native is meant for a GPU, subpixel and winograd for a CPU"""
    device: str = "auto"
    """auto (a GPU if there is one), cpu, or gpu:0, gpu:1, ..."""
    strategy: tuple[Literal["none", "mirrored"], ...] = ("none",)
    (
        "none: one device; mirrored: several devices share each batch (modes eager and graph), to "
        "measure how that scales"
    )
    replicas: int | None = None
    """devices that mirrored uses; none: all GPUs from --device on, or a CPU divided in two"""
    size: int = 64
    """height and width of a picture in pixels: 32, 64, 96 or 128"""
    width: int = 64
    """channels of both networks at full picture size"""
    latent_dim: int = 100
    """numbers in z"""
    windows: int = 20
    """windows measured of each row"""
    rounds: int | None = None
    """rounds in a window; none: as many as take about half a second"""
    peak_seconds: float = 4.0
    """for how many seconds the matrix product, and then the bandwidth, is measured"""
    peak_sizes: tuple[int, int] | None = None
    """side of the matrices and numbers in an array; none: large ones"""
    model: Literal["h100", "a100", "a100-40gb", "t4", "cpu"] | None = None
    (
        "measure no round: print how fast this device could be at best, by its published peaks "
        "(cpu: by those of this machine, measured now)"
    )
    dry_run: bool = False
    (
        "measure nothing: print which rows there would be, and check that every op of the round "
        "has a kernel for a GPU"
    )
    out: Path = rows.RESULTS
    """folder for rows and plot"""

    def __post_init__(self):
        check_not_empty(self, "batch_size", "precision", "mode", "convolution", "strategy")
        for batch in self.batch_size:
            checks.integer("Config", "batch_size", batch, 2, 2**20)
        check_picture_size(self)
        check_whole_numbers(self, "width", "latent_dim", "windows", "rounds")
        checks.number("Config", "peak_seconds", self.peak_seconds, high=3600.0, above=0.0)
        for size in self.peak_sizes or ():
            checks.integer("Config", "peak_sizes", size, 1, 10**9)
        if self.replicas is not None and "mirrored" not in self.strategy:
            wanted = "left out without --strategy mirrored"
            checks.fail("Config", "replicas", wanted, str(self.replicas))


def main(config: Config) -> None:
    """Measure, or do what --model or --dry-run asks for."""
    if config.model is not None:
        predict(config)
    elif config.dry_run:
        show_plan(config)
    else:
        measure(config)


# ---------------------------------------------------------------- which rows


def planned(config: Config) -> list[rows.Row]:
    """The options of every row, in order; a row that cannot be measured has `why_not`.

    Raises:
        ValueError: a batch cannot be divided by the replicas.
    """
    device = devices.find(config.device)
    replicas = {"none": 1}
    if "mirrored" in config.strategy:
        several = devices.check_replicas(config.device, config.replicas)
        replicas["mirrored"] = several
        for batch in config.batch_size:
            if batch % several:
                wanted = f"a multiple of the {several} replicas"
                checks.fail("Config", "batch_size", wanted, str(batch))
    combinations = itertools.product(
        config.strategy, config.precision, config.mode, config.convolution, config.batch_size
    )
    found = []
    for strategy, precision, mode, convolution, batch in combinations:
        row = {
            "benchmark": "train_step",
            "device": device,
            "size": config.size,
            "width": config.width,
            "latent_dim": config.latent_dim,
            "windows": config.windows,
            "rounds": config.rounds,
            "peak_seconds": config.peak_seconds,
            "peak_sizes": config.peak_sizes,
            "strategy": strategy,
            "replicas": replicas[strategy],
            "batch_size": batch,
            "precision": precision,
            "mode": mode,
            "convolution": convolution,
        }
        found.append({**row, "why_not": why_not(row)})
    return found


def why_not(row: rows.Row) -> str | None:
    """Why a row cannot be measured here; None if it can."""
    from gan_core.nn.kernels import winograd

    least = winograd.MIN_BATCH_AND_CHANNELS
    if row["strategy"] != "none" and row["mode"] == "xla":
        return "XLA compiles a round for one device; with a strategy take graph"
    if row["convolution"] == "winograd" and not _has_winograds_form(row):
        return (
            f"Winograd's form is for float32, at least {least} images a device, and layers of "
            f"4 x 4 or 8 x 8 pixels with at least {least} channels; no layer of this round is like "
            "that"
        )
    return devices.why_not(row["precision"], row["device"])


def _has_winograds_form(row: rows.Row) -> bool:
    """Whether any layer of a row's networks would be computed in Winograd's form."""
    import tensorflow as tf

    from dcgan.networks import STAGES
    from gan_core.nn.kernels import winograd

    if row["precision"] != "float32":
        return False
    images = row["batch_size"] // row["replicas"]
    for i in range(STAGES[row["size"]] - 1):
        # From 2 side x 2 side pixels to side x side in D, and the other way in G.
        side = row["size"] // 2 ** (i + 2)
        channels = row["width"] * 2**i
        w_shape = [4, 4, channels, 2 * channels]
        if winograd.fits(images, side, side, w_shape, 2, "SAME", tf.float32):
            return True
    return False


def way(row: rows.Row) -> str:
    """How a row's round is played, in words."""
    several = f" on {row['replicas']} devices" if row["replicas"] > 1 else ""
    return f"{row['mode']}, {row['convolution']}{several}"


def show_plan(config: Config) -> None:
    """Print the rows that there would be, and check the ops of their rounds for GPU kernels."""
    from benchmarks.contestants import dry_run

    console = rows.console()
    plan = planned(config)
    for row in plan:
        name = f"batch {row['batch_size']}, {row['precision']}, {way(row)}"
        options = {key: value for key, value in row.items() if key != "why_not"}
        if row["why_not"] is not None:
            rows.say(console, f"{name}: {rows.NOT_SUPPORTED}: {row['why_not']}")
        else:
            rows.say(console, f"{name}: {dry_run.row_command(CONTESTANT, options)}")
    networks = {
        "size": config.size,
        "width": config.width,
        "latent_dim": config.latent_dim,
        "batch_size": max(config.batch_size),  # a small one has native convolutions alone
    }
    kinds = {(row["precision"], row["convolution"]): None for row in plan if not row["why_not"]}
    dry_run.check_dcgan(console, "train_step", networks, kinds)


# ---------------------------------------------------------------- measured


def measure(config: Config) -> list[rows.Row]:
    """All rows, each kept as soon as it is there; then the table and the plot."""
    console = rows.console()
    plan = planned(config)
    rows.check_writable(config.out / "train_step.jsonl")
    found = []
    for number, options in enumerate(plan, start=1):
        reason = options.pop("why_not")
        batch = options["batch_size"]
        precision = options["precision"]
        what = f"{number} of {len(plan)}: batch {batch}, {precision}, {way(options)}"
        if reason is None:
            with console.status(what):
                row = rows.ask(CONTESTANT, options)
        else:
            row = {**options, "status": rows.NOT_SUPPORTED, "message": reason}
        rows.keep(row, config.out / "train_step.jsonl")
        found.append(row)
    console.print(table(found))
    rows.check_any_measured("train_step", found)
    _plot(found, config.out / "train_step.png")
    return found


def _plot(found: list[rows.Row], path: Path) -> None:
    from benchmarks import step_plots

    labelled = []
    for row in found:
        if row["status"] == rows.MEASURED:
            labelled.append({**row, "label": f"{row['precision']}, {way(row)}"})
    step_plots.by_batch(labelled, path)


def percent(share: float) -> str:
    """0.0123 -> "1.2 %", 0.5 -> "50 %", 1.06 -> "106 %"."""
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"


def table(found: list[rows.Row]) -> Table:
    """All rows, measured or not."""
    size = found[0]["size"]
    width = found[0]["width"]
    shown = Table(
        title=f"One round of the DCGAN, {size} pixels, width {width}, on {rows.device_name(found)}"
    )
    for heading in COLUMNS:
        shown.add_column(heading, justify="left" if heading in ("precision", "round") else "right")
    for row in found:
        shown.add_row(str(row["batch_size"]), row["precision"], way(row), *_cells(row))
    shown.caption = "\n".join(rows.notes(found))
    return shown


def _cells(row: rows.Row) -> list[str]:
    """What is shown of a row after its name."""
    if row["status"] != rows.MEASURED:
        return [row["status"]]
    return [
        *rows.cells_of_times(row),
        f"{row['images_a_second']:,.0f}",
        f"{row['tflops']:.3g}",
        percent(row["share_of_peak"]),
        percent(row["share_of_roofline"]),
        f"{row['memory_bytes'] / 1e6:,.0f}",
        f"{row['first_call_seconds']:.1f}",
    ]


# ---------------------------------------------------------------- predicted


def predict(config: Config) -> None:
    """The layers' table of each precision and batch size.

    A precision that the device does not have is a line.

    Raises:
        ValueError: it has none of them.
    """
    from benchmarks.limits import arithmetic, roofline

    console = rows.console()
    not_there = []
    devices.use("cpu")  # where the layers are counted
    for precision in config.precision:
        try:
            name, limits, source = _limits(config, precision)
        except ValueError as error:
            not_there.append(str(error))
            continue
        teraflops = limits.operations / 1e12
        terabytes = limits.bandwidth / 1e12
        title = f"At best: {name}, {precision}, {teraflops:.4g} TFLOP/s and {terabytes:.3g} TB/s"
        for batch in config.batch_size:
            work = arithmetic.dcgan_round(
                batch, precision, config.size, config.width, config.latent_dim
            )
            console.print(roofline.table(roofline.predict(work, limits), batch, title, source))
    if len(not_there) == len(config.precision):
        raise ValueError(not_there[0])
    for reason in not_there:
        console.print(reason, highlight=False)


def _limits(config: Config, precision: str) -> tuple[str, Peaks, Any]:
    """The device's name, its peaks, and where they are from."""
    from benchmarks.limits import peaks, roofline

    if config.model == "cpu":
        reason = devices.why_not(precision, "cpu")
        if reason is not None:
            raise ValueError(reason)
        measured = peaks.measure(precision, "CPU", config.peak_seconds, config.peak_sizes)
        return "this CPU", measured, "measured now"
    device = roofline.DEVICES[config.model]
    return device.name, device.peaks(precision), device.source


if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[0], "python -m benchmarks.train_step")
