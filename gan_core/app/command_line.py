"""A command line from a config dataclass: a field is a flag, its comment or docstring the help."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import importlib.util
import io
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import tyro
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gan_core.app import quiet, stopping, without_keras

Config = TypeVar("Config")

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# How the horizontal lines of tyro's error box begin; without UTF-8 they are drawn with dashes.
RULES = ("╭", "├", "╰", "──", "---", "+--")
COMMAND = "[a-z]+( [a-z]+)?"  # who speaks in a message of ours: generate, or dcgan train
OUT_OF_MEMORY = "ResourceExhaustedError"  # by name, because importing TensorFlow takes seconds


def read(
    config_class: type[Config],
    description: str,
    program: str | None = None,
    arguments: Sequence[str] | None = None,
    default: Config | None = None,
) -> Config:
    """Read a config from the command line.

    It is for chapters, whose cells use the config one after another. A notebook has no command
    line: there the config has its default values, except in `%run chapter.py --flag value`. A wrong
    argument is reported in one line and ends the process with code 2.

    Args:
        config_class: a dataclass.
        description: the first text of `--help`.
        program: the program's name in `--help`; None: the file's name.
        arguments: the arguments to read; None: those of the process.
        default: a config whose values replace the class's default values, for programs with
            presets.
    Returns:
        A config.

    Example:
        >>> @dataclasses.dataclass
        ... class Three:
        ...     rounds: int = 3
        >>> read(Three, "An example.", arguments=["--rounds", "5"]).rounds
        5
    """
    if arguments is None and arguments_are_the_kernels():
        return config_class() if default is None else default
    config = parse(config_class, description, program, arguments, default)
    start_quietly()
    stopping.started()
    return config


def parse(
    config_class: type[Config],
    description: str,
    program: str | None = None,
    arguments: Sequence[str] | None = None,
    default: Config | None = None,
) -> Config:
    """Read a config from the command line, without importing TensorFlow.

    Args:
        config_class, description, program, arguments, default: as for `read`.
    Returns:
        A config.
    Raises:
        SystemExit: code 0 after the help; code 2 after one line about a wrong argument.

    Example:
        >>> @dataclasses.dataclass
        ... class Three:
        ...     rounds: int = 3
        >>> parse(Three, "An example.", arguments=[]).rounds
        3
    """
    let_output_never_fail()
    if arguments is None:
        stopping.in_one_line()
    words = sys.argv[1:] if arguments is None else arguments
    with errors_in_one_line(config_class):
        _refuse_empty(words)
        return _parse(config_class, description, program, [_with_home(w) for w in words], default)


def run(
    config_class: type[Config],
    function: Callable[[Config], object],
    description: str,
    program: str | None = None,
    arguments: Sequence[str] | None = None,
    default: Config | None = None,
) -> None:
    """Read the config from the command line and call function(config).

    Wrong arguments, or wrong data that they name, are reported in one line and end the process with
    code 2. The code is 1 if a number in a training is not finite or another worker is lost, 130
    after Ctrl-C, and 143 after SIGTERM in a training.

    Args:
        function: called with the config.
        config_class, description, program, arguments, default: as for `read`.
    """
    with stopping.second_ctrl_c_ends_at_once(), errors_in_one_line(config_class):
        config = read(config_class, description, program, arguments, default)
        function(config)


def say(words: str, console: Console | None = None, style: str | None = None) -> None:
    """Print one line unchanged: brackets are not read as markup, and a long line is not cut.

    Failing output never stops the program: characters that the terminal cannot encode are shown as
    escapes, and if nobody reads a pipe any more nothing is shown.

    Args:
        words: the line.
        console: where to print; None: standard output.
        style: a style of rich, such as "bold red".

    Example:
        >>> say("wrote [a].png")
        wrote [a].png
    """
    console = console or Console()
    line = words.encode(console.encoding, "backslashreplace").decode(console.encoding)
    try:
        console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
    except (OSError, SystemExit):  # rich exits if nobody reads a pipe any more
        _forget_the_reader(console)


def let_output_never_fail() -> None:
    """From now on show characters that standard output cannot encode as escapes.

    Otherwise a folder's name that is not UTF-8, or that the code page cannot show, would end a
    finished training with an error.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def programs(
    package: str | os.PathLike[str], names: Sequence[str] | None = None
) -> list[tuple[str, str]]:
    """List the files of a folder that are run as programs. Nothing is imported.

    Args:
        package: the folder.
        names: the names of modules, or of packages with a `__main__`; None: the chapters, in order.
    Returns:
        (package.name, first line of its docstring) of each.
    """
    folder = Path(package)
    if names is None:
        names = sorted(file.stem for file in folder.glob("ch[0-9][0-9]_*.py"))
    found = []
    for name in names:
        file = folder / f"{name}.py"
        if (folder / name).is_dir():
            file = folder / name / "__main__.py"
        docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        first_line = docstring.split("\n")[0].strip("# .")
        found.append((f"{folder.name}.{name}", first_line))
    return found


def print_programs(
    title: str, package: str | os.PathLike[str], names: Sequence[str] | None = None
) -> None:
    """Print the table of `programs`, for `python -m package`.

    Args:
        title: the title above the table.
        package: as for `programs`.
        names: as for `programs`.
    """
    let_output_never_fail()
    stopping.started()
    table = Table(title=title)
    table.add_column("run it", no_wrap=True)  # a command that is cut cannot be copied
    table.add_column("what it is about")
    for name, line in programs(package, names):
        table.add_row(Text(f"python -m {name}"), Text(line))
    Console().print(table)


