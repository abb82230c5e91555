"""Measure the limits of this machine: a large matrix product, and a sum of two large arrays.

A step's TFLOP/s says little by itself. Compared with a plain n x n matrix product in the same
precision, by the same library and in the same run, it shows how far the step is from the limit (for
direct computation: Winograd's algorithm multiplies less than is counted, and may exceed it).
Compared with the bandwidth, it shows which layers cannot be faster because of the bytes they move.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from benchmarks.measure import devices
from gan_core import rng

SIZES = {
    "CPU": (2048, 2**26),
    "GPU": (8192, 2**26),
}
"""The side of the matrices, and how many numbers are in each of the two arrays."""


@dataclasses.dataclass(frozen=True)
class Peaks:
    """A device's two limits."""

    operations: float
    """FLOP/s of the matrix product"""
    bandwidth: float
    """bytes/s"""


def measure(
    precision: str,
    kind: str = "CPU",
    seconds: float = 4.0,
    sizes: tuple[int, int] | None = None,
) -> Peaks:
    """Both limits on the device in use, each from the best of the calls that fit into `seconds`.

    Args:
        precision: float32, tf32 or bfloat16, of the matrix product.
        kind: "CPU" or "GPU".
        seconds: for how long each is measured.
        sizes: the side of the matrices and the numbers in an array; None: large ones.
    """
    side, numbers = sizes or SIZES[kind]
    devices.set_precision(precision)
    dtype = tf.bfloat16 if precision == "bfloat16" else tf.float32
    calls = 20 if kind == "GPU" else 1  # a GPU adds in little more time than it takes to ask it to
    product = _best(_product(side, dtype), seconds, calls)
    addition = _best(_addition(numbers), seconds, calls)
    return Peaks(operations=2.0 * side**3 / product, bandwidth=3 * 4.0 * numbers / addition)


def _product(side: int, dtype: tf.DType) -> Callable[[], Any]:
    # Of random numbers, because a GPU is faster on zeros.
    a = tf.cast(rng.uniform([side, side], rng.seed(0, "matrix")), dtype)
    return lambda: tf.matmul(a, a)


def _addition(numbers: int) -> Callable[[], Any]:
    """v <- v + w in place.

    An array that is made anew each time would show how fast the system hands out memory.
    """
    v = tf.Variable(tf.zeros([numbers]))
    w = tf.ones([numbers])
    return lambda: v.assign_add(w, read_value=False)


def _best(operation: Callable[[], Any], seconds: float, calls: int = 1) -> float:
    """Seconds of a call in the best window.

    Args:
        operation: what is called.
        seconds: for how long.
        calls: in a window; the device is drained before and after each window.
    """
    operation()  # warm up
    devices.drain()
    best = float("inf")
    end = time.perf_counter() + seconds
    while True:
        start = time.perf_counter()
        for _ in range(calls):
            operation()
        devices.drain()
        now = time.perf_counter()
        best = min(best, (now - start) / calls)
        if now >= end:
            return best
