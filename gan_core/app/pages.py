"""HTML for a notebook or a page of the book: figures and tables with captions.

Nothing here is used in a terminal. A figure is one self-contained HTML element that includes its
picture, so that a notebook can be sent to someone and a page needs no further file.
"""

from __future__ import annotations

import base64
import html
import re
import sys
from collections.abc import Sequence
from pathlib import Path

MEDIA_TYPES = {
    ".png": "image/png",
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".svg": "image/svg+xml",
}


def in_notebook() -> bool:
    """Whether this process is a notebook's kernel, which can display HTML."""
    if "ipykernel" not in sys.modules:
        return False
    from IPython import get_ipython

    shell = get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is not None


def display(text: str) -> None:
    """Show HTML below the running cell of a notebook."""
    from IPython.display import HTML
    from IPython.display import display as show

    show(HTML(text))


def picture(path: Path, caption: str, alt: str) -> str:
    """A picture file as HTML: <figure>, the picture itself, and its caption.

    Args:
        path: a .png, .gif, .jpg or .svg file.
        caption: the text below the picture.
        alt: a description of the picture, for those who cannot see it.

    Returns:
        The HTML.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = pathlib.Path(folder) / "dot.gif"
        ...     _ = file.write_bytes(b"GIF89a")
        ...     print(picture(file, "Figure 1.1. A dot.", "a dot"))
        <figure class="book-figure" id="figure-1-1"><img src="data:image/gif;base64,R0lGODlh" \
alt="a dot"><figcaption>Figure 1.1. A dot.</figcaption></figure>
    """
    media_type = MEDIA_TYPES[path.suffix.lower()]
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    image = f'<img src="data:{media_type};base64,{data}" alt="{html.escape(alt)}">'
    return _figure(image, caption)


def player(path: Path, caption: str, alt: str) -> str:
    """Put an HTML document, such as an animation with buttons, in a frame with a caption.

    Args:
        path: the .html file.
        caption: the text below it.
        alt: a description of what it shows, for those who cannot see it.

    Returns:
        The HTML.
    """
    document = html.escape(path.read_text(encoding="utf-8"))
    frame = (
        f'<iframe srcdoc="{document}" title="{html.escape(alt)}" '
        'style="width: 100%; height: 36rem; border: 0"></iframe>'
    )
    return _figure(frame, caption)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """Make an HTML table with a caption. Every column but the first is aligned right.

    Args:
        columns: their names.
        rows: for each row one text for each column.
        caption: the text above the table.

    Returns:
        The HTML.
    """
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in columns)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    return (
        f'<table class="book-table"{_id(caption)}><caption>{html.escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _cells(row: Sequence[str]) -> str:
    first, *others = row
    cells = [f'<td style="text-align: left">{html.escape(first)}</td>']
    cells += [f'<td style="text-align: right">{html.escape(cell)}</td>' for cell in others]
    return "".join(cells)


def _figure(content: str, caption: str) -> str:
    below = f"<figcaption>{html.escape(caption)}</figcaption>"
    return f'<figure class="book-figure"{_id(caption)}>{content}{below}</figure>'


def _id(caption: str) -> str:
    """id="figure-3-2" of a caption that begins with "Figure 3.2", so that links can lead to it."""
    number = re.match(r"(Figure|Table) (\d+)\.(\d+)\b", caption)
    if number is None:
        return ""
    return f' id="{number[1].lower()}-{number[2]}-{number[3]}"'
