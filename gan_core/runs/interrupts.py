"""Stop a training by Ctrl-C or SIGTERM between two compiled calls, without losing a round."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

import numpy as np


class Interrupted(KeyboardInterrupt):
    """Raised by `fit` when Ctrl-C or SIGTERM stopped the training, after its state was saved.

    The message says how many rounds were played, what was saved and where, and how to resume.

    Args:
        words: the message, one line.
        rows: the rows that `fit` would have returned, up to the last round played.
        exit_code: the code that a program should end with: 130 after Ctrl-C, 143 after SIGTERM.

    Example:
        >>> str(Interrupted("Stopped after round 5.", {}, 130))
        'Stopped after round 5.'
    """

    def __init__(self, words: str, rows: dict[str, np.ndarray], exit_code: int = 130) -> None:
        super().__init__(words)
        self.rows = rows
        self.exit_code = exit_code


class Watch:
    """Within a `with` block, remember the first Ctrl-C or SIGTERM in `asked`.

    A second one raises KeyboardInterrupt. Python calls a signal handler between two of its own
    instructions, so never in the middle of a compiled call. Only the main thread may set handlers;
    in other threads this does nothing.

    Example:
        >>> with Watch() as watch:
        ...     signal.raise_signal(signal.SIGINT)
        ...     watch.asked
        True
    """

    def __init__(self) -> None:
        self.asked = False
        self.exit_code = 130
        self.asked_twice = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Watch:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._remember)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            if handler is not None:  # None: set from C code, so that Python cannot restore it
                signal.signal(number, handler)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            self.asked_twice = True
            raise KeyboardInterrupt
        self.asked = True
        self.exit_code = 128 + number