@contextlib.contextmanager
def errors_in_one_line(config_class: type | None = None) -> Iterator[None]:
    """Turn an exception within the `with` block into one line on standard error and an exit code.

    The code is 2 for ValueError (a wrong request); 1 for ArithmeticError, OSError (a disk, a
    connection) and a device that is out of memory; 130 for Ctrl-C, or the exit_code of the
    interrupt. Other exceptions are raised as they are.

    Args:
        config_class: a dataclass whose fields are shown as flags: `--batch-size must` in place of
            `Config: batch_size must`, or of the same from a module or command, whose name has small
            letters alone (`generate: out must`). Functions and classes of the library keep their
            names, because their arguments need not be the command's.
    """
    try:
        yield
    except BrokenPipeError:
        _forget_the_reader(Console())
        raise SystemExit(1) from None  # IPython cannot show a SystemExit that has a cause
    except KeyboardInterrupt as interrupt:
        words, code = stopping.words_and_code(interrupt)
        say(words, Console(stderr=True))
        raise SystemExit(code) from None
    except (ValueError, ArithmeticError, OSError) as error:
        _tell(_with_flag(str(error), config_class))
        raise SystemExit(2 if isinstance(error, ValueError) else 1) from None
    except Exception as error:
        if type(error).__name__ != OUT_OF_MEMORY:
            raise
        first = str(error).splitlines()[0]
        _tell(f"the device's memory is full. Ask for less at once (a smaller batch). {first}")
        raise SystemExit(1) from None


def arguments_are_the_kernels() -> bool:
    """Whether sys.argv belongs to a notebook's kernel, not to a file run by `%run file.py ...`."""
    if "ipykernel" not in sys.modules:
        return False
    program, *rest = sys.argv or [""]
    if "kernel" in Path(program).name or program in ("", "-c", "-m"):
        return True
    connection = "".join(rest[:2])  # -f FILE.json, or --f=FILE.json
    return re.match(r"--?f(=|/|\w:|.*kernel-).*\.json$", connection) is not None


def _refuse_empty(arguments: Sequence[str]) -> None:
    """Refuse an empty argument, as from an unset variable: it would mean the current folder."""
    flag = "an argument"
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if name.startswith("--"):
            flag = name
        if argument == "" or (name.startswith("--") and equals and not value):
            raise ValueError(f"{flag} is empty. Is a variable of your shell not set?")


def _with_home(argument: str) -> str:
    """Replace ~ by the home folder, also in --out=~/faces, where a shell leaves it.

    Otherwise a folder named ~ would be made, and `rm -r ~` would delete the home folder instead.
    """
    flag, equals, value = argument.partition("=")
    if equals and flag.startswith("--"):
        return f"{flag}={os.path.expanduser(value)}"
    return os.path.expanduser(argument)


def start_quietly() -> None:
    """Import TensorFlow, if it is installed, and let it find its devices without messages.

    Keras is not imported with it, which saves a quarter of the time.
    """
    with quiet.start(), without_keras.imported():
        if importlib.util.find_spec("tensorflow") is not None:
            importlib.import_module("tensorflow")


def _parse(
    config_class: type[Config],
    description: str,
    program: str | None,
    arguments: Sequence[str],
    default: Config | None,
) -> Config:
    """Call tyro, and turn its report of wrong arguments into a ValueError of one line."""
    start = tyro.MISSING_NONPROP if default is None else default
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            return tyro.cli(
                config_class, description=description, prog=program, args=arguments, default=start
            )
    except SystemExit as ending:
        if ending.code in (None, 0):  # --help
            raise
        words = _what_the_box_says(told.getvalue()).removeprefix(
            f"Error parsing {config_class.__name__}: "
        )
        where = f"See {program} --help." if program else "See --help."
        raise ValueError(f"{words} {where}") from None


def _what_the_box_says(box: str) -> str:
    """The first paragraph of tyro's error box, and the flags that it suggests.

    tyro 1.0 offers its errors to programs only as text (its events are in a private module).
    """
    lines = [line.strip("│| ") for line in COLOURS.sub("", box).splitlines()]
    rules = [i for i, line in enumerate(lines) if line.startswith(RULES)]
    paragraph = lines
    if rules:
        end = rules[1] if len(rules) > 1 else len(lines)
        paragraph = lines[rules[0] + 1 : end]
    words = " ".join(paragraph).strip().rstrip(".")
    if not words.endswith("?"):
        words += "."
    if "Perhaps you meant:" in lines:
        flags = [flag.group() for line in lines if (flag := re.match(r"--[a-z][\w-]*", line))]
        words += f" Perhaps you meant {' or '.join(flags)}."
    return words


def _with_flag(words: str, config_class: type | None) -> str:
    if config_class is None:
        return words
    for field in dataclasses.fields(config_class):
        flag = f"--{field.name.replace('_', '-')}"
        owner = rf"({config_class.__name__}|{COMMAND})"
        words = re.sub(rf"^{owner}: {field.name}\b", flag, words)
        if not isinstance(field.default, bool):  # a switch has no value that could be wrong
            words = re.sub(rf"^{field.name}: ", f"{flag}: ", words)
    return words


def _tell(words: str) -> None:
    say(f"error: {words}", Console(stderr=True), "bold red")


def _forget_the_reader(console: Console) -> None:
    """Drop all further output to a stream that nobody reads, also when Python exits."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        stream = console.file.fileno()
        if stream in (1, 2):
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), stream)
