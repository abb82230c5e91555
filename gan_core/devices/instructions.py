"""What this machine's CPU can do: whether it has instructions for bfloat16."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

CPUINFO = Path("/proc/cpuinfo")  # Linux alone has it
LISTS = ("flags", "features")  # the line of all instruction sets: of x86, of ARM
FOR_BFLOAT16 = {"amx_bf16", "avx512_bf16", "avx_ne_convert", "bf16"}  # the last one: of ARM


def bfloat16_is_slow() -> bool:
    """Whether convolutions run on a CPU that is known to have no instructions for bfloat16.

    False where TensorFlow sees a GPU, and where the system does not say what its CPU has.
    """
    if tf.config.list_physical_devices("GPU"):
        return False
    sets = _instruction_sets()
    return bool(sets) and not sets & FOR_BFLOAT16


def _instruction_sets() -> set[str]:
    """Those of the first core, in lower case; none if they are not known."""
    try:
        text = CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() in LISTS:
            return set(value.lower().split())
    return set()
