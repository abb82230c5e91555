"""The options of `python -m dcgan watch`, which `dcgan.watch.page` carries out.

Neither file imports TensorFlow, so that the page starts within a second and uses no GPU memory.
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
    """run folders of trainings that run or have ended; several are shown side by side"""
    host: str = local_page.LOOPBACK
    """where the page is served; the default can be reached only from this machine"""
    port: int = 8602
    """the port; 0: any free port"""
    browser: bool = True
    """open a graphical browser if there is one"""

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
        ValueError: if a folder is not a run, NiceGUI is missing, or the port is taken.
    """
    readers = [RunReader(path) for path in dict.fromkeys(config.runs)]
    local_page.require_nicegui("Watch")
    from dcgan.watch import page

    page.serve(readers, config.address(), browser=config.browser)
