"""python -m benchmarks: list the commands, with one line each."""

from pathlib import Path

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


def main() -> None:
    """Print the table of commands."""
    command_line.print_programs("Measurements", Path(__file__).parent, NAMES)
    print("Each takes --help.")


if __name__ == "__main__":
    main()
