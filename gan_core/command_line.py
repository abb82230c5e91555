"""A config dataclass *is* the command line: every field a flag, its comment or docstring the help."""

import sys

import tyro
from rich.console import Console


def run(config_class, function, description: str, program: str | None = None, arguments=None) -> None:
    """Read the config from the command line and call function(config).

    What is wrong with the arguments, or with the data they name, is told in one line and ends the
    process with code 2; a training that met a number that is not finite ends it with code 1.
    """
    console = Console(stderr=True)
    try:
        config = tyro.cli(config_class, description=description, prog=program, args=arguments)
        function(config)
    except (ValueError, ArithmeticError) as error:
        console.print(f"error: {error}", style="bold red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2 if isinstance(error, ValueError) else 1)
    except BrokenPipeError:
        sys.exit(1)

