"""Read points from a CSV file: one or two columns of numbers, with or without a heading."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np

from gan_core import checks

MOST_BYTES = 5_000_000
MOST_ROWS = 100_000
FEWEST_ROWS = 10
SEPARATORS = (",", ";", "\t", " ")


def read(path: str | os.PathLike[str]) -> np.ndarray:
    """Read the points.

    The separator is the first of comma, semicolon, tab and blank that the first line has. A first
    line that holds no numbers is a heading.

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
        if path.stat().st_size > MOST_BYTES:
            checks.fail(owner, "points", f"a file of at most {MOST_BYTES:,} bytes", path)
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no text in UTF-8"
        checks.fail(owner, "points", "a CSV file that can be read", f"{path} ({reason})")
    numbered = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
    if numbered and not _numbers(numbered[0][1], _separator(numbered)):
        numbered = numbered[1:]
    if not FEWEST_ROWS <= len(numbered) <= MOST_ROWS:
        wanted = f"a CSV file of {FEWEST_ROWS} to {MOST_ROWS:,} points"
        checks.fail(owner, "points", wanted, f"{path} with {len(numbered):,}")
    return _rows(path, numbered)


def _rows(path: Path, numbered: list[tuple[int, str]]) -> np.ndarray:
    separator = _separator(numbered)
    columns = len(_numbers(numbered[0][1], separator))
    rows = []
    for i, line in numbered:
        numbers = _numbers(line, separator)
        if len(numbers) != columns or columns not in (1, 2):
            wanted = "a CSV file with one or two numbers in each line, as many in all"
            checks.fail("Play", "points", wanted, f"{path}, line {i}: {line.strip()!r:.60}")
        rows.append(numbers)
    points = np.array(rows, np.float32)
    if not np.isfinite(points).all():
        checks.fail("Play", "points", "a CSV file of finite numbers", path)
    if not (points.std(axis=0) > 0.0).any():
        checks.fail("Play", "points", "a CSV file of points that differ", path)
    return points


def _separator(numbered: list[tuple[int, str]]) -> str:
    first = numbered[0][1].strip()
    return next((one for one in SEPARATORS if one in first), SEPARATORS[0])


def _numbers(line: str, separator: str) -> list[float]:
    """The numbers of a line; [] if something else stands there."""
    cells = next(csv.reader([line.strip()], delimiter=separator, skipinitialspace=True), [])
    try:
        return [float(cell) for cell in cells if cell.strip()]
    except ValueError:
        return []
