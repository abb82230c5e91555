"""python -m gan_core.testing my_losses:MINE: a table of laws.

The exit code is 1 if a claimed law is broken, 2 if a subject cannot be loaded or checked.
"""

from __future__ import annotations

import argparse
import sys

from gan_core.app import command_line


def main(arguments: list[str] | None = None) -> int:
    """Print the table of each named subject, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m gan_core.testing",
        description="Which laws does a loss, penalty, layer, ... of your own obey?",
    )
    parser.add_argument(
        "subjects",
        nargs="+",
        metavar="MODULE:NAME",
        help="a GANLoss, or a testing.Penalty, Layer, ... in a module of the current directory",
    )
    named = parser.parse_args(arguments).subjects
    command_line.start_quietly()
    from gan_core.testing.loading import CannotLoad, load  # slow: they import TensorFlow
    from gan_core.testing.running import BROKEN, judge, table

    try:
        found = [load(where) for where in named]
    except CannotLoad as error:
        print(f"python -m gan_core.testing: {error}", file=sys.stderr)
        return 2
    judged = [(subject, judge(subject)) for subject in found]
    print("\n\n".join(table(subject, verdicts) for subject, verdicts in judged))
    outcomes = {verdict.outcome for _, verdicts in judged for verdict in verdicts}
    return int(BROKEN in outcomes)


if __name__ == "__main__":
    sys.exit(main())
