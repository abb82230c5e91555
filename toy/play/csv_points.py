"""Read points from a CSV file: one or two columns of numbers, with or without a heading."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np

from gan_core import checks, files

MOST_BYTES = 5_000_000
MOST_ROWS = 100_000
FEWEST_ROWS = 10
LARGEST = 1e15  # squares of such numbers, and their sums, are finite in float32
SEPARATORS = (",", ";", "\t", " ")


def read(path: str | os.PathLike[str]) -> np.ndarray:
    """Read the points.

    The separator is the first of comma, semicolon, tab and blank that the first line has. A first
    line in which no cell is a number is a heading.

    Args:
        path: a text file in UTF-8 of at most MOST_BYTES.

    Returns:
        [n, 1] or [n, 2] float32.

    Raises:
        ValueError: if it is not such a file; the message names the line.
    """
    owner = "Play"
    path = Path(path)
    try:
        files.refuse_a_device(path)
        if path.stat().st_size > MOST_BYTES:
            checks.fail(owner, "points", f"a file of at most {MOST_BYTES:,} bytes", path)
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no text in UTF-8"
        checks.fail(owner, "points", "a CSV file that can be read", f"{path} ({reason})")
    numbered = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
    if numbered and _is_heading(_cells(numbered[0][1], _separator(numbered))):
        numbered = numbered[1:]
    if not FEWEST_ROWS <= len(numbered) <= MOST_ROWS:
        wanted = f"a CSV file of {FEWEST_ROWS} to {MOST_ROWS:,} points"
        checks.fail(owner, "points", wanted, f"{path} with {len(numbered):,}")
    return _rows(path, numbered)


def _rows(path: Path, numbered: list[tuple[int, str]]) -> np.ndarray:
    separator = _separator(numbered)
    columns = len(_cells(numbered[0][1], separator))
    rows = []
    for i, line in numbered:
        numbers = [_number(cell) for cell in _cells(line, separator)]
        if None in numbers or len(numbers) != columns or columns not in (1, 2):
            wanted = "a CSV file with one or two numbers in each line, as many in all"
            checks.fail("Play", "points", wanted, f"{path}, line {i}: {line.strip()!r:.60}")
        rows.append(numbers)
    points = np.array(rows, np.float64)
    if not (np.abs(points) <= LARGEST).all():  # NaN neither
        wanted = f"a CSV file of finite numbers of at most {LARGEST:g} in size"
        checks.fail("Play", "points", wanted, path)
    points = points.astype(np.float32)
    if (points == points[0]).all():
        checks.fail("Play", "points", "a CSV file of points that differ", path)
    return points


def _separator(numbered: list[tuple[int, str]]) -> str:
    first = numbered[0][1].strip()
    return next((one for one in SEPARATORS if one in first), SEPARATORS[0])


def _cells(line: str, separator: str) -> list[str]:
    """The cells of a line; separators at its end make none."""
    try:
        cells = next(csv.reader([line.strip()], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:  # a cell that is too long
        return [line]
    while cells and not cells[-1].strip():
        cells.pop()
    return cells


def _is_heading(cells: list[str]) -> bool:
    return all(_number(cell) is None for cell in cells)


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
