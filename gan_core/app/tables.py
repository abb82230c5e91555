"""Tables of numbers: aligned text in a terminal, an HTML table in a notebook or a page.

A chapter prints a table like this:

    tables.show(["loss", "sd of G(z)"], [["minimax", 35.2], ["non-saturating", 0.07]],
                caption="Table 3.1. Spread after 4,000 rounds.")
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gan_core.app import pages


def show(columns: Sequence[str], rows: Sequence[Sequence[object]], *, caption: str) -> None:
    """Print a table, or display it in a notebook.

    Integers are shown in full, other numbers with four significant digits. For another format give
    strings.

    Args:
        columns: their names.
        rows: for each row one cell for each column: strings or numbers.
        caption: begins with the table's number, such as "Table 3.1. ...".

    Raises:
        ValueError: if the number of cells in a row differs from the number of columns.

    Example:
        >>> show(["loss", "sd"], [["minimax", 35.25]], caption="Table 3.1. Spread.")
        Table 3.1. Spread.
        loss        sd
        minimax  35.25
    """
    texts = []
    for row in rows:
        cells = [_text(cell) for cell in row]
        if len(cells) != len(columns):
            wanted = f"{len(columns)} cells, one for each column"
            raise ValueError(f"tables.show: rows must have {wanted}, got {cells}.")
        texts.append(cells)
    if pages.in_notebook():
        pages.display(pages.table(columns, texts, caption))
    else:
        _print(columns, texts, caption)


def _print(columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for i, name in enumerate(columns):
        table.add_column(Text(name), justify="left" if i == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    width = 0
    for column in zip(columns, *rows, strict=True):
        width += max(len(text) for text in column) + 2
    console = Console()
    # In a pipe or a narrow terminal numbers must not be cut.
    console.width = max(console.width, width)
    console.print(Text(caption), soft_wrap=True)
    console.print(table)


def _text(cell: object) -> str:
    """An integer in full, another number with four significant digits; anything else as it is."""
    if isinstance(cell, bool | str):
        return str(cell)
    if isinstance(cell, numbers.Integral):
        return f"{int(cell):,}"
    try:
        return f"{float(cell):.4g}"  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return str(cell)
