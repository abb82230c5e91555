"""A second process that computes for the page, so that the page stays responsive.

It has a low priority and one thread, and uses no GPU, because the training may need all of it. It
ends with the process that started it, however that ends.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

from gan_core.app import quiet, without_keras

FUNCTIONS = "dcgan.watch.drawing"
NICENESS = 10


class WorkerError(Exception):
    """What went wrong in the other process, in one line."""


class Worker:
    """Calls functions of a module in another process, one at a time.

    The process is started by the first call, and again if it has ended.

    Args:
        module: its name. It is imported there, and its function `prepare` called first.
    """

    def __init__(self, module: str = FUNCTIONS) -> None:
        self.module = module
        self._thread = ThreadPoolExecutor(max_workers=1)  # it waits for the other process
        self._process: Any = None
        self._connection: Connection | None = None

    def submit(self, name: str, *arguments: Any) -> Future:
        """Have a function called when those before it are done.

        Args:
            name: the name of the function.
            arguments: what it is called with.

        Returns:
            A future of what it gives. Its error is a WorkerError: the function raised one, or its
            process has ended.
        """
        return self._thread.submit(self._call, name, arguments)

    def close(self) -> None:
        """End the process, at once, and whatever waits for it."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._process is not None:
            self._process.kill()  # who waits for its answer gets an EOFError

    def _call(self, name: str, arguments: tuple) -> Any:
        try:
            connection = self._started()
            connection.send((name, arguments))
            good, answer = connection.recv()
        except (EOFError, OSError):
            self._connection = None
            raise WorkerError(
                "The process that computes this has ended: was the memory full? Try again."
            ) from None
        if not good:
            raise WorkerError(answer)
        return answer

    def _started(self) -> Connection:
        if self._connection is None:
            context = multiprocessing.get_context("spawn")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=[theirs, self.module], daemon=True)
            self._process.start()
            theirs.close()
        return self._connection


def _serve(connection: Connection, module: str) -> None:
    """What the other process does: answer calls until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the page's process
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    with quiet.start(), without_keras.imported():
        functions = importlib.import_module(module)
        functions.prepare()
    while True:
        try:
            name, arguments = connection.recv()
        except EOFError:
            return
        connection.send(_answer(functions, name, arguments))


def _answer(functions: Any, name: str, arguments: tuple) -> tuple[bool, Any]:
    """Whether it went well, and what came of it: a value, or a line on what went wrong."""
    try:
        return True, getattr(functions, name)(*arguments)
    except Exception as error:
        lines = str(error).splitlines()
        return False, lines[0] if lines else type(error).__name__
