"""Hide TensorFlow's start messages, and show them if the start fails.

    from gan_core.app import quiet

    with quiet.start():
        import tensorflow as tf

TensorFlow's libraries write messages about CPUs and missing GPUs to file descriptor 2 before any
log level takes effect. GAN_VERBOSE=1 in the environment shows all of them. This file needs only the
standard library, so that Ctrl-C works from the first moment.
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

VERBOSE = "GAN_VERBOSE"  # the environment variable that shows the start messages
STDERR = 2


@contextlib.contextmanager
def start(verbose: bool = False) -> Iterator[None]:
    """Capture standard error within a `with` block, and show it if the start fails.

    It is shown when an exception leaves the block and, on systems that can fork, when the process
    dies in it. Within the block and afterwards Ctrl-C ends the program with one line and exit code
    130, except in a notebook, where the kernel handles it. A nested `start` changes nothing.

    Args:
        verbose: do not capture anything. GAN_VERBOSE=1 in the environment does the same.

    Example:
        >>> with start():
        ...     import json
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors only, once it takes effect
    stopping.in_one_line()
    if verbose or _wants_all() or not _has_stderr() or _Capture.is_open:
        yield
        return
    try:
        capture = _Capture()
    except OSError:  # no folder for temporary files has room: capture nothing
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
    """Redirects standard error to a temporary file until `close`."""

    is_open = False

    def __init__(self) -> None:
        sys.stderr.flush()
        self.file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115
        _Capture.is_open = True
        self.real = os.dup(STDERR)
        self.watcher, self.alive = self._start_watcher()
        os.dup2(self.file.fileno(), STDERR)

    def close(self, show: bool) -> None:
        """Restore standard error, and show or drop what was captured."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os.dup2(self.real, STDERR)
        if show:
            self._show()
        if self.watcher is not None:
            os.kill(self.watcher, signal.SIGKILL)  # our own child, no longer needed
            os.waitpid(self.watcher, 0)
            os.close(self.alive)
        os.close(self.real)
        self.file.close()
        _Capture.is_open = False

    @contextlib.contextmanager
    def answering_ctrl_c(self) -> Iterator[None]:
        """End at once on Ctrl-C, which TensorFlow's import would turn into other errors."""
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
        """Fork a process that shows what was captured if this one dies: a library may abort it.

        If there are threads, or the system cannot fork, none is started.

        Returns:
            Its id, or None, and the end of a pipe that closes when this process ends.
        """
        has_threads = threading.active_count() > 1 or "tensorflow" in sys.modules
        if has_threads or not hasattr(os, "fork"):
            return None, -1
        gone, alive = os.pipe()
        with warnings.catch_warnings():  # about NumPy's threads, which the child does not need
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
    """List the devices, so that the driver's messages come now; this does not start TensorFlow."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and hasattr(tensorflow, "config"):
        tensorflow.config.list_physical_devices()


def _wants_all() -> bool:
    return os.environ.get(VERBOSE, "") not in ("", "0")


def _in_notebook() -> bool:
    return "ipykernel" in sys.modules


def _has_stderr() -> bool:
    """Whether there is a standard error; without a console (pythonw, a service) there is none."""
    try:
        os.fstat(STDERR)
    except OSError:
        return False
    return sys.stderr is not None
