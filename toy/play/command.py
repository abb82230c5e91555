"""The options of `python -m toy play`, and its start; only the workers import TensorFlow."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from gan_core import checks
from gan_core.app import command_line, local_page, stopping
from toy.play import csv_points

LINE = "the game under your hands: a page on which a real GAN trains"
PROGRAM = "python -m toy play"


@dataclasses.dataclass(frozen=True)
class Play:
    """A page in your browser: choose or draw data, networks and a loss, and watch the game."""

    points: Path | None = None
    """a CSV file with points of your own, one or two numbers a line"""
    port: int = 8601
    """port of the page's address, from 1 to 65535; 0: any free port"""
    host: str = local_page.LOOPBACK
    """who can open the page: 127.0.0.1 only this machine, 0.0.0.0 everyone who can reach it"""
    browser: bool = True
    """open a browser, if there is one; the address is always printed"""

    def __post_init__(self) -> None:
        local_page.Address(self.host, self.port, owner="Play")
        checks.boolean("Play", "browser", self.browser)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and serve the page until Ctrl-C.

    Args:
        arguments: the arguments after `python -m toy play`; None: those of this process.
    """
    with command_line.errors_in_one_line(Play):
        config = command_line.parse(Play, f"{LINE[0].upper()}{LINE[1:]}.", PROGRAM, arguments)
        play(config)


def play(config: Play) -> None:
    """Serve the page.

    Args:
        config: what was asked for.

    Raises:
        ValueError: NiceGUI is missing, the file holds no points, or the port is in use.
    """
    local_page.require_nicegui(PROGRAM)
    file = ""
    if config.points is not None:
        csv_points.read(config.points)  # a mistake in it is told before anything starts
        file = str(config.points)
    address = local_page.with_free_port(local_page.Address(config.host, config.port, "Play"))
    from toy.play import page

    stopping.started()
    local_page.serve(
        page.Tabs(file).build,
        address,
        title="The game under your hands",
        opens="trainings on this machine, and the points that it was given,",
        browser=config.browser,
    )
