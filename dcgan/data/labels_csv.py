"""A table as labels: --labels labels.csv, with a line file,hair,glasses and one row a picture.

Every column but the first is a factor, and its values are words. Files are paths from the source's
folder, or the last parts of such paths; backslashes count as slashes. The text may be UTF-8, with
or without a byte order mark, or UTF-16 with one. The separator is a comma, a semicolon or a tab,
whichever the first line contains.

A picture without a row, or with an empty value, is left out of the training; a row without a
picture is ignored. Both are reported.
"""

from __future__ import annotations

import codecs
import collections
import csv
import io
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np

from dcgan.data import labels
from dcgan.data.labels import WITHOUT, Labelled
from gan_core import checks

FILE = "file"  # the first column's name
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
SEPARATORS = ",;\t"
LARGEST = 500_000_000  # bytes


class Row(NamedTuple):
    """One line."""

    line: int
    file: str
    values: tuple[str, ...]


def load(path: Path, names: Sequence[str]) -> Labelled:
    """The labels of pictures by their names.

    Args:
        path: the table.
        names: the names of the pictures, as paths from the source.

    Raises:
        ValueError: if it is not such a table (the message has the line's number), two rows for the
            same file differ, or no row names a picture.
    """
    factors, table = _read(path)
    places = _places(names)
    values = []
    numbers = []
    for i in factors:
        named = [row.values[i] for row in table if row.values[i]]
        ordered = labels.most_common(named)
        values.append(ordered)
        numbers.append({value: number for number, value in enumerate(ordered)})
    rows = np.full([len(names), len(factors)], WITHOUT, np.int32)
    lines: dict[int, Row] = {}
    unknown = []
    empty = []
    repeated = 0
    for row in table:
        place = _place(path, row, places)
        if place is None:
            unknown.append(row)
            continue
        first = lines.setdefault(place, row)
        repeated += first is not row
        _check_same(path, first, row)
        if not all(row.values):
            empty.append(row)
            continue
        found = [of_factor[value] for of_factor, value in zip(numbers, row.values, strict=True)]
        rows[place] = found
    if not lines:
        came = f"{len(table):,} rows, of which none does; the first: {_show(table[0])}"
        way_out = f"The first picture is {names[0]}."
        checks.fail(
            "labels", str(path), "a table whose files are pictures of the data", came, way_out
        )
    without = len(names) - len(lines)
    remarks = _remarks(unknown, empty, repeated, without)
    return labels.labelled("csv", dict(zip(factors.values(), values, strict=True)), rows, remarks)


def _remarks(unknown: list[Row], empty: list[Row], repeated: int, without: int) -> list[str]:
    told = []
    if without:
        told.append(f"{labels.counted(without, 'picture')} without a row left out")
    if empty:
        told.append(
            f"{labels.counted(len(empty), 'picture')} left out for an empty value "
            f"(the first in line {empty[0].line})"
        )
    if unknown:
        told.append(
            f"{labels.counted(len(unknown), 'row')} of files that are no pictures of the data "
            f"(the first, line {unknown[0].line}: {_show(unknown[0])})"
        )
    if repeated:
        told.append(f"{labels.counted(repeated, 'row')} repeated")
    return told


# ---------------------------------------------------------------- the table


def _read(path: Path) -> tuple[dict[int, str], list[Row]]:
    """-> {number of a value in a row: its factor}, and the rows."""
    text = _text(path)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=_separator(text),
        skipinitialspace=True,
        strict=True,
    )
    factors: dict[int, str] = {}
    table = []
    header: list[str] | None = None
    try:
        for fields in reader:
            cells = [unicodedata.normalize("NFC", field).strip() for field in fields]
            if not any(cells):
                continue
            if header is None:
                header = cells
                factors = _factors(path, header)
                continue
            if len(cells) != len(header):
                wanted = f"{len(header)} fields, as the first line has"
                _fail(path, reader.line_num, wanted, f"{len(cells)}: {','.join(cells)}")
            if not cells[0]:
                _fail(path, reader.line_num, "a file in the first field", "none")
            table.append(Row(reader.line_num, cells[0], tuple(cells[1:])))
    except csv.Error as error:
        _fail(path, reader.line_num, "a line of a CSV file", str(error))
    if not table:
        checks.fail("labels", str(path), "a table with at least one row", "none")
    return factors, table


def _text(path: Path) -> str:
    """The file's text; ValueError for what cannot be read as text."""
    try:
        if path.stat().st_size > LARGEST:
            checks.fail("labels", str(path), f"at most {LARGEST:,} bytes", "more")
        data = path.read_bytes()
    except OSError as error:
        way_out = "Give a CSV file, or folders."
        checks.fail(
            "labels", "the file", "one that can be read", f"{path}: {error.strerror}", way_out
        )
    encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        came = f"the byte 0x{data[error.start]:02x} in line {line}"
        checks.fail("labels", str(path), f"text in {encoding}", came, "Save the file as UTF-8.")
    if "\0" in text:
        checks.fail("labels", str(path), "text", "a file with zero bytes", "Save it as UTF-8.")
    return text


def _separator(text: str) -> str:
    """Which of SEPARATORS the first line has most of."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(SEPARATORS, key=first.count)


def _factors(path: Path, header: list[str]) -> dict[int, str]:
    example = "file,hair,glasses"
    if header[0].casefold() != FILE or len(header) < 2:
        came = ",".join(header)
        checks.fail("labels", f"the first line of {path}", f"one such as {example}", repr(came))
    names = header[1:]
    for i, name in enumerate(names):
        if not name or "=" in name:
            wanted = "a name without = for each column"
            checks.fail("labels", f"the first line of {path}", wanted, repr(name))
        if name in names[:i]:
            checks.fail("labels", f"the first line of {path}", "each column once", f"{name} twice")
    return dict(enumerate(names))


def _check_same(path: Path, first: Row, row: Row) -> None:
    if first.values != row.values:
        came = f"{','.join(first.values)} in line {first.line} and {','.join(row.values)}"
        _fail(path, row.line, f"the same labels for {first.file} again", came)


def _fail(path: Path, line: int, wanted: str, came: str) -> NoReturn:
    checks.fail("labels", f"line {line} of {path}", wanted, came)


# ---------------------------------------------------------------- which picture is meant


def _places(names: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """Last part of a path -> the pictures that have it, as (path, number)."""
    found = collections.defaultdict(list)
    for number, name in enumerate(names):
        tidy = unicodedata.normalize("NFC", name)
        found[tidy.rpartition("/")[2]].append((tidy, number))
        if "\\" in tidy:  # a file's own name on Linux, or a path in a zip of Windows'
            tidy = tidy.replace("\\", "/")
            found[tidy.rpartition("/")[2]].append((tidy, number))
    return found


def _place(path: Path, row: Row, places: dict[str, list[tuple[str, int]]]) -> int | None:
    """The number of the picture that a row's file is; None if it is none."""
    file = row.file.replace("\\", "/")
    while file.startswith("./"):
        file = file[2:]
    candidates = places.get(file.rpartition("/")[2], [])
    exact = [number for name, number in candidates if name == file]
    if exact:
        return exact[0]
    fitting = {
        number
        for name, number in candidates
        if name.endswith(f"/{file}") or file.endswith(f"/{name}")
    }
    if len(fitting) > 1:
        two = [name for name, number in candidates if number in fitting][:2]
        wanted = "a file whose path names one picture"
        _fail(path, row.line, wanted, f"{row.file}, which is {' and '.join(two)}")
    return min(fitting, default=None)


def _show(row: Row) -> str:
    return row.file if len(row.file) < 100 else f"{row.file[:100]}..."
