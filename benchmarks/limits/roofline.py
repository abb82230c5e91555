"""How fast a round could be on a device: for each layer the larger of two times.

    time of a pass = max(operations / peak operations a second, bytes / bandwidth)

summed over the passes of `arithmetic` (Williams, Waterman and Patterson 2009, "Roofline"). If a
pass has fewer operations for each byte than the ratio of the device's two peaks, memory limits it.
The sum is a limit (for direct computation: Winograd's algorithm multiplies less, and may be below
it), not a forecast: it assumes that every pass runs at full speed and starts without any cost.
"""

from __future__ import annotations

import dataclasses

from rich.table import Table

from benchmarks.limits import arithmetic
from benchmarks.limits.peaks import Peaks
from benchmarks.measure import rows
from gan_core import checks


@dataclasses.dataclass(frozen=True)
class Device:
    """A device's published peaks."""

    name: str
    operations: dict[str, float]
    """precision -> FLOP/s, dense (without "sparsity")"""
    bandwidth: float
    """bytes/s of its memory"""
    source: str

    def peaks(self, precision: str) -> Peaks:
        """The two limits in a precision.

        Raises:
            ValueError: the device has no such precision.
        """
        checks.one_of(self.name, "precision", precision, self.operations)
        return Peaks(self.operations[precision], self.bandwidth)


DEVICES = {
    "h100": Device(
        "H100 SXM",
        {"float32": 66.9e12, "tf32": 494.7e12, "bfloat16": 989.4e12},
        3.35e12,
        "NVIDIA's H100 data sheet and Hopper white paper",
    ),
    "a100": Device(
        "A100 SXM 80 GB",
        {"float32": 19.5e12, "tf32": 156e12, "bfloat16": 312e12},
        2.039e12,
        "NVIDIA's A100 data sheet",
    ),
    "a100-40gb": Device(
        "A100 SXM 40 GB",
        {"float32": 19.5e12, "tf32": 156e12, "bfloat16": 312e12},
        1.555e12,
        "NVIDIA's A100 data sheet",
    ),
    "t4": Device("T4", {"float32": 8.1e12}, 0.32e12, "NVIDIA's T4 data sheet"),
}


@dataclasses.dataclass
class Prediction:
    """One layer's share of a round: all its passes together."""

    layer: str
    operations: int = 0
    bytes: int = 0
    seconds: float = 0.0
    seconds_of_arithmetic: float = 0.0
    """the part of `seconds` spent in passes that wait for arithmetic; the rest wait for memory"""

    @property
    def intensity(self) -> float:
        """FLOP a byte."""
        return self.operations / self.bytes

    @property
    def bound_by(self) -> str:
        """What the layer waits for in more than half of its time."""
        return "arithmetic" if 2.0 * self.seconds_of_arithmetic >= self.seconds else "memory"


def predict(work: list[arithmetic.Work], peaks: Peaks) -> list[Prediction]:
    """Layer by layer, in the order of the layers."""
    found: dict[str, Prediction] = {}
    for each in work:
        layer = found.setdefault(each.layer, Prediction(each.layer))
        arithmetic_seconds = each.operations / peaks.operations
        memory_seconds = each.bytes / peaks.bandwidth
        taken = each.times * max(arithmetic_seconds, memory_seconds)
        layer.operations += each.times * each.operations
        layer.bytes += each.times * each.bytes
        layer.seconds += taken
        if arithmetic_seconds >= memory_seconds:
            layer.seconds_of_arithmetic += taken
    return list(found.values())


def seconds(work: list[arithmetic.Work], peaks: Peaks) -> float:
    """Of a whole round."""
    return sum(each.seconds for each in predict(work, peaks))


def table(predictions: list[Prediction], batch: int, title: str, source: str) -> Table:
    """One row a layer, and the sum.

    Args:
        predictions: the predictions of all layers.
        batch: images in a batch.
        title: above the table.
        source: the source of the peaks.
    """
    total = Prediction(
        "a round",
        sum(each.operations for each in predictions),
        sum(each.bytes for each in predictions),
        sum(each.seconds for each in predictions),
    )
    shown = Table("layer", title=title)
    for heading in ("GFLOP", "MB", "FLOP a byte", "bound by", "ms", "% of the round"):
        shown.add_column(heading, justify="left" if heading == "bound by" else "right")
    for each in predictions:
        shown.add_row(*_cells(each, each.bound_by, total.seconds))
    shown.add_section()
    shown.add_row(*_cells(total, "", total.seconds))
    images = batch / total.seconds
    shown.caption = f"batch {batch}: {images:,.0f} images a second at most\npeaks: {source}"
    return shown


def _cells(each: Prediction, bound_by: str, round_seconds: float) -> list[str]:
    return [
        each.layer,
        rows.plain(each.operations / 1e9, 3),
        rows.plain(each.bytes / 1e6, 3),
        rows.plain(each.intensity, 3),
        bound_by,
        rows.plain(1e3 * each.seconds, 3),
        f"{100 * each.seconds / round_seconds:.1f}",
    ]
