"""The content of a run folder as plain data; it can be read repeatedly while the run trains.

Nothing here writes, locks or imports TensorFlow. The files may change at any moment. Each is read
completely and closed before it is parsed, so that the training can replace it (Windows does not
allow that for an open file). A file is read again only if its time, size or number on the disk has
changed. A file that is only partly written is reported in `RunData.problems`, and its last complete
content is kept.

    reader = RunReader("runs/dcgan-1")
    data = reader.read()            # as often as you like
    data.epochs["combined"]         # a column of epochs.csv
"""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dcgan.measures.names import column
from gan_core import checks

Columns = dict[str, np.ndarray]

MOST_BYTES = 200_000_000  # of one file; a table of a million rows has some 80 MB
PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_END = b"IEND\xaeB`\x82"
UNREADABLE = (  # what the parsers below, and those of Python, raise
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    csv.Error,
)
FOLLOWED = ("config.json", "log.csv", "epochs.csv", "judge.json")
SHEET = re.compile(r"epoch_(\d{1,9})\.png")
CHECKPOINT = re.compile(r"step_(\d{8,18})\.npz")
LOOKS = 5  # at a folder whose files are replaced meanwhile


@dataclasses.dataclass(frozen=True)
class RunData:
    """A run folder at one moment."""

    name: str
    """the folder, as the command line names it"""
    config: dict[str, Any]
    """config.json"""
    log: Columns
    """log.csv: `step` and each column as float64 [rows]; {} before the first row"""
    epochs: Columns
    """epochs.csv likewise, a row an epoch"""
    floor: dict[str, float]
    """column of epochs.csv -> the value of as many real faces, as far as it is known"""
    sheets: dict[int, int]
    """epoch -> version of its sheet of fixed noise: another number once the file is another"""
    checkpoint: int | None
    """round of the newest checkpoint; None: there is none"""
    exported: bool
    """whether the generator was written, as a training does at its end"""
    changed: float | None
    """when anything of it changed last, seconds since 1970; None: the folder is gone"""
    problems: tuple[str, ...]
    """what could not be read at this moment, a sentence each"""


class Stamp(NamedTuple):
    """What differs as soon as a file is another."""

    time: int
    """of the last change, in nanoseconds"""
    size: int
    number: int
    """of the file on its disk: a file that takes another's place has a new one"""


