"""Where the time of a DCGAN round goes: every pass of every layer timed alone, on its real shapes.

    python -m benchmarks.profile_step                       about a minute on two CPU cores
    python -m benchmarks.profile_step --mode xla --convolution subpixel

`benchmarks.limits.arithmetic` lists what a round computes, and how often: values, gradients with
respect to kernels, gradients with respect to inputs, batch norm, activations, Adam. Each is
compiled and timed alone. Beside its rate is the share of the rate that a large matrix product
reaches in the same run. (It may be above 100 % where Winograd's algorithm multiplies less than is
counted.) At the end the sum is compared with the whole round. They differ for several reasons: a
layer alone may or may not find its numbers in the cache; a compiler joins neighbouring passes; on a
GPU very short passes show only the time of the call; and Winograd's gradients, timed alone, compute
again some values that a round has kept.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

from rich.table import Table

from benchmarks.measure import devices, rows
from benchmarks.measure.command import check_picture_size, check_whole_numbers
from gan_core.app.command_line import run

if TYPE_CHECKING:
    from benchmarks.limits.passes import Row
    from benchmarks.limits.peaks import Peaks

COLUMNS = ("layer", "pass", "times", "ms each", "GFLOP/s", "% of the peak", "% of the round")


@dataclasses.dataclass(frozen=True)
class Config:
    batch_size: int = 128
    """images in a batch"""
    size: int = 64
    """height and width of a picture in pixels: 32, 64, 96 or 128"""
    width: int = 64
    """channels of both networks at full picture size"""
    latent_dim: int = 100
    """numbers in z"""
    mode: Literal["xla", "graph", "eager"] = "graph"
    """how each pass, and the round, is compiled"""
    convolution: Literal["auto", "native", "subpixel", "winograd"] = "auto"
    """how a convolution is computed"""
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"
    """precision of the convolutions"""
    device: str = "auto"
    """auto (a GPU if there is one), cpu, or gpu:0, gpu:1, ..."""
    repeats: int = 5
    """windows of a tenth of a second in which each pass is timed; the median counts"""

    def __post_init__(self):
        check_whole_numbers(self, "batch_size", "width", "latent_dim", "repeats")
        check_picture_size(self)


def profile(config: Config) -> tuple[list[Row], float, Peaks]:
    """A row for each pass, the seconds of a whole round, and the machine's limits.

    Raises:
        ValueError: the device does not have the precision.
    """
    from benchmarks.limits import passes, peaks

    found = devices.find(config.device)
    reason = devices.why_not(config.precision, found)
    if reason is not None:
        raise ValueError(f"profile_step: {reason}.")
    kind = devices.use(config.device)
    devices.set_precision(config.precision)
    limits = peaks.measure(config.precision, kind)
    networks = passes.Networks(config.batch_size, config.size, config.width, config.latent_dim)
    how = passes.How(config.mode, config.convolution, config.precision, config.repeats)
    found_rows, whole = passes.profile(networks, how)
    return found_rows, whole, limits


def table(found: list[Row], whole: float, limits: Peaks, title: str) -> Table:
    """All passes, those that take most of the round first."""
    made = Table(*COLUMNS, title=title)
    for row in sorted(found, key=lambda row: -row.times * row.seconds):
        rate = None
        if row.operations and row.seconds:
            rate = row.operations / row.seconds
        made.add_row(
            row.layer,
            row.what,
            str(row.times),
            f"{row.seconds * 1e3:.2f}",
            f"{rate / 1e9:.0f}" if rate else "",
            f"{rate / limits.operations:.0%}" if rate else "",
            f"{row.times * row.seconds / whole:.1%}",
        )
    return made


def summary(found: list[Row], whole: float, limits: Peaks) -> list[str]:
    """What each kind of work takes in all, and the round itself."""
    kinds: dict[str, float] = {}
    for row in found:
        kinds[row.kind] = kinds.get(row.kind, 0.0) + row.times * row.seconds
    each = ", ".join(f"{kind} {1e3 * seconds:.1f} ms" for kind, seconds in kinds.items())
    in_all = sum(kinds.values())
    operations = sum(row.times * row.operations for row in found)
    rate = operations / whole
    return [
        f"{each}; in all {1e3 * in_all:.1f} ms",
        f"the whole round {1e3 * whole:.1f} ms: {operations / 1e9:.4g} GFLOP at "
        f"{rate / 1e9:.4g} GFLOP/s, {rate / limits.operations:.0%} of the "
        f"{limits.operations / 1e9:.4g} of a large matrix product",
    ]


def main(config: Config) -> None:
    """Time all passes and show them."""
    found, whole, limits = profile(config)
    console = rows.console()
    title = (
        f"A DCGAN round pass by pass, batch {config.batch_size}, "
        f"{config.mode}, {config.convolution}, {config.precision}"
    )
    console.print(table(found, whole, limits, title))
    for line in summary(found, whole, limits):
        rows.say(console, line)


if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[0], "python -m benchmarks.profile_step")
