"""A start without TensorFlow's own messages, which are kept in case the start fails.

    from gan_core.app import quiet

    with quiet.start():
        import tensorflow as tf

TensorFlow's libraries write to file descriptor 2 before any log level holds, about CPUs and GPUs
that are not there. GAN_VERBOSE=1 in the environment shows all of it. This file needs the standard
library alone, so that Ctrl-C is answered from the first moment.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from types import FrameType
from typing import BinaryIO

from gan_core.app import stopping

VERBOSE = "GAN_VERBOSE"  # the environment variable that shows what is said at the start
STDERR = 2


@contextlib.contextmanager
def start(verbose: bool = False) -> Iterator[None]:
    """Catch what is written to standard error meanwhile; show it if the start fails.

    It is shown when an exception leaves the block, and where processes can be forked also when
    the process dies in it. Ctrl-C is one line and exit code 130, here and from now on,
    except in a notebook, where it stays the kernel's. A start within a start changes nothing.

    Args:
        verbose: leave standard error alone. So does GAN_VERBOSE=1 in the environment.

    Example:
        >>> with start():
        ...     import json
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors and worse, once it listens
    stopping.in_one_line()
    if verbose or _wants_all() or not _has_stderr() or _Capture.is_open:
        yield
        return
    try:
        capture = _Capture()
    except OSError:  # no folder for temporary files has room: then nothing is caught
        yield
        return
    try:
        with capture.answering_ctrl_c():
            yield
            _meet_the_devices()
    except BaseException:
        capture.close(show=True)
        raise
    capture.close(show=False)


class _Capture:
    """Standard error goes to a temporary file until `close`."""

    is_open = False

    def __init__(self) -> None:
        sys.stderr.flush()
        self.file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115
        _Capture.is_open = True
        self.real = os.dup(STDERR)
        self.watcher, self.alive = self._start_watcher()
        os.dup2(self.file.fileno(), STDERR)

    def close(self, show: bool) -> None:
        """Give standard error back, and show what was caught, or forget it."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os.dup2(self.real, STDERR)
        if show:
            self._show()
        if self.watcher is not None:
            os.kill(self.watcher, signal.SIGKILL)  # ours, and it waits for nothing any more
            os.waitpid(self.watcher, 0)
            os.close(self.alive)
        os.close(self.real)
        self.file.close()
        _Capture.is_open = False

    @contextlib.contextmanager
    def answering_ctrl_c(self) -> Iterator[None]:
        """TensorFlow turns an interrupt of its import into errors of its own: end at once."""
        before = signal.getsignal(signal.SIGINT)
        ours = threading.current_thread() is threading.main_thread() and not _in_notebook()
        ours = ours and before in (signal.default_int_handler, stopping.end_at_once)
        if ours:
            signal.signal(signal.SIGINT, self._stop)
        try:
            yield
        finally:
            if ours:
                signal.signal(signal.SIGINT, before)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.close(show=False)
        stopping.end_at_once(number, frame)

    def _show(self) -> None:
        self.file.seek(0)
        with contextlib.suppress(OSError):
            while block := self.file.read(1 << 16):
                os.write(self.real, block)

    def _start_watcher(self) -> tuple[int | None, int]:
        """A second process that shows what was caught if this one dies: a library may abort it.

        Where there are threads, or no fork, there is none.

        Returns:
            Its id, and the end of a pipe that closes when this process is gone.
        """
        has_threads = threading.active_count() > 1 or "tensorflow" in sys.modules
        if has_threads or not hasattr(os, "fork"):
            return None, -1
        gone, alive = os.pipe()
        with warnings.catch_warnings():  # of NumPy's threads, which the child does not need
            warnings.simplefilter("ignore", DeprecationWarning)
            watcher = os.fork()
        if watcher:
            os.close(gone)
            return watcher, alive
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            os.close(alive)
            os.read(gone, 1)  # returns when the other process has ended
            self._show()
        finally:
            os._exit(0)


def _meet_the_devices() -> None:
    """Ask for the GPUs, which is when the driver complains; this does not start TensorFlow."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and hasattr(tensorflow, "config"):
        tensorflow.config.list_physical_devices()


def _wants_all() -> bool:
    return os.environ.get(VERBOSE, "") not in ("", "0")


def _in_notebook() -> bool:
    return "ipykernel" in sys.modules


def _has_stderr() -> bool:
    """A program without a console (pythonw, a service) has none."""
    try:
        os.fstat(STDERR)
    except OSError:
        return False
    return sys.stderr is not None
