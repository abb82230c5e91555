r"""Displayed formulas for MathJax as they are written. A Sphinx extension.

Sphinx puts a formula with a row break, \\, into a `split` environment. There a \tag is an error,
and the row breaks of a matrix need none.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes


def as_written(formula: str) -> str:
    """A formula with the signs that MathJax looks for."""
    return f"\\[{formula}\\]"


def _process(app: Any, document: nodes.document) -> None:
    for node in document.findall(nodes.math_block):
        text = node.astext()
        if r"\tag" in text:
            node.children = []
            node += nodes.Text(as_written(text))
            node["nowrap"] = True
            node["no-wrap"] = True


def setup(app: Any) -> dict[str, bool]:
    """Once a page has been read."""
    app.connect("doctree-read", _process)
    return {"parallel_read_safe": True}
