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
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
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
    pictures = _Pictures(names, {row.file for row in table})
    values = []
    numbers = []
    for i in factors:
        named = [row.values[i] for row in table if row.values[i]]
        ordered = sorted(set(named))
        values.append(ordered)
        numbers.append({value: number for number, value in enumerate(ordered)})
    rows = np.full([len(names), len(factors)], WITHOUT, np.int32)
    lines: dict[int, Row] = {}
    unknown = []
    empty = []
    repeated = 0
    for row in table:
        place = _place(path, row, pictures)
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
            table.append(Row(reader.line_num, _with_slashes(cells[0]), tuple(cells[1:])))
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
    """Which of SEPARATORS the first line has most of, outside of quoted names."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub('"[^"]*"', "", first)
    return max(SEPARATORS, key=bare.count)


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


class _Pictures:
    """Finds the pictures that the files of a table name, each without a walk over all of them.

    Args:
        names: of the pictures.
        files: those that the table names.
    """

    def __init__(self, names: Sequence[str], files: set[str]) -> None:
        self._names = names
        self._by_path: dict[str, int] = {}
        self._by_ending: dict[str, list[int]] = {}  # of `files` alone; two pictures are too many
        for number, name in enumerate(names):
            for path in _paths(name):
                self._by_path.setdefault(path, number)
                for ending in _endings(path):
                    if ending in files:
                        found = self._by_ending.setdefault(ending, [])
                        if len(found) < 2 and number not in found:
                            found.append(number)

    def named(self, file: str) -> list[int]:
        """The numbers of the pictures that it may be: none, the one, or two or more.

        It is the one whose path it is; else those whose path ends with it, or that it ends with.
        """
        if file in self._by_path:
            return [self._by_path[file]]
        shorter = [self._by_path[end] for end in _endings(file) if end in self._by_path]
        return sorted({*self._by_ending.get(file, ()), *shorter})

    def path(self, number: int) -> str:
        """What a picture is called in an error."""
        return unicodedata.normalize("NFC", self._names[number])


def _paths(name: str) -> list[str]:
    """The paths by which a table may name a picture."""
    tidy = unicodedata.normalize("NFC", name)
    if "\\" not in tidy:
        return [tidy]
    return [tidy, tidy.replace("\\", "/")]  # a file's own name on Linux, or a path of Windows


def _endings(path: str) -> Iterator[str]:
    """b/c.png and c.png, of a/b/c.png."""
    place = path.find("/")
    while place >= 0:
        yield path[place + 1 :]
        place = path.find("/", place + 1)


def _with_slashes(file: str) -> str:
    """A path of the table, however it was written."""
    file = file.replace("\\", "/")
    while file.startswith("./"):
        file = file[2:]
    return file


def _place(path: Path, row: Row, pictures: _Pictures) -> int | None:
    """The number of the picture that a row's file is; None if it is none."""
    numbers = pictures.named(row.file)
    if len(numbers) > 1:
        two = " and ".join(pictures.path(number) for number in numbers[:2])
        wanted = "a file whose path names one picture"
        _fail(path, row.line, wanted, f"{row.file}, which is {two}")
    return numbers[0] if numbers else None


def _show(row: Row) -> str:
    return row.file if len(row.file) < 100 else f"{row.file[:100]}..."
