"""python -m toy: the chapters, with one line each, and the page for playing with a GAN."""

import sys
from pathlib import Path

from gan_core.app import command_line

HELP = ("--help", "-h")


def main(arguments: list[str] | None = None) -> None:
    """List the chapters, or run `play`.

    Args:
        arguments: the arguments after `python -m toy`; None: those of this process.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments[:1] == ["play"]:
        from toy.play import command

        command.main(arguments[1:])
        return
    if arguments and arguments[0] not in HELP:
        with command_line.errors_in_one_line():
            raise ValueError(f"there is no command {arguments[0]!r:.40}. See python -m toy.")
    command_line.print_programs(
        "Chapters on distributions that can be written down", Path(__file__).parent
    )
    print("Each takes --help, and writes its figures below runs/.")
    print("python -m toy play: the game under your hands, in a browser. It takes --help too.")


if __name__ == "__main__":
    main()
