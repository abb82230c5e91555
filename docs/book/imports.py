"""Which files of the clone a chapter's output depends on: what it imports, and what that imports.

Read from the text alone. Imports within functions count, because they run too. A folder's data
files, such as trained weights, belong to each of its modules.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

from docs.book.chapters import PACKAGES, ROOT

OURS = ("gan_core", *PACKAGES)
DOOR = "gan_core"  # it imports its modules when their names are first asked for


def needed_by(program: str) -> list[Path]:
    """The modules that a program imports, directly or not, and their data files, sorted."""
    needed: set[Path] = set()
    waiting = list(_imported_by(program))
    while waiting:
        path = waiting.pop()
        if path not in needed:
            needed.add(path)
            if not _loads_when_asked(path):
                waiting += _imported_by(path.read_text(encoding="utf-8"))
    folders = {path.parent for path in needed}
    return sorted(needed | {file for folder in folders for file in _data_of(folder)})


def _loads_when_asked(path: Path) -> bool:
    """Whether a file is the __init__.py of gan_core or of a room in it, such as gan_core.nn.

    They name all their files, and load one when a program asks for it by name.
    """
    return path.name == "__init__.py" and ROOT / DOOR in (path.parent, path.parent.parent)


def _data_of(folder: Path) -> Iterator[Path]:
    """The data files beside modules, also those in folders without modules of their own."""
    for path in folder.iterdir():
        if path.is_dir() and path.name != "__pycache__" and not list(path.glob("*.py")):
            yield from _data_of(path)
        elif path.is_file() and path.suffix not in (".py", ".pyc"):
            yield path


@functools.cache
def _imported_by(program: str) -> frozenset[Path]:
    found: set[Path] = set()
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found |= _files_of(alias.name, is_door=alias.name == DOOR)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                inner = _files_of(f"{node.module}.{alias.name}", is_whole=node.module == DOOR)
                is_door = node.module == DOOR and not inner
                found |= inner or _files_of(node.module, is_door)
    return frozenset(found)


def _files_of(module: str, is_door: bool = False, is_whole: bool = False) -> set[Path]:
    """A module's file and those of the packages around it; none if it is not one of ours.

    Args:
        module: its name, with dots.
        is_door: whether it is gan_core itself, which loads any of its files when asked for it.
        is_whole: whether a room, such as gan_core.nn, may be asked for any of its files too.
    """
    parts = module.split(".")
    if parts[0] not in OURS:
        return set()
    if is_door:
        return set((ROOT / DOOR).rglob("*.py"))
    place = ROOT.joinpath(*parts)
    if parts[0] == DOOR and len(parts) == 2 and place.is_dir() and is_whole:
        found = set(place.rglob("*.py"))
    elif place.is_dir():
        found = {place / "__init__.py"}
    elif place.with_suffix(".py").exists():
        found = {place.with_suffix(".py")}
    else:
        return set()
    around = [ROOT.joinpath(*parts[:length], "__init__.py") for length in range(1, len(parts))]
    return {file for file in (*found, *around) if file.exists()}
