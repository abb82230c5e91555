"""Read and check a list of ids completely, without repetitions, in constant memory."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from gan_core import checks

LONGEST_ID = 1000  # characters


def read_ids(file) -> Iterator[str]:
    """Read the ids in a UTF-8 text file, one a line.

    White space around an id and blank lines are ignored.

    Args:
        file: its path; "-" is standard input.

    Raises:
        ValueError: if a line is not a valid id; the message has the line's number.
    """
    try:
        with contextlib.ExitStack() as stack:
            if str(file) == "-":
                if sys.stdin is None:
                    raise OSError("standard input is closed")
                binary = sys.stdin.buffer
            else:
                binary = stack.enter_context(open(file, "rb"))
            lines = io.TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape")
            stack.callback(lines.detach)  # standard input is not ours to close
            for number in itertools.count(1):
                line = lines.readline(LONGEST_ID + 2)
                if not line:
                    return
                one = _checked(line, f"line {number} of {file}")
                if one:
                    yield one
    except OSError as error:
        raise ValueError(
            f"ids: {file} cannot be read: {error.strerror or error}. Give a text file with an id a "
            "line, or - for standard input."
        ) from error


def _checked(line: str, where: str) -> str:
    """The id of a line, without white space around it."""
    for place, character in enumerate(line, start=1):
        if "\udc80" <= character <= "\udcff":  # what surrogateescape makes of a byte
            came = f"the byte 0x{ord(character) - 0xDC00:02x} as character {place}"
            checks.fail("ids", where, "UTF-8 text", came, "Save the file as UTF-8.")
    if len(line.rstrip("\n")) > LONGEST_ID:
        wanted = f"an id of at most {LONGEST_ID:,} characters"
        checks.fail("ids", where, wanted, "a longer one")
    return line.strip()


class Ids:
    """The different ids of a list, in the order of their first occurrence.

    The whole list is read and checked when this object is made, so that no error can come later.
    The ids are kept in a temporary database on the disk.

        with Ids(read_ids("ids.txt")) as ids:
            for one in ids: ...

    Args:
        ids: any iterable of texts; they may be repeated.
        folder: where the database is, on a disk with room for about twice the list; None: the
            system's folder for temporary files.

    Raises:
        ValueError: if the list is a single text, has no ids, or the disk has no room.
    """

    def __init__(self, ids: Iterable[str], folder: str | os.PathLike | None = None):
        if isinstance(ids, str | bytes):
            checks.fail("ids", "the list of ids", "a list of texts", f"the single {ids!r}")
        self._stack = contextlib.ExitStack()
        self._folder = "the folder for temporary files" if folder is None else os.fspath(folder)
        self.lines = 0
        """how many ids came, repeated ones too"""
        digest = hashlib.blake2b(digest_size=16)
        try:
            self._database = self._opened(folder)
            for one in ids:
                self.lines += 1
                if self._put(one):
                    digest.update(one.encode() + b"\n")
            self.count = self._database.execute("SELECT count(*) FROM ids").fetchone()[0]
            """how many different ids there are"""
            if not self.count:
                checks.fail("ids", "the list of ids", "at least one id", "none")
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise self._lost(error) from error
        except BaseException:
            self.close()
            raise
        self.digest = digest.hexdigest()
        """of all of them and their order"""

    def _opened(self, folder) -> sqlite3.Connection:
        place = tempfile.mkdtemp(prefix=".ids-", dir=folder)
        self._stack.callback(shutil.rmtree, place, ignore_errors=True)
        # One thread reads it at a time, but not always the one that filled it.
        database = sqlite3.connect(Path(place) / "ids", check_same_thread=False)
        self._stack.callback(database.close)
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("CREATE TABLE ids (number INTEGER PRIMARY KEY, id TEXT UNIQUE)")
        # A file without a name ends with the process, however that ends. (Not on Windows.)
        shutil.rmtree(place, ignore_errors=True)
        return database

    def _lost(self, error: Exception) -> ValueError:
        reason = " ".join(str(error).split())
        return ValueError(
            f"ids: the list cannot be kept in {self._folder} meanwhile: {reason}. Make room there."
        )

    def _put(self, one: str) -> bool:
        """-> whether it is new."""
        if not isinstance(one, str):
            checks.fail("ids", f"id number {self.lines}", "a text", repr(one))
        try:
            done = self._database.execute("INSERT OR IGNORE INTO ids (id) VALUES (?)", [one])
        except UnicodeEncodeError:
            checks.fail("ids", f"id number {self.lines}", "a text that has a UTF-8", repr(one))
        return done.rowcount > 0

    @property
    def repeated(self) -> int:
        """How many lines held an id that came before."""
        return self.lines - self.count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[str]:
        return self.between(0, self.count)

    def between(self, first: int, end: int) -> Iterator[str]:
        """Ids number first, ..., end - 1, from 0 on."""
        command = "SELECT id FROM ids ORDER BY number LIMIT ? OFFSET ?"
        try:
            for (one,) in self._database.execute(command, [end - first, first]):
                yield one
        except sqlite3.Error as error:
            raise self._lost(error) from error

    def alike(self) -> Iterator[str]:
        """The ids that differ from another one by capitals alone, such as Bob and bob."""
        command = (
            "SELECT id FROM ids WHERE lower(id) IN "
            "(SELECT lower(id) FROM ids GROUP BY lower(id) HAVING count(*) > 1) ORDER BY number"
        )
        try:
            for (one,) in self._database.execute(command):
                yield one
        except sqlite3.Error as error:
            raise self._lost(error) from error

    def part(self, part: int, parts: int) -> tuple[int, int]:
        """Where the part-th of `parts` shares begins and ends: for `between`.

        The shares are contiguous and, one after the other, are all ids.

        Args:
            part: from 1 on.
            parts: how many there are.

        Raises:
            ValueError: if there are fewer ids than parts.
        """
        if self.count < parts:
            wanted = f"one of at most {self.count:,}, as many as there are different ids"
            checks.fail("generate", "part", wanted, f"{part}/{parts}")
        return self.count * (part - 1) // parts, self.count * part // parts

    def close(self) -> None:
        """Remove the database."""
        self._stack.close()

    def __enter__(self) -> Ids:
        return self

    def __exit__(self, *_) -> None:
        self.close()
