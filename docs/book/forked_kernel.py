"""What a forked process does to be a kernel. It imports the standard library alone."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import site
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STDOUT = 1
STDERR = 2


@contextlib.contextmanager
def silence(descriptor: int) -> Iterator[None]:
    """What is written to this file descriptor meanwhile is dropped."""
    before = os.dup(descriptor)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    try:
        yield
    finally:
        os.dup2(before, descriptor)
        os.close(before)
        os.close(nothing)


def be_a_kernel(arguments: list[str], folder: str, environment: Mapping[str, str]) -> None:
    """Do what `python -m ipykernel_launcher ARGUMENTS` does in this folder and environment."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    named = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:] = [*filter(None, named), *_installed()]
    for name in [name for name in sys.modules if name.partition(".")[0] == "docs"]:
        del sys.modules[name]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from ipykernel.kernelapp import launch_new_instance

    threading.Thread(target=_end_with_the_builder, daemon=True).start()
    parent = f"--IPKernelApp.parent_handle={os.getppid()}"  # it is not started from a terminal
    # What the kernel itself says is no output of the chapter.
    with silence(STDOUT), silence(STDERR):
        launch_new_instance(argv=[*arguments, parent])


def _end_with_the_builder() -> None:
    builder = multiprocessing.parent_process()
    if builder is not None:
        builder.join()
        os._exit(1)


def _installed() -> list[str]:
    """The path without this clone and without what PYTHONPATH named for the process before."""
    roots = (sys.prefix, sys.base_prefix, sys.exec_prefix, site.getusersitepackages())
    entries = [entry for entry in sys.path if entry.startswith(roots)]
    return [entry for entry in entries if Path(entry).resolve() != ROOT]
