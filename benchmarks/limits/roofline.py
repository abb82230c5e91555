"""How fast a round could be on a device: each layer's operations or its bytes, whichever takes longer.

    time of a pass = max(operations / peak operations a second, bytes / bandwidth)

summed over the passes of `arithmetic` (Williams, Waterman and Patterson 2009, "Roofline"). A pass with
fewer operations a byte than the device's ratio of the two peaks waits for memory. It is a limit (of the
sums as they stand: Winograd's form multiplies less, and may beat it), not a forecast: it takes each pass
at full speed, and the start of a pass to cost nothing.
"""

import collections
import dataclasses

from rich.table import Table

from benchmarks.limits import arithmetic
from benchmarks.limits.peaks import Peaks
from gan_core import checks


@dataclasses.dataclass(frozen=True)
class Device:
    """A device's published peaks: FLOP/s by precision, dense (without "sparsity"); bytes/s of its memory."""

    name: str
    operations: dict[str, float]
    bandwidth: float
    source: str

    def peaks(self, precision: str) -> Peaks:
        """ValueError where the device has no such precision."""
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


@dataclasses.dataclass(frozen=True)
class Prediction:
    """One layer's share of a round: all its passes together."""

    layer: str
    operations: int
    bytes: int
    seconds: float
    seconds_of_arithmetic: float
    """the part of `seconds` spent in passes that wait for arithmetic; the rest wait for memory"""

    @property
    def intensity(self) -> float:
        """FLOP a byte."""
        return self.operations / self.bytes

    @property
    def bound_by(self) -> str:
        return "arithmetic" if 2.0 * self.seconds_of_arithmetic >= self.seconds else "memory"


def predict(work: list[arithmetic.Work], peaks: Peaks) -> list[Prediction]:
    """Layer by layer, in the order of the layers."""
    sums = collections.defaultdict(lambda: [0, 0, 0.0, 0.0])
    for each in work:
        arithmetic_s, memory_s = each.operations / peaks.operations, each.bytes / peaks.bandwidth
        taken = each.times * max(arithmetic_s, memory_s)
        layer = sums[each.layer]
        for i, more in enumerate(
            [
                each.times * each.operations,
                each.times * each.bytes,
                taken,
                taken if arithmetic_s >= memory_s else 0.0,
            ]
        ):
            layer[i] += more
    return [Prediction(name, *values) for name, values in sums.items()]


def seconds(work: list[arithmetic.Work], peaks: Peaks) -> float:
    """Of a whole round."""
    return sum(each.seconds for each in predict(work, peaks))


def table(predictions: list[Prediction], batch: int, title: str, source: str) -> Table:
    """One row a layer, and the sum. source: of the peaks."""
    total = sum(each.seconds for each in predictions)
    shown = Table("layer", title=title)
    for heading in ("GFLOP", "MB", "FLOP a byte", "bound by", "ms", "% of the round"):
        shown.add_column(heading, justify="left" if heading == "bound by" else "right")

    def add(name, operations, moved, bound_by, taken):
        shown.add_row(
            name,
            f"{operations / 1e9:.3g}",
            f"{moved / 1e6:.3g}",
            f"{operations / moved:.3g}",
            bound_by,
            f"{1e3 * taken:.3g}",
            f"{100 * taken / total:.1f}",
        )

    for each in predictions:
        add(each.layer, each.operations, each.bytes, each.bound_by, each.seconds)
    shown.add_section()
    add(
        "a round",
        sum(each.operations for each in predictions),
        sum(each.bytes for each in predictions),
        "",
        total,
    )
    shown.caption = f"batch {batch}: {batch / total:,.0f} images a second at most\npeaks: {source}"
    return shown
