"""Ctrl-C at the command line: one line, the right exit code, and a second one always ends.

This is not for notebooks: there the kernel handles interrupts, and must never be ended.
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
    """The line that a stopped program prints, and its exit code.

    Args:
        error: the interrupt; its message and its `exit_code`, if it has them, are used.
    Returns:
        The line, and the code.

    Example:
        >>> words_and_code(KeyboardInterrupt())
        ('stopped.', 130)
    """
    words = " ".join(str(error).split())
    return words or "stopped.", getattr(error, "exit_code", EXIT_CODE)


@contextlib.contextmanager
def second_ctrl_c_ends_at_once() -> Iterator[None]:
    """Within a `with` block, let a second Ctrl-C end the process, whatever it is doing.

    Python handles a signal only between two of its own instructions, so not during a compiled call.
    But at every signal it immediately writes a byte to a socket (`signal.set_wakeup_fd`), and a
    thread waits at the other end for the second byte. In a notebook, and outside the main thread,
    nothing is done.
    """
    if "ipykernel" in sys.modules or threading.current_thread() is not threading.main_thread():
        yield
        return
    ours, systems = socket.socketpair()
    systems.setblocking(False)
    before = signal.set_wakeup_fd(systems.fileno(), warn_on_full_buffer=False)
    if before != -1:  # an outer block has set one already
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
    """Until `started` is called, let Ctrl-C end a program of this package at once, with one line.

    A package calls this in its __init__, before any of its files are imported, because `python -m`
    imports the package first. NumPy and TensorFlow take seconds to import, and an interrupt during
    that time would appear as one of their own errors. In other programs, and in a notebook, nothing
    is done.

    Args:
        package: its name. Only `python -m package` and `python -m package.file` are its programs.
    """
    if not _is_run(package) or threading.current_thread() is not threading.main_thread():
        return
    in_one_line()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, end_at_once)


def started() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again. Call it once the arguments have been read."""
    if signal.getsignal(signal.SIGINT) is end_at_once:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def end_at_once(number: int, frame: FrameType | None) -> None:
    """The signal handler while a program starts, when there is nothing to save yet."""
    with contextlib.suppress(OSError):
        os.write(STDERR, STOPPED)
    os._exit(EXIT_CODE)


def _is_run(package: str) -> bool:
    """Whether Python was started with -m and a name in this package.

    While Python imports the packages of that name, sys.argv[0] is "-m". In sys.orig_argv the name
    stands before the program's own arguments.
    """
    if sys.argv[:1] != ["-m"] or "ipykernel" in sys.modules:
        return False
    before = sys.orig_argv[: len(sys.orig_argv) - len(sys.argv) + 1]
    name = before[-1].removeprefix("-m")
    return name.split(".")[0] == package


def in_one_line() -> None:
    """From now on an unhandled Ctrl-C ends the program with one line, not a traceback."""
    if "ipykernel" not in sys.modules:
        sys.excepthook = _hook


def _hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if not isinstance(error, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    words, code = words_and_code(error)
    with contextlib.suppress(OSError, UnicodeError):
        print(words, file=sys.stderr)
    raise SystemExit(code)  # Python ends with this code, after its usual clean-up
