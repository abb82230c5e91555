"""The subject that a user names as MODULE:NAME."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from gan_core.testing import subjects


class CannotLoad(ValueError):
    """The named object does not exist or has no laws; the message says why in one line."""


def load(where: str, directory: Path | str = ".") -> Any:
    """Load the subject at "module:NAME", from a module in `directory` or an installed one.

    Args:
        where: the module and the name in it, such as "my_losses:MINE".
        directory: the folder in which the module is searched first.

    Returns:
        The subject.

    Raises:
        CannotLoad: if the form is wrong, the module cannot be imported, the name is not in it, or
            the object has no laws.
    """
    module_name, colon, name = where.partition(":")
    if not (module_name and colon and name.isidentifier()):
        raise CannotLoad(f"must be MODULE:NAME, such as my_losses:MINE, got {where!r}.")
    folder = str(Path(directory).resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # whatever a user's module does when it is imported
        raise CannotLoad(
            f"{where}: importing {module_name} from {folder} failed: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not hasattr(module, name):
        raise CannotLoad(
            f"{where}: {module_name} has no {name}; the objects in it that have laws: "
            f"{', '.join(_subjects_in(module)) or 'nothing'}."
        )
    subject = getattr(module, name)
    try:
        subjects.kind_of(where, subject)
    except ValueError as error:
        raise CannotLoad(str(error)) from error
    return subject


def _subjects_in(module: Any) -> list[str]:
    types = tuple(subjects.TYPES.values())
    return [name for name, value in vars(module).items() if isinstance(value, types)]
