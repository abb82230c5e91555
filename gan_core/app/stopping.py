"""Ctrl-C at the command line: one line, the right exit code, and a second one that always ends.

Not for notebooks: there the kernel decides what a stop means, and must never be ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from types import FrameType, TracebackType

EXIT_CODE = 130  # of a program that Ctrl-C ended
STOPPED = b"stopped.\n"
STDERR = 2
SHOW_CURSOR = b"\x1b[?25h"  # a progress bar may have hidden it


def words_and_code(error: KeyboardInterrupt) -> tuple[str, int]:
    """What a stopped program says, and its exit code.

    Args:
        error: an exception with words and an `exit_code` of its own brings them along.
    Returns:
        One line, and the code.

    Example:
        >>> words_and_code(KeyboardInterrupt())
        ('stopped.', 130)
    """
    words = " ".join(str(error).split())
    return words or "stopped.", getattr(error, "exit_code", EXIT_CODE)


@contextlib.contextmanager
def second_ctrl_c_ends_at_once() -> Iterator[None]:
    """While open, a second Ctrl-C ends the process, whatever it is doing.

    Python answers between two of its own instructions, so not while a compiled call is running.
    But it sends a byte to a socket of our choice right away, and a thread waits there for the
    second one. In a notebook, and away from the main thread, nothing is watched.
    """
    if "ipykernel" in sys.modules or threading.current_thread() is not threading.main_thread():
        yield
        return
    ours, systems = socket.socketpair()
    systems.setblocking(False)
    before = signal.set_wakeup_fd(systems.fileno(), warn_on_full_buffer=False)
    if before != -1:  # an outer one is watching
        signal.set_wakeup_fd(before)
        ours.close()
        systems.close()
        yield
        return
    threading.Thread(target=_wait_for_the_second, args=[ours], daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(-1)
        systems.close()


def _wait_for_the_second(ours: socket.socket) -> None:
    times = 0
    with ours:
        while numbers := ours.recv(64):  # empty once the other end is closed
            times += numbers.count(signal.SIGINT)
            if times > 1:
                if os.isatty(STDERR):
                    os.write(STDERR, SHOW_CURSOR)
                os._exit(EXIT_CODE)


def while_starting(package: str) -> None:
    """Until `started`, Ctrl-C ends a program of this package at once, with one line.

    A package calls this in its __init__, before any of its files are imported: `python -m` imports
    the package first. NumPy and TensorFlow take seconds to import, and an interrupt meanwhile comes
    out as errors of theirs. Nothing happens where the program is somebody else's, or in a notebook.

    Args:
        package: its name. Only `python -m package` and `python -m package.file` are its programs.
    """
    if not _is_run(package) or threading.current_thread() is not threading.main_thread():
        return
    in_one_line()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, end_at_once)


def started() -> None:
    """From now on Ctrl-C is a KeyboardInterrupt again: the program has read its arguments."""
    if signal.getsignal(signal.SIGINT) is end_at_once:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def end_at_once(number: int, frame: FrameType | None) -> None:
    """What a Ctrl-C does while a program starts: nothing of it is worth saving yet."""
    with contextlib.suppress(OSError):
        os.write(STDERR, STOPPED)
    os._exit(EXIT_CODE)


def _is_run(package: str) -> bool:
    """Whether Python was started with -m and a name in this package.

    While the packages of that name are imported sys.argv[0] is "-m"; the name stands before the
    program's own arguments.
    """
    if sys.argv[:1] != ["-m"] or "ipykernel" in sys.modules:
        return False
    before = sys.orig_argv[: len(sys.orig_argv) - len(sys.argv) + 1]
    name = before[-1].removeprefix("-m")
    return name.split(".")[0] == package


def in_one_line() -> None:
    """From now on a Ctrl-C that nobody handles ends the program with one line, not a traceback."""
    if "ipykernel" not in sys.modules:
        sys.excepthook = _hook


def _hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if not isinstance(error, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    words, code = words_and_code(error)
    with contextlib.suppress(OSError, UnicodeError):
        print(words, file=sys.stderr)
    raise SystemExit(code)  # Python ends with it, after its usual tidying
