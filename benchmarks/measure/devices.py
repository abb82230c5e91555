"""Which device is used, what it can do, what it is, and how much memory it has given at most."""

import datetime
import os
import platform
import re
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from gan_core import checks

PRECISIONS = ("float32", "tf32", "bfloat16")
AMPERE = (8, 0)  # the first compute capability with TF32 and bfloat16 (A100, RTX 30)


def find(device: str) -> str:
    """ "auto", "cpu", "gpu" or "gpu:1" -> "cpu" or "gpu:N", if TensorFlow sees such a device; else ValueError.

    Only looks, and takes none of a GPU's memory, so that a process that starts others can ask.
    """
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


def use(device: str, replicas: int = 1) -> str:
    """Make `device` the one where everything happens, before anything has; -> its kind, "CPU" or "GPU".

    A GPU's memory is taken as it is needed, so that its peak can be told.
    replicas: how many devices, from this one on. A CPU is divided into so many logical ones, which is
    good for a trial: together they have the cores of one.
    """
    gpus, found = tf.config.list_physical_devices("GPU"), find(device)
    chosen = [] if found == "cpu" else gpus[int(found[4:]) :][:replicas]
    if gpus:
        tf.config.set_visible_devices(chosen, "GPU")
    for gpu in chosen:
        tf.config.experimental.set_memory_growth(gpu, True)
    if not chosen and replicas > 1:
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0],
            [tf.config.LogicalDeviceConfiguration()] * replicas,
        )
    return "GPU" if chosen else "CPU"


def check_replicas(device: str, replicas: int | None) -> int:
    """How many devices `mirrored` plays on: by default all GPUs from `device` on, or a CPU divided in two."""
    found = find(device)
    there = None if found == "cpu" else len(tf.config.list_physical_devices("GPU")) - int(found[4:])
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
    """Why this device ("cpu" or "gpu:N") has no such precision; None if it has."""
    if device == "cpu":
        return (
            "tf32 needs an NVIDIA GPU of compute capability 8.0 or later, and this is a CPU"
            if precision == "tf32"
            else None
        )
    if precision == "float32":
        return None
    details = tf.config.experimental.get_device_details(
        tf.config.list_physical_devices("GPU")[int(device[4:])]
    )
    return too_old(
        precision, details.get("device_name", "this GPU"), details.get("compute_capability")
    )


def too_old(precision: str, name: str, capability) -> str | None:
    """The words for a GPU from before Ampere. capability: (major, minor), or None where it is not an NVIDIA GPU."""
    if capability is None or tuple(capability) >= AMPERE:
        return None
    major, minor = capability
    return f"{precision} needs an NVIDIA GPU of compute capability 8.0 or later, and {name} has {major}.{minor}"


def set_precision(precision: str) -> None:
    """tf32: float32 products are rounded to 10 bits of fraction on their way in; otherwise never."""
    tf.config.experimental.enable_tensor_float_32_execution(precision == "tf32")


def rounds_a_window(step: str, asked: int | None) -> int:
    """What is asked; else 500 of the toy step, and of the dcgan step 1 on a CPU and 100 on a GPU, where one round is
    shorter than it takes a device that has waited to come up to speed."""
    return asked or (500 if step == "toy" else 1 if find("auto") == "cpu" else 100)


def drain() -> None:
    """Wait until all that was asked of the devices is done."""
    tf.test.experimental.sync_devices()


def peak_memory(kind: str) -> tuple[int, str]:
    """The most bytes there were at once, and of what: the device's memory, or (CPU) all of this process."""
    if kind == "GPU":
        return int(tf.config.experimental.get_memory_info("GPU:0")["peak"]), "the device's memory"
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit, "the process's resident set"


def machine(device: str) -> dict:
    """What a row was measured on and with, without the machine's name: device, versions, date, revision."""
    found = find(device)
    if found == "cpu":
        about = {"device": _cpu_name(), "cores": _cores()}
    else:
        gpu = tf.config.list_physical_devices("GPU")[int(found[4:])]
        details = tf.config.experimental.get_device_details(gpu)
        build = tf.sysconfig.get_build_info()
        about = {
            "device": details.get("device_name", "GPU"),
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
    """The git commit that is measured, with + if files differ from it; "unknown" outside a repository."""

    def git(*arguments):
        done = subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True
        )
        if done.returncode:
            raise OSError(done.stderr)
        return done.stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD") + (
            "+" if git("status", "--porcelain", "-uno") else ""
        )
    except OSError:
        return "unknown"


def _cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpu_name() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
        return re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)[1].strip()
    except (OSError, TypeError):
        return platform.processor() or platform.machine()