class RunReader:
    """Follows one run folder.

    Args:
        path: the folder.

    Raises:
        ValueError: if it is no run folder, or its config.json cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._kept: dict[str, tuple[Stamp, Any]] = {}
        file = self.path / "config.json"
        try:
            config = _config(_whole(file))
        except (FileNotFoundError, NotADirectoryError):
            what = "has no config.json" if self.path.exists() else "does not exist"
            came = f"{self.path}, which {what}"
            checks.fail("watch", "RUN", "folders of runs, such as runs/dcgan-1", came)
        except UNREADABLE as error:
            wanted = "runs whose config.json can be read"
            checks.fail("watch", "RUN", wanted, f"{self.path} ({_first_line(error)})")
        self._kept["config.json"] = (_stamp(file) or Stamp(0, 0, 0), config)

    def read(self) -> RunData:
        """What is there now. Never raises."""
        problems: list[str] = []
        if not self.path.is_dir():
            problems.append("The folder is gone.")
        sheets = _numbered(self.path / "samples", SHEET)
        checkpoints = _numbered(self.path / "checkpoints", CHECKPOINT)
        config = self._part("config.json", _config, {}, problems)
        return RunData(
            name=str(self.path),
            config=config,
            log=self._part("log.csv", table, {}, problems),
            epochs=self._part("epochs.csv", table, {}, problems),
            floor=self._part("judge.json", _floor, {}, problems),
            sheets={epoch: stamp.time for epoch, stamp in sheets.items()},
            checkpoint=max(checkpoints, default=None),
            exported=(self.path / "generator" / "saved_model.pb").exists(),
            changed=self._changed(sheets, checkpoints),
            problems=tuple(problems),
        )

    def sheet(self, epoch: int) -> bytes | None:
        """The PNG of an epoch's sheet; None: it is not there, or not whole.

        Args:
            epoch: one of `RunData.sheets`; the file is found by this number alone.
        """
        for name, number in _names(self.path / "samples", SHEET):
            if number == epoch:
                try:
                    content = _whole(self.path / "samples" / name)
                except (OSError, ValueError):
                    return None
                whole = content.startswith(PNG_START) and content.endswith(PNG_END)
                return content if whole else None
        return None

    def _part(
        self, name: str, parse: Callable[[bytes], Any], empty: Any, problems: list[str]
    ) -> Any:
        """What `parse` makes of a file; what it made before, while it makes nothing of it now."""
        file = self.path / name
        stamp = _stamp(file)  # before it is read: of what comes between, the next look knows
        kept_stamp, kept = self._kept.get(name, (None, empty))
        if stamp is None:
            return kept if name == "config.json" else empty
        if stamp == kept_stamp:
            return kept
        try:
            value = parse(_whole(file))
        except UNREADABLE as error:
            problems.append(f"{name} cannot be read at the moment ({_first_line(error)}).")
            return kept
        self._kept[name] = (stamp, value)
        return value

    def _changed(self, *files: dict[int, Stamp]) -> float | None:
        """When the youngest file was written, in seconds."""
        times = [stamp.time for found in files for stamp in found.values()]
        for name in FOLLOWED:
            stamp = _stamp(self.path / name)
            if stamp is not None:
                times.append(stamp.time)
        return max(times) / 1e9 if times else None


def table(content: bytes) -> Columns:
    """The columns of a CSV file that may end in half a row.

    A row counts if its line is ended and all its cells are numbers, as many as the header names.

    Args:
        content: the content of the file.

    Returns:
        Each name an array [rows] of float64; {} where no header is whole.
    """
    lines = content.decode("utf-8", errors="replace").splitlines(keepends=True)
    whole = [line.rstrip("\r\n") for line in lines if line.endswith("\n")]
    if not whole:
        return {}
    header = next(csv.reader(whole[:1]))
    rows = [_numbers(line.split(","), len(header)) for line in whole[1:]]
    numbers = [row for row in rows if row is not None]
    columns = np.array(numbers, np.float64).reshape(len(numbers), len(header))
    return {name: columns[:, i] for i, name in enumerate(header)}


def _numbers(cells: list[str], count: int) -> list[float] | None:
    if len(cells) != count:
        return None
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        return None


def _config(content: bytes) -> dict[str, Any]:
    fields = json.loads(content)
    if not isinstance(fields, dict):
        raise ValueError("it is not a JSON object")
    return fields


def _floor(content: bytes) -> dict[str, float]:
    """judge.json: the floor of each measure."""
    return {column(str(name)): float(value) for name, value in _config(content)["floor"].items()}


def _whole(file: Path) -> bytes:
    if file.stat().st_size > MOST_BYTES:
        raise ValueError(f"{file.name} has more than {MOST_BYTES:,} bytes")
    return file.read_bytes()


def _stamp(file: Path) -> Stamp | None:
    try:
        about = file.stat()
    except OSError:
        return None
    return Stamp(about.st_mtime_ns, about.st_size, about.st_ino)


def _names(folder: Path, pattern: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    """The files of a folder whose whole name has the pattern, and the number in it."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in sorted(names):
        found = pattern.fullmatch(name)
        if found is not None:
            yield name, int(found[1])


def _numbered(folder: Path, pattern: re.Pattern[str]) -> dict[int, Stamp]:
    """The number of each such file -> its stamp, in ascending order.

    If all that the folder named were replaced by newer files before they were looked at, it is read
    again.
    """
    for _ in range(LOOKS):
        named = list(_names(folder, pattern))
        found = {}
        for name, number in named:
            stamp = _stamp(folder / name)
            if stamp is not None:  # it may have been removed meanwhile
                found[number] = stamp
        if found or not named:
            break
    return dict(sorted(found.items()))


def _first_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
