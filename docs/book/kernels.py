"""Fresh kernels that start in a moment: each is forked from a process that imported the libraries.

Importing TensorFlow and the drawing libraries takes some five seconds of a processor for each
chapter. Here one process does it, without computing anything, and every kernel is a copy of it: its
names, its variables and TensorFlow's own state are as new as those of a kernel of its own.

`forked()` makes Jupyter's client start kernels in this way; where processes cannot be forked
(Windows) kernels start as always.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import multiprocessing
import os
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

from docs.book import forked_kernel

NAME = "forked"
# NumPy reads it when it is imported. Kernels run side by side, and threads of one that wait for
# work would take the cores from another.
BLAS_THREADS = "OPENBLAS_NUM_THREADS"
METHOD = "forkserver"
_start = threading.Lock()


@contextlib.contextmanager
def forked() -> Iterator[None]:
    """Kernels that are started meanwhile are forked from one process."""
    if METHOD not in multiprocessing.get_all_start_methods():
        yield
        return
    factory = KernelProvisionerFactory.instance()
    before = factory.default_provisioner_name
    factory.provisioners[NAME] = importlib.metadata.EntryPoint(
        NAME, f"{__name__}:ForkedProvisioner", factory.GROUP_NAME
    )
    factory.default_provisioner_name = NAME
    threads = os.environ.get(BLAS_THREADS)
    os.environ.setdefault(BLAS_THREADS, "1")
    try:
        yield
    finally:
        factory.default_provisioner_name = before
        if threads is None:
            del os.environ[BLAS_THREADS]


class ForkedProvisioner(LocalProvisioner):
    """Starts `python -m ipykernel_launcher ...` as a fork, and any other command as always."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Start the kernel. -> how to connect to it"""
        if "ipykernel_launcher" not in cmd:
            return await super().launch_kernel(cmd, **kwargs)
        arguments = cmd[cmd.index("ipykernel_launcher") + 1 :]
        self.process = _Process(arguments, kwargs["cwd"], kwargs["env"])
        self.pid = self.process.pid
        self.pgid = None
        self.cwd = kwargs["cwd"]
        return self.connection_info


class _Process:
    """A forked kernel with the methods of subprocess.Popen that the client uses."""

    stdin = None
    stdout = None
    stderr = None

    def __init__(self, arguments: list[str], folder: str, environment: Mapping[str, str]):
        context = multiprocessing.get_context(METHOD)
        with _start:
            context.set_forkserver_preload(["docs.book.preloaded"])
            self._process = context.Process(
                target=forked_kernel.be_a_kernel,
                args=(arguments, str(folder), dict(environment)),
                daemon=True,
            )
            self._process.start()
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self) -> int | None:
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self._process.is_alive() and self.pid is not None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def terminate(self) -> None:
        self._process.terminate()
