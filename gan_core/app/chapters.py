"""The first line of every chapter: fast help, and a start without TensorFlow's own messages.

    from gan_core.app import chapters

    chapters.start(__name__)

A chapter imports TensorFlow at its top, and that takes seconds. But the help and the possible
arguments depend only on two parts of the chapter's source: its `Config`, and the call that reads
the command line. If there are arguments, `start` executes these two parts alone, so that `--help`
and wrong arguments are answered before TensorFlow is imported.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from gan_core.app import command_line, quiet

VERBOSE = "--verbose"
THREADS = "TF_NUM_INTRAOP_THREADS"
"""TensorFlow reads this variable when it computes for the first time."""


def start(name: str, threads: int | None = None) -> None:
    """Answer `--help` or a wrong argument, or import TensorFlow quietly.

    It does so if the chapter is run as a program; if it is imported, nothing happens. In a
    notebook, whose command line is not the chapter's, only TensorFlow is imported.

    `--verbose` on the command line, or GAN_VERBOSE=1 in the environment, shows TensorFlow's
    messages. The chapter's own checks, such as the range of a number, run after TensorFlow has
    started.

    Args:
        name: the chapter's `__name__`, which is "__main__" if it is run.
        threads: in how many threads TensorFlow computes an operation, unless the environment says
            so (TF_NUM_INTRAOP_THREADS). One is faster where networks are so small that passing an
            operation to another thread takes longer than computing it. None: TensorFlow's choice.
    Raises:
        SystemExit: code 0 after the help; code 2 after one line about a wrong argument.
    """
    if name != "__main__":
        return
    if threads is not None:
        os.environ.setdefault(THREADS, str(threads))
    if not command_line.arguments_are_the_kernels():
        _take_verbose()
        path = getattr(sys.modules[name], "__file__", None)
        if path is not None and sys.argv[1:]:
            _read_arguments(Path(path))
    command_line.start_quietly()


def _take_verbose() -> None:
    if VERBOSE in sys.argv[1:]:
        os.environ[quiet.VERBOSE] = "1"
        others = [argument for argument in sys.argv[1:] if argument != VERBOSE]
        sys.argv[1:] = others


def _read_arguments(path: Path) -> None:
    """Define the chapter's Config, without its checks, and read the command line with it.

    Returns if the arguments are valid, or if the chapter has no `Config` or no call of
    `command_line.read` or `run`.
    """
    chapter = ast.parse(path.read_text(encoding="utf-8"))
    config = _config_of(chapter)
    call = _call_that_reads(chapter)
    if config is None or call is None:
        return
    needed = ast.Module([*_needed_by(config, chapter), config], type_ignores=[])
    # tyro reads the help of the fields from the source of the module that the class belongs to.
    names = vars(sys.modules["__main__"])
    exec(compile(needed, str(path), "exec"), names)
    description, program = [
        eval(compile(ast.Expression(argument), str(path), "eval"), names) for argument in call.args
    ]
    command_line.parse(names["Config"], description, program)


def _config_of(chapter: ast.Module) -> ast.ClassDef | None:
    """The class Config without its methods, which check values and would need the library."""
    for statement in chapter.body:
        if isinstance(statement, ast.ClassDef) and statement.name == "Config":
            statement.body = [
                part for part in statement.body if not isinstance(part, ast.FunctionDef)
            ]
            return statement
    return None


def _call_that_reads(chapter: ast.Module) -> ast.Call | None:
    """`command_line.read(Config, description, program)`, or `run` with a function to call.

    Only the description and the program's name are left of its arguments.
    """
    for node in ast.walk(chapter):
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.args[0]) == "Config":
            function = ast.unparse(node.func).removeprefix("command_line.")
            if function in ("read", "run"):
                node.args = node.args[-2:]
                return node
    return None


def _needed_by(config: ast.AST, chapter: ast.Module) -> list[ast.stmt]:
    """The imports and constants of the chapter that the class uses, in their order."""
    statements: dict[str, ast.stmt] = {}
    for statement in chapter.body:
        for name in _names_made_by(statement):
            statements.setdefault(name, statement)
    needed: set[ast.stmt] = set()
    open_names = _names_used_by(config)
    while open_names:
        found = statements.get(open_names.pop())
        if found is not None and found not in needed:
            needed.add(found)
            open_names |= _names_used_by(found)
    return [statement for statement in chapter.body if statement in needed]


def _names_used_by(node: ast.AST) -> set[str]:
    """The names that are read, not those that are assigned: a field may be named like a module."""
    names = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
    return {part.id for part in names if isinstance(part.ctx, ast.Load)}


def _names_made_by(statement: ast.stmt) -> Iterator[str]:
    """The names that an import or an assignment defines; classes and functions are left out."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            yield (alias.asname or alias.name).split(".")[0]
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from (part.id for part in ast.walk(target) if isinstance(part, ast.Name))
