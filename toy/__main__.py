"""python -m toy: the chapters, with one line each."""

from pathlib import Path

from gan_core.app import command_line


def main() -> None:
    command_line.print_programs(
        "Chapters on distributions that can be written down", Path(__file__).parent
    )
    print("Each takes --help, and writes its figures below runs/.")


if __name__ == "__main__":
    main()
