"""python -m dcgan: train a DCGAN on faces, then generate with it.

python -m dcgan                         the preset quick: a small network on drawn faces
python -m dcgan --data my_faces.zip     train on your own pictures
python -m dcgan train --help            all options of training
python -m dcgan generate --help         faces, contact sheets, avatars for a list of ids
python -m dcgan walk --help             walks through the latent space
python -m dcgan find --help             from a picture back to the z of the nearest face
python -m dcgan page --help             one HTML file with a trained generator in it
python -m dcgan watch RUN               a page that follows a training while it runs
python -m dcgan judge --help            how good the faces of a run are, beside real ones

--verbose with any of them shows TensorFlow's start messages.

TensorFlow takes seconds to import, so nothing imports it before the arguments have been read.
"""

from __future__ import annotations

import argparse
import difflib
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gan_core.app import quiet

COMMANDS = {
    "train": "train on drawn faces, or on --data (also if no command is given)",
    "generate": "faces from a trained generator: pictures, a zip, an array, or avatars for ids",
    "walk": "walks through the latent space of a trained generator",
    "find": "from pictures back to z: the nearest faces that a trained generator makes",
    "page": "one HTML file in which a trained generator runs, for any browser",
    "watch": "a page that follows trainings: sheets, curves, the judge's table, faces now",
    "judge": "how good generated faces are: every measure beside real faces, and a picture",
}
VERBOSE = "--verbose"
HELP = ("--help", "-h")


def main(arguments: list[str] | None = None) -> None:
    """Run one command.

    Args:
        arguments: the arguments after `python -m dcgan`; None: those of this process.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    verbose = VERBOSE in arguments
    arguments = [argument for argument in arguments if argument != VERBOSE]
    if verbose:
        os.environ[quiet.VERBOSE] = "1"
    with quiet.start():  # from here on Ctrl-C ends with one line
        pass
    if arguments[:1] and arguments[0] in HELP:
        overview()
        return
    name = "train"
    if arguments[:1] and arguments[0][:1] not in ("", "-"):  # an option, or nothing, is for train
        name = arguments.pop(0)
    if name not in COMMANDS:
        known = ", ".join(COMMANDS)
        words = f"dcgan: there is no command {name:.40}; the commands are {known}. {_meant(name)}"
        print(words.strip(), file=sys.stderr)
        raise SystemExit(2)
    commands = {
        "train": train,
        "generate": generate,
        "walk": walk,
        "find": find,
        "page": page,
        "watch": watch,
        "judge": judge,
    }
    commands[name](arguments)


def _meant(name: str) -> str:
    """What somebody who typed this in place of a command may want; "" if nobody can tell."""
    if name.isprintable() and (Path(name).suffix or Path(name).exists()):
        return f"To train on pictures: python -m dcgan --data {shlex.quote(name)}"
    close = difflib.get_close_matches(name, COMMANDS, 1)
    return f"Did you mean {close[0]}?" if close else ""


def overview() -> None:
    """Print the text of --help: the commands, and the chapters."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from gan_core.app import command_line

    table = Table("command", "what it does", title="python -m dcgan: faces from a DCGAN")
    for name, line in COMMANDS.items():
        table.add_row(Text(f"python -m dcgan {name}"), Text(line))
    Console().print(table)
    command_line.print_programs("Chapters on faces", Path(__file__).parent)
    print("Each takes --help, and writes below runs/.")
    print("If this folder has a file dcgan.py of yours, Python runs that file: type dcgan instead")
    print("of python -m dcgan. (The command dcgan exists once the package is installed.)")


def train(arguments: list[str]) -> None:
    """python -m dcgan train: options change the config of the run to resume, or a preset."""
    from dcgan import config
    from gan_core.app import command_line

    program = "python -m dcgan train"
    defaults = config.Config(network=_network_among(arguments))
    without_help = [argument for argument in arguments if argument not in HELP]
    if without_help == arguments:
        given = command_line.read(config.Config, COMMANDS["train"], program, arguments, defaults)
    else:  # it has the defaults of what stands beside --help, and needs no TensorFlow
        given = command_line.parse(
            config.Config, COMMANDS["train"], program, without_help, defaults
        )
    with command_line.errors_in_one_line(config.Config):
        default = config.starting_point(given)

    def run(asked: config.Config) -> None:
        with quiet.start():
            from dcgan import training
        training.choose_arithmetic(asked)
        training.train(asked)

    command_line.run(config.Config, run, COMMANDS["train"], program, arguments, default)


def _network_among(arguments: list[str]) -> str:
    """The network that the arguments name; that of their data if they name none, or an unknown one.

    It is needed before the other options are read, because their defaults depend on it.
    """
    from dcgan import config

    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--network", nargs="?")
    parser.add_argument("--data", nargs="?")
    found = parser.parse_known_args(arguments)[0]
    if found.network in config.NETWORKS:
        return found.network
    return config.NETWORK_OF["drawn" if found.data in (None, "None") else "data"]


def generate(arguments: list[str]) -> None:
    """python -m dcgan generate."""
    from dcgan.generation import generate as command

    _run(command.Generate, lambda config: command.generate(config), "generate", arguments)


def walk(arguments: list[str]) -> None:
    """python -m dcgan walk."""
    from dcgan.generation import walk as command

    _run(command.Walk, lambda config: command.walk(config), "walk", arguments)


def find(arguments: list[str]) -> None:
    """python -m dcgan find."""
    from dcgan.generation import find as command

    _run(command.Find, lambda config: command.find(config), "find", arguments)


def page(arguments: list[str]) -> None:
    """python -m dcgan page."""
    from dcgan.page import command

    def run(config: command.Page) -> None:
        from dcgan.page import build

        build.page(config)

    _run(command.Page, run, "page", arguments)


def watch(arguments: list[str]) -> None:
    """python -m dcgan watch. It needs no TensorFlow, so nothing is started."""
    from dcgan.watch import command
    from gan_core.app import command_line, stopping

    program = "python -m dcgan watch"
    config = command_line.parse(command.Watch, COMMANDS["watch"], program, arguments)
    stopping.started()
    with command_line.errors_in_one_line(command.Watch):
        command.watch(config)


def judge(arguments: list[str]) -> None:
    """python -m dcgan judge."""
    from dcgan.judge import command

    def run(config: command.Judge) -> None:
        from dcgan.judge import report

        report.judge(config)

    _run(command.Judge, run, "judge", arguments)


def _run(
    config_class: type, function: Callable[[Any], None], name: str, arguments: list[str]
) -> None:
    from gan_core.app import command_line

    def run(config: Any) -> None:
        with quiet.start():
            from dcgan.generation import trained_generator
        trained_generator.choose_arithmetic()
        function(config)

    program = f"python -m dcgan {name}"
    command_line.run(config_class, run, COMMANDS[name], program, arguments)


if __name__ == "__main__":
    main()
