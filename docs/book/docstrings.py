"""Docstrings for Sphinx: they are written to be read as text, where |x| and * are formulas.

A Sphinx extension. Outside of examples and code it escapes what would be markup, and shows indented
blocks, which hold formulas and tables, as they stand.
"""

from __future__ import annotations

import itertools
import re
from typing import Any

SECTION = re.compile(r"(Args|Returns|Raises|Yields|Examples?|Attributes|Notes?):$")
# What stays markup: `code` and *emphasis*. The stars of a * b and of 2*x*y are none.
MARKUP = re.compile(r"(`[^`]*`|(?<![\w*])\*[^\W_](?:[^*]*\w)?\*(?![\w*]))")
BLOCK_INDENT = 4


def readable(lines: list[str]) -> list[str]:
    """The lines of a docstring as reStructuredText."""
    made: list[str] = []
    in_section = False
    in_block = False
    for line in lines:
        indent = len(line) - len(line.lstrip())
        text = line.strip()
        if text and indent < BLOCK_INDENT:
            in_block = False
            in_section = indent == 0 and SECTION.match(text) is not None
        if not text:
            made.append(line)
        elif in_section:
            made.append(line if text.startswith((">>>", "...")) else _escaped(line))
        elif indent >= BLOCK_INDENT:
            if not in_block:
                made += ["", "::", ""]
                in_block = True
            made.append(line)
        else:
            made.append(_escaped(line))
    return made


def _escaped(line: str) -> str:
    """Markup characters escaped, but not those of `code` and *emphasis*."""
    parts = MARKUP.split(line)  # every second one is markup
    plain = [re.sub(r"([*|])", r"\\\1", part) for part in parts[::2]]
    return "".join(itertools.chain(*itertools.zip_longest(plain, parts[1::2], fillvalue="")))


def _process(
    app: Any, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    lines[:] = readable(lines)


def setup(app: Any) -> dict[str, bool]:
    """Run before napoleon, which reads the sections."""
    app.connect("autodoc-process-docstring", _process, priority=400)
    return {"parallel_read_safe": True}
