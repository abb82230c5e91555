"""A config dataclass *is* the command line: every field a flag, its comment or docstring the help."""

import ast
import contextlib
import dataclasses
import io
import re
import sys
from pathlib import Path

import tyro
from rich.console import Console
from rich.table import Table
from rich.text import Text


def read(config_class, description: str, program: str | None = None, arguments=None, default=None):
    """The config that the command line asks for. A notebook has no command line: there, the defaults.

    For a chapter, whose cells use the config one after the other. Wrong arguments are told in one
    line and end the process with code 2.  default: a config that takes the place of the class's own
    default values, for programs with presets.
    """
    if (
        arguments is None and "ipykernel" in sys.modules
    ):  # sys.argv belongs to the notebook's kernel
        return config_class() if default is None else default
    with errors_in_one_line(config_class):
        return _parse(config_class, description, program, arguments, default)


def run(
    config_class,
    function,
    description: str,
    program: str | None = None,
    arguments=None,
    default=None,
) -> None:
    """Read the config from the command line and call function(config).

    What is wrong with the arguments, or with the data they name, is told in one line and ends the
    process with code 2; a training that met a number that is not finite, or lost another worker, ends it
    with code 1.
    """
    config = read(config_class, description, program, arguments, default)
    with errors_in_one_line(config_class):
        function(config)


def programs(package, names=None) -> list[tuple[str, str]]:
    """(package.name, first line of its docstring) of the files in the folder `package` that are run as programs.

    names: of modules, or of packages with a `__main__`; None: the chapters, in order. Nothing is imported.
    """
    folder, found = Path(package), []
    for name in names or sorted(file.stem for file in folder.glob("ch[0-9][0-9]_*.py")):
        file = folder / name / "__main__.py" if (folder / name).is_dir() else folder / f"{name}.py"
        docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        found.append((f"{folder.name}.{name}", docstring.split("\n")[0].strip("# .")))
    return found


def print_programs(title: str, package, names=None) -> None:
    """A table of them, for `python -m package`."""
    table = Table("run it", "what it is about", title=title)
    for name, line in programs(package, names):
        table.add_row(Text(f"python -m {name}", no_wrap=True), Text(line))
    Console().print(table)


def _parse(config_class, description, program, arguments, default):
    """tyro tells an error in a box of several paragraphs; raise the words of the first.

    The box is drawn with lines, or on a terminal without UTF-8 with dashes below its title.
    """
    box = io.StringIO()
    try:
        with contextlib.redirect_stderr(box):
            return tyro.cli(
                config_class,
                description=description,
                prog=program,
                args=arguments,
                **({} if default is None else {"default": default}),
            )
    except SystemExit as exit:
        if exit.code in (None, 0):  # --help
            raise
        text = re.sub(r"\x1b\[[0-9;]*m", "", box.getvalue())  # without colours
        lines = [line.strip("│ ") for line in text.splitlines()]
        rules = [i for i, line in enumerate(lines) if line.startswith(("╭", "──", "╰", "---"))]
        first, last = [*rules, None, None][:2]
        words = " ".join(lines if first is None else lines[first + 1 : last]).strip().rstrip(".")
        words = words.removeprefix(f"Error parsing {config_class.__name__}: ")
        meant = (
            re.findall(r"(?m)^--[a-z][\w-]*", "\n".join(lines))
            if "Perhaps you meant:" in lines
            else []
        )
        hint = f" Perhaps you meant {' or '.join(meant)}." if meant else ""
        where = f" See {program} --help." if program else " See --help."
        raise ValueError(f"{words}.{hint}{where}") from None


@contextlib.contextmanager
def errors_in_one_line(config_class=None):
    """ValueError: its words in one line on stderr, exit code 2; what the machine refused or broke off: code 1.

    Code 1 for ArithmeticError, for OSError (a disk, a connection) and for the memory of a device; 130 for Ctrl-C.
    config_class: a field of it is told as the flag it is, `--batch-size must` for `Config: batch_size must`.
    """
    try:
        yield
    except BrokenPipeError:
        sys.exit(1)
    except KeyboardInterrupt:
        _tell("stopped.")
        sys.exit(130)
    except (ValueError, ArithmeticError, OSError) as error:
        _tell(f"error: {_with_flag(str(error), config_class)}")
        sys.exit(2 if isinstance(error, ValueError) else 1)
    except Exception as error:
        if (
            type(error).__name__ != "ResourceExhaustedError"
        ):  # TensorFlow's; not imported here, which takes seconds
            raise
        first = str(error).splitlines()[0]
        _tell(
            f"error: the device's memory is full. Ask for less at once (a smaller batch). {first}"
        )
        sys.exit(1)


def _with_flag(words: str, config_class) -> str:
    for field in dataclasses.fields(config_class) if config_class else ():
        words = re.sub(
            rf"^{config_class.__name__}: {field.name}\b", f"--{field.name.replace('_', '-')}", words
        )
    return words


def _tell(words: str) -> None:
    Console(stderr=True).print(
        words, style="bold red", markup=False, highlight=False, soft_wrap=True
    )
