"""Figures that move under the reader's hand: a marker in a chapter becomes HTML and a script.

    <!-- moving: dirac -->

stands in a Markdown cell, where a module and a notebook show nothing, and becomes the text of
docs/book/moving_figures/dirac.html. The scripts are plain JavaScript and load nothing.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

FOLDER = Path(__file__).with_name("moving_figures")
MARKER = re.compile(r"<!-- moving: (\w+) -->")


def inserted(text: str) -> str:
    """Markdown with the figures in place of their markers.

    Raises:
        ValueError: if a marker names a figure that does not exist.
    """
    return MARKER.sub(_figure, text)


def _figure(match: re.Match) -> str:
    file = FOLDER / f"{match[1]}.html"
    if not file.exists():
        there = ", ".join(sorted(path.stem for path in FOLDER.glob("*.html")))
        raise ValueError(f"docs.book: {match[0]} names no figure that moves. There are: {there}.")
    return file.read_text(encoding="utf-8")


def copy_scripts(static: Path) -> None:
    """Copy the scripts to where the pages look for them."""
    folder = static / "moving"
    folder.mkdir()
    for script in sorted(FOLDER.glob("*.js")):
        shutil.copy(script, folder / script.name)
