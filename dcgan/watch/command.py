"""What `python -m dcgan watch` may be asked. `dcgan.watch.page` does it.

Neither imports TensorFlow: the page is there in a second, and holds no part of a GPU.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from dcgan.watch.run_data import RunReader
from gan_core import checks
from gan_core.app import local_page

MOST_RUNS = 8


@dataclasses.dataclass(frozen=True)
class Watch:
    """A page in your browser that follows trainings, and changes nothing in their folders."""

    runs: Annotated[
        tyro.conf.Positional[tuple[Path, ...]],
        tyro.conf.arg(metavar="RUN [RUN ...]", help_behavior_hint=f"(1 to {MOST_RUNS}; required)"),
    ]
    """run folders, of trainings that run or have ended; several stand side by side"""
    host: str = local_page.LOOPBACK
    """where the page is served; the default is reachable from this machine alone"""
    port: int = 8602
    """its port; 0: any that is free"""
    browser: bool = True
    """open a browser, where there is one with windows"""

    def __post_init__(self) -> None:
        if not 1 <= len(self.runs) <= MOST_RUNS:
            wanted = f"1 to {MOST_RUNS} run folders, such as runs/dcgan-1"
            checks.fail("watch", "RUN", wanted, f"{len(self.runs)}")
        checks.boolean("Watch", "browser", self.browser)
        self.address()

    def address(self) -> local_page.Address:
        """Where the page is served."""
        return local_page.Address(self.host, self.port, "Watch")


def watch(config: Watch) -> None:
    """Serve the page until Ctrl-C.

    Args:
        config: what to follow, and where to serve the page.

    Raises:
        ValueError: a folder is no run, NiceGUI is missing, or the port is taken.
    """
    readers = [RunReader(path) for path in dict.fromkeys(config.runs)]
    local_page.require_nicegui("Watch")
    from dcgan.watch import page

    page.serve(readers, config.address(), browser=config.browser)
