"""A quiet start: nothing of TensorFlow's own remarks, one line for Ctrl-C, and names in any script.

    with quiet.start(verbose=False):     # SIGINT says "stopped." and ends the process
        quiet.load_tensorflow()          # what it says is shown only if it fails
        from dcgan import training
    training.train(config)

This module imports the standard library alone, so that it is there before anything slow is.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator

INTERRUPTED = 130  # the exit code of a command that Ctrl-C ended


@contextlib.contextmanager
def start(verbose: bool = False) -> Iterator[None]:
    """While a command loads what it needs: Ctrl-C ends it with one line, and nothing else is said.

    Args:
        verbose: show what TensorFlow says, as it says it.

    Returns:
        A context manager. What was said inside is shown if an error ends the block.
    """
    say_any_name()
    with contextlib.ExitStack() as stack:
        stderr = sys.__stderr__.fileno() if _has_a_descriptor(sys.__stderr__) else None
        if stderr is not None:
            real = os.dup(stderr)
            stack.callback(os.close, real)
            stack.enter_context(_interrupts_told_at(real))
        if not verbose and stderr is not None:
            stack.enter_context(_kept_back(stderr, real))
        yield


def load_tensorflow() -> None:
    """Import TensorFlow and let it find its devices, which is when it says most."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    tf.config.list_physical_devices()


def say_any_name() -> None:
    """Let stdout and stderr write what their code page cannot say as an escape, not fail on it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _has_a_descriptor(stream) -> bool:
    try:
        return stream is not None and stream.fileno() >= 0
    except (OSError, ValueError):
        return False


@contextlib.contextmanager
def _interrupts_told_at(descriptor: int) -> Iterator[None]:
    """SIGINT writes one line and ends the process: nothing was begun that could be lost."""
    if threading.current_thread() is not threading.main_thread():  # others may set no handler
        yield
        return

    def stop(*_) -> None:
        os.write(descriptor, b"stopped.\n")
        os._exit(INTERRUPTED)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _kept_back(descriptor: int, real: int) -> Iterator[None]:
    """What anything in this process writes to `descriptor`, C++ too, goes to a file for now."""
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115
    except OSError:  # no room: it is only about remarks
        yield
        return
    with file:
        sys.stderr.flush()
        os.dup2(file.fileno(), descriptor)
        failed = True
        try:
            yield
            failed = False
        finally:
            sys.stderr.flush()
            os.dup2(real, descriptor)
            if failed:
                file.seek(0)
                os.write(descriptor, file.read())


def say(console, words: str) -> None:
    """Print a line, and go on whatever happens: what cannot be said must not end what is done.

    Args:
        console: a rich Console.
        words: the line, which is not taken for markup.
    """
    plain = {"markup": False, "highlight": False, "soft_wrap": True}
    try:
        console.print(words, **plain)
    except UnicodeError:  # a code page without these letters
        with contextlib.suppress(OSError, ValueError):
            console.print(words.encode("ascii", "backslashreplace").decode(), **plain)
    except (OSError, ValueError):  # a closed pipe, a full disk behind a redirection
        pass
