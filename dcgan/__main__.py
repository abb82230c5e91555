"""python -m dcgan: train a DCGAN on faces, then generate with it.

python -m dcgan                         the preset quick: a small network on drawn faces, minutes on a CPU
python -m dcgan --data my_faces.zip     the same on your own, as long as you let it
python -m dcgan train --help            all options of training
python -m dcgan generate --help         faces, contact sheets, avatars for a list of ids
python -m dcgan walk --help             walks through the latent space
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault(
    "TF_CPP_MIN_LOG_LEVEL", "2"
)  # before TensorFlow is there: it is talkative about CPUs

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gan_core.app import command_line

COMMANDS = {
    "train": "train on drawn faces, or on --data FOLDER_OR_ZIP (what happens if no command is named)",
    "generate": "faces from a trained generator: pictures, a zip, an array, or avatars for a list of ids",
    "walk": "walks through the latent space of a trained generator",
}


def main(arguments: list[str] | None = None) -> None:
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] in (["--help"], ["-h"]):
        overview()
        return
    command = arguments[0] if arguments and arguments[0] in COMMANDS else "train"
    rest = arguments[1:] if arguments[:1] == [command] else arguments
    {"train": train, "generate": generate, "walk": walk}[command](rest)


def overview() -> None:
    """What --help says: the commands, and the chapters."""
    table = Table("command", "what it does", title="python -m dcgan: faces from a DCGAN")
    for name, line in COMMANDS.items():
        table.add_row(Text(f"python -m dcgan {name}"), Text(line))
    Console().print(table)
    command_line.print_programs("Chapters on faces", Path(__file__).parent)
    print("Each takes --help, and writes below runs/.")


def train(arguments) -> None:
    from dcgan import training
    from dcgan.config import Config

    with command_line.errors_in_one_line():
        default = _starting_point(arguments)
    command_line.run(
        Config, training.train, COMMANDS["train"], "python -m dcgan train", arguments, default
    )


def generate(arguments) -> None:
    from dcgan.generation.generate import Generate, generate

    command_line.run(
        Generate, generate, COMMANDS["generate"], "python -m dcgan generate", arguments
    )


def walk(arguments) -> None:
    from dcgan.generation.walk import Walk, walk

    command_line.run(Walk, walk, COMMANDS["walk"], "python -m dcgan walk", arguments)


def _starting_point(arguments):
    """What the other options change: the config of the run to go on with, a preset, or the defaults."""
    from dcgan.config import PRESETS, Config, from_json
    from gan_core.runs.run_folder import RunFolder

    known = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for name in ("--resume", "--preset", "--data"):
        known.add_argument(name)
    try:
        found, _ = known.parse_known_args(arguments)
    except argparse.ArgumentError:  # tyro will say what is wrong
        return Config()
    if found.resume not in (None, "None"):
        return from_json(RunFolder.resume(found.resume).config)
    if found.preset is None and found.data is None:
        return PRESETS["quick"]
    return PRESETS.get(found.preset, Config())


if __name__ == "__main__":
    main()
