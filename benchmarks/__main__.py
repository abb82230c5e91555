"""python -m benchmarks: list the commands, with one line each."""

import sys
from pathlib import Path
from typing import NoReturn

from gan_core.app import command_line

NAMES = (
    "train_step",
    "toy_step",
    "input_pipeline",
    "generate",
    "profile_step",
    "peers",
    "quality",
    "growth",
    "compare",
    "export_round",
)


HELP = ("--help", "-h")


def main(arguments: list[str] | None = None) -> None:
    """Print the table of commands.

    Args:
        arguments: the arguments after `python -m benchmarks`; None: those of this process.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments and arguments[0] not in HELP:
        with command_line.errors_in_one_line():
            refuse(arguments[0])
    command_line.print_programs("Measurements", Path(__file__).parent, NAMES)
    print("Each takes --help.")


def refuse(name: str) -> NoReturn:
    """The commands are modules of their own: `python -m benchmarks growth` runs nothing."""
    if name in NAMES:
        raise ValueError(f"python -m benchmarks takes no {name}. Say python -m benchmarks.{name}")
    raise ValueError(f"there is no command {name!r:.40}. See python -m benchmarks.")


if __name__ == "__main__":
    main()
