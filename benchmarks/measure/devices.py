"""The device in use: its kind, its precisions, and its peak memory.

TensorFlow is imported by the functions that need it, so that a command can import this module and
still answer `--help` at once.
"""

from __future__ import annotations

import datetime
import os
import platform
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

AMPERE = (8, 0)  # the first compute capability with TF32 and bfloat16 (A100, RTX 30)
NOT_ON_A_CPU = "tf32 needs an NVIDIA GPU of compute capability 8.0 or later, and this is a CPU"


def find(device: str) -> str:
    """The device that is meant, if TensorFlow sees it.

    It only looks, and takes none of a GPU's memory, so that a process that starts others can ask.

    Args:
        device: "auto" (a GPU if there is one), "cpu", "gpu" or "gpu:1".

    Returns:
        "cpu" or "gpu:N".

    Raises:
        ValueError: if there is no such device.
    """
    import tensorflow as tf

    from gan_core import checks

    gpus = tf.config.list_physical_devices("GPU")
    if device == "auto":
        return "gpu:0" if gpus else "cpu"
    if device == "cpu":
        return "cpu"
    match = re.fullmatch(r"gpu(?::(\d+))?", device)
    if match is None:
        checks.fail("benchmarks", "device", "auto, cpu or gpu:0, gpu:1, ...", repr(device))
    number = int(match[1] or 0)
    if number >= len(gpus):
        seen = ", ".join(f"gpu:{i}" for i in range(len(gpus))) or "no GPU"
        checks.fail(
            "benchmarks",
            "device",
            "one that TensorFlow sees",
            device,
            f"It sees cpu and {seen}. (NVIDIA: pip install -e '.[gpu]'.)",
        )
    return f"gpu:{number}"


def number_of(gpu: str) -> int:
    """The number in "gpu:N"."""
    return int(gpu.removeprefix("gpu:"))


def use(device: str, replicas: int = 1) -> str:
    """Make `device` the one on which everything runs. Call it before TensorFlow computes anything.

    A GPU's memory is allocated as it is needed, so that its peak can be measured.

    Args:
        device: as in `find`.
        replicas: how many devices, from this one on. A CPU is divided into that many logical
            devices, which is enough to try a strategy: together they have the cores of one.

    Returns:
        The kind of device, "CPU" or "GPU".
    """
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    found = find(device)
    chosen = []
    if found != "cpu":
        first = number_of(found)
        chosen = gpus[first : first + replicas]
    if gpus:
        tf.config.set_visible_devices(chosen, "GPU")
    for gpu in chosen:
        tf.config.experimental.set_memory_growth(gpu, True)
    if not chosen and replicas > 1:
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0],
            [tf.config.LogicalDeviceConfiguration() for _ in range(replicas)],
        )
    return "GPU" if chosen else "CPU"


def check_replicas(device: str, replicas: int | None) -> int:
    """On how many devices the strategy `mirrored` runs.

    Args:
        device: the first of them, as in `find`.
        replicas: how many are asked for; None: all GPUs from `device` on, or a CPU divided in two.

    Raises:
        ValueError: there are not so many.
    """
    import tensorflow as tf

    from gan_core import checks

    found = find(device)
    there = None
    if found != "cpu":
        there = len(tf.config.list_physical_devices("GPU")) - number_of(found)
    if there == 1:
        checks.fail(
            "benchmarks",
            f"strategy (from {found} on)",
            "none, or mirrored on two GPUs or more",
            "one GPU",
        )
    if replicas is None:
        return there or 2
    return checks.integer("benchmarks", f"replicas (from {found} on)", replicas, 2, there or 64)


def why_not(precision: str, device: str) -> str | None:
    """Why a device ("cpu" or "gpu:N") does not have a precision; None if it has."""
    if device == "cpu":
        return NOT_ON_A_CPU if precision == "tf32" else None
    if precision == "float32":
        return None
    details = _gpu_details(device)
    return too_old(
        precision, details.get("device_name", "this GPU"), details.get("compute_capability")
    )


