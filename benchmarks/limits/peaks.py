"""What this machine can do at best, measured: a large matrix product, and a sum of two large arrays.

A step's TFLOP/s says little by itself. Beside the rate of a plain n x n matrix product in the same
precision, by the same library and in the same run, it says how far from the limit the step is (of the
sums as they stand: Winograd's form multiplies less than is counted, and may be beyond it); and beside
the bandwidth, which of its layers could never be faster for the bytes that they move.
"""

import dataclasses
import time

import tensorflow as tf

from benchmarks.measure import devices
from gan_core import rng

SIZES = {
    "CPU": (2048, 2**26),
    "GPU": (8192, 2**26),
}  # the side of the matrices; numbers in each of the two arrays


@dataclasses.dataclass(frozen=True)
class Peaks:
    """operations: FLOP/s of the matrix product;  bandwidth: bytes/s."""

    operations: float
    bandwidth: float


def measure(precision: str, kind: str = "CPU", seconds: float = 4.0, sizes=None) -> Peaks:
    """Both limits on the device in use, each the best of the calls that fit into `seconds`.

    precision: float32, tf32 or bfloat16, of the matrix product.  kind: "CPU" or "GPU".
    sizes: (side of the matrices, numbers in an array), by default large ones.
    """
    side, numbers = sizes or SIZES[kind]
    devices.set_precision(precision)
    dtype = tf.bfloat16 if precision == "bfloat16" else tf.float32
    calls = (
        20 if kind == "GPU" else 1
    )  # an addition takes a GPU hardly longer than it takes to ask for it
    product, addition = (
        _best(one, seconds, calls) for one in (_product(side, dtype), _addition(numbers))
    )
    return Peaks(operations=2.0 * side**3 / product, bandwidth=3 * 4.0 * numbers / addition)


def _product(side: int, dtype):
    a = tf.cast(
        rng.uniform([side, side], rng.seed(0, "matrix")), dtype
    )  # (a GPU is faster on zeros)
    return lambda: tf.matmul(a, a)


def _addition(numbers: int):
    """v <- v + w in place: an array that is made anew each time would time the system's handing out of memory."""
    v, w = tf.Variable(tf.zeros([numbers])), tf.ones([numbers])
    return lambda: v.assign_add(w, read_value=False)


def _best(operation, seconds: float, calls: int = 1) -> float:
    """Seconds of a call in the best window of so many; the device is drained before and after each window."""
    operation()  # warm up
    devices.drain()
    best, end = float("inf"), time.perf_counter() + seconds
    while True:
        start = time.perf_counter()
        for _ in range(calls):
            operation()
        devices.drain()
        now = time.perf_counter()
        best = min(best, (now - start) / calls)
        if now >= end:
            return best