def too_old(precision: str, name: str, capability: tuple[int, int] | None) -> str | None:
    """Why a GPU from before Ampere does not have a precision; None if it is not so old.

    Args:
        precision: tf32 or bfloat16.
        name: the name of the GPU.
        capability: (major, minor); None where it is not an NVIDIA GPU.
    """
    if capability is None or tuple(capability) >= AMPERE:
        return None
    major, minor = capability
    return (
        f"{precision} needs an NVIDIA GPU of compute capability 8.0 or later, "
        f"and {name} has {major}.{minor}"
    )


def set_precision(precision: str) -> None:
    """With tf32, the factors of float32 products are rounded to 10 bits of fraction; else never.

    Each process that measures calls it, because TensorFlow's default is tf32 on a GPU that has it.
    It is a switch of the process, which neither networks nor trainers touch.
    """
    import tensorflow as tf

    tf.config.experimental.enable_tensor_float_32_execution(precision == "tf32")


def rounds_a_window(step: str, asked: int | None) -> int:
    """How many rounds are played in one window.

    One round of the DCGAN on a GPU is shorter than the time that a waiting device needs to come
    up to speed, so a window has many there.

    Args:
        step: "toy" or "dcgan".
        asked: what the command line asks for, or None.
    """
    if asked is not None:
        return asked
    if step == "toy":
        return 500
    return 1 if find("auto") == "cpu" else 100


def drain() -> None:
    """Wait until the devices have done all that was asked of them."""
    import tensorflow as tf

    tf.test.experimental.sync_devices()


def peak_memory(kind: str) -> tuple[int, str]:
    """The most bytes that were in use at once, and of what.

    Args:
        kind: "GPU": the device's memory; "CPU": all of this process.
    """
    if kind == "GPU":
        import tensorflow as tf

        return int(tf.config.experimental.get_memory_info("GPU:0")["peak"]), "the device's memory"
    peak = _of_status("VmHWM")  # ru_maxrss is at least that of the process that started this one
    if peak is None:
        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return peak, "the process's resident set"


def memory_in_use(kind: str) -> int | None:
    """Bytes in use now, of the memory whose peak `peak_memory` tells; None where nobody tells.

    Args:
        kind: "GPU" or "CPU", as for `peak_memory`.
    """
    if kind == "GPU":
        import tensorflow as tf

        return int(tf.config.experimental.get_memory_info("GPU:0")["current"])
    return resident_memory()


def resident_memory() -> int | None:
    """Bytes of this process's resident set now; None where the system does not tell."""
    return _of_status("VmRSS")


def _of_status(name: str) -> int | None:
    """Bytes that Linux tells of this process under a name; None on another system."""
    try:
        text = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(rf"^{name}:\s*(\d+) kB$", text, re.MULTILINE)
    return None if found is None else 1024 * int(found[1])


def machine(device: str) -> dict[str, Any]:
    """On what and with what a row was measured: device, versions, date and revision.

    The machine's name is left out.
    """
    import tensorflow as tf

    found = find(device)
    if found == "cpu":
        about = {"device": _cpu_name(), "cores": _cores()}
    else:
        build = tf.sysconfig.get_build_info()
        about = {
            "device": _gpu_details(found).get("device_name", "GPU"),
            "cuda": build.get("cuda_version"),
            "cudnn": build.get("cudnn_version"),
            "host": _cpu_name(),
            "cores": _cores(),
        }
    return {
        **about,
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "revision": revision(),
    }


def revision() -> str:
    """The git commit that is measured, with + if files differ from it.

    "unknown" outside a repository.
    """
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "-uno")
    except OSError:
        return "unknown"
    return f"{commit}+" if changed else commit


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise OSError(done.stderr)
    return done.stdout.strip()


def _gpu_details(gpu: str) -> dict[str, Any]:
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(devices[number_of(gpu)])


def _cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_name() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    found = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.processor() or platform.machine()
