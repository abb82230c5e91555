"""A folder that holds all files of a training run, and from which it can be resumed.

It contains these files and folders:

    config.json     the run's configuration
    log.csv         a row every so many rounds, and one for the last round
    hooks.json      the row of a saved round while its hooks are called; removed after that
    samples/        pictures that hooks draw
    checkpoints/    step_00001000.npz ...: the last few, and best.npz
    generator/      the finished generator (gan_core.nn.export)
    .lock           locked by the process that trains
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import filelock
import numpy as np
import tensorflow as tf

from gan_core import checks, files
from gan_core.runs import checkpoint

State = Mapping[str, tf.Variable]


class RunFolder:
    """One run on disk. Make a new one with `create`, open an old one with `resume`.

    Args:
        path: the folder.
        config: the run's configuration, plain values by name.
        keep: how many of the last checkpoints to keep.
        resume_command: the command that a stopped run shows its user for resuming it.
    Raises:
        ValueError: if keep is not a positive whole number.

    Example:
        >>> import tempfile
        >>> run = RunFolder.create(Path(tempfile.mkdtemp()) / "mine", {"rounds": 100})
        >>> RunFolder.resume(run.path).config
        {'rounds': 100}
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        config: dict[str, Any],
        keep: int = 3,
        resume_command: str | None = None,
    ) -> None:
        self.path = Path(path)
        self.config = config
        self.keep = checks.integer("RunFolder", "keep", keep, 1)
        self.resume_command = resume_command or f"open it with RunFolder.resume({str(path)!r})"
        self.checkpoints = self.path / "checkpoints"
        self.samples = self.path / "samples"
        self.generator = self.path / "generator"
        self.log_file = self.path / "log.csv"
        self.hooks_file = self.path / "hooks.json"
        self._lock = filelock.FileLock(self.path / ".lock", timeout=0, fallback_to_soft=False)

    @classmethod
    def create(cls, path: str | os.PathLike[str], config: Any = None, **options: Any) -> RunFolder:
        """Create a new run.

        Args:
            path: a folder that does not exist or is empty.
            config: a dataclass or a dict of plain values.
            options: keep and resume_command.
        Returns:
            The run.
        Raises:
            ValueError: if the folder is not empty, cannot be made, or is used by another process.
        """
        run = cls(path, _plain(config), **options)
        try:
            run.path.mkdir(parents=True, exist_ok=True)
            _refuse_unless_blank(run.path)  # before there is a lock in it
            with run.held():
                _refuse_unless_blank(run.path)  # another process may have created it meanwhile
                run.checkpoints.mkdir(exist_ok=True)
                run.samples.mkdir(exist_ok=True)
                run._write_config(run.config)  # last: a folder with a config.json is complete
        except OSError as error:
            _refuse_to_make(path, error)
        return run

    @classmethod
    def check_new(cls, path: str | os.PathLike[str]) -> None:
        """Check that `create` can make a run here, as far as can be told without writing.

        A program calls it before hours of work whose result belongs in the folder.

        Args:
            path: the folder of the new run.
        Raises:
            ValueError: if there is a file, or a folder that is not empty or cannot be read. The
                message is that of `create`.
        """
        try:
            _refuse_unless_blank(Path(path))
        except FileNotFoundError:
            pass  # `create` makes it
        except OSError as error:
            _refuse_to_make(path, error)

    @classmethod
    def resume(
        cls,
        path: str | os.PathLike[str],
        config: Any = None,
        *,
        may_change: tuple[str, ...] | list[str] = (),
        **options: Any,
    ) -> RunFolder:
        """Open an existing run.

        Args:
            path: its folder.
            config: a config that must equal the run's; None: no comparison.
            may_change: the names of the fields that may differ.
            options: keep and resume_command.
        Returns:
            The run, with the config given, or with its own if config is None.
        Raises:
            ValueError: if there is no run, or its config cannot be read or differs.
        """
        file = Path(path) / "config.json"
        there = _read_config(file, path)
        here = there if config is None else _plain(config)
        changed = []
        for key in {**there, **here}:
            if key not in may_change and _show(there, key) != _show(here, key):
                changed.append(f"{key} was {_show(there, key)} and is now {_show(here, key)}")
        if changed:
            raise ValueError(
                f"RunFolder.resume: {path} was started with another config: {'; '.join(changed)}. "
                "Take the old values, or start a new run in another folder; nothing was changed."
            )
        return cls(path, here, **options)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Lock the folder within a `with` block, so that no other process trains in it.

        The lock ends with the process, however that ends; the file .lock stays, but is no lock by
        itself. The same object may hold the lock twice (in one thread). On a file system without
        locks nothing is locked.

        Raises:
            ValueError: if another process or object trains in the folder.
        """
        with contextlib.ExitStack() as stack:
            try:
                if self.path.is_dir():  # the lock would create a missing folder
                    stack.enter_context(self._lock)
            except filelock.Timeout:
                raise ValueError(
                    "RunFolder.held: another process, or another RunFolder of this one, trains in "
                    f"{self.path}. Wait for its end, or stop it with Ctrl-C; nothing was changed."
                ) from None
            except (OSError, NotImplementedError):
                pass
            yield

    def remember(self, **changes: Any) -> None:
        """Add or change fields of config.json, so that a resumed run finds them there.

        Args:
            changes: plain values by name.
        Raises:
            ValueError: if config.json cannot be read or written.
        """
        there = _read_config(self.path / "config.json", self.path)
        after = {**there, **_plain(changes)}
        if after != there:
            self._write_config(after)

    def _write_config(self, fields: dict[str, Any]) -> None:
        files.text_atomically(self.path / "config.json", json.dumps(fields, indent=2) + "\n")

    def latest(self) -> Path | None:
        """The newest checkpoint, or None."""
        saved = self._saved()
        return saved[-1] if saved else None

    def step(self) -> int:
        """The step of the newest checkpoint; 0 if there is none."""
        file = self.latest()
        return 0 if file is None else _step_of(file)

    def restore(self, state: State, log_too: bool = True) -> int:
        """Restore the variables from the newest checkpoint, and cut the log to the same step.

        Rows of the log after the checkpoint belong to rounds that will be played again. They are
        removed, so that the log becomes the same as that of an uninterrupted run.

        Args:
            state: the variables by name.
            log_too: whether to cut the log; if several processes read a run, only one may write.
        Returns:
            The step of the checkpoint; 0 if there is none.
        Raises:
            ValueError: if the folder does not exist.
            CheckpointError: if the checkpoint cannot be read, or belongs to another model.
        """
        if not self.path.is_dir():
            raise ValueError(
                f"RunFolder.restore: {self.path} is gone. Put it back, or create a new run."
            )
        file = self.latest()
        step = self.step()
        if file is not None:
            checkpoint.restore(file, state)
        if log_too:
            lines = self._log_lines()
            played = [line for line in lines[1:] if _logged_step(line) <= step]
            self._write_log(lines[:1] + played)
        return step

    def save(self, state: State, step: int) -> None:
        """Write the checkpoint of this step, then remove all but the newest `keep` checkpoints.

        Args:
            state: the variables by name.
            step: how many rounds are played.
        Raises:
            CheckpointError: if it cannot be written; the older checkpoints are untouched.
        """
        file = self.checkpoints / f"step_{step:08d}.npz"
        with self._saying_how_to_resume(file):
            self.checkpoints.mkdir(exist_ok=True)
            files.sweep(self.checkpoints)
            self._flush_log()
            checkpoint.save(file, state, {"step": int(step)})
            for old in self._saved()[: -self.keep]:
                old.unlink(missing_ok=True)

    def save_best(self, state: State, step: int, value: float) -> bool:
        """Write best.npz if `value` is the best so far.

        Args:
            state: the variables by name.
            step: how many rounds are played.
            value: a measure; smaller is better, and NaN is never best.
        Returns:
            Whether it was the best, and was written.
        Raises:
            CheckpointError: if it cannot be written; the older best.npz is untouched.
        """
        file = self.checkpoints / "best.npz"
        best = math.inf
        if file.exists():
            best = checkpoint.read_note(file).get("value", math.inf)
        if not value < best:
            return False
        with self._saying_how_to_resume(file):
            checkpoint.save(file, state, {"step": int(step), "value": float(value)})
        return True

    def log(self, row: Mapping[str, Any]) -> None:
        """Append one row to log.csv, where other processes can read it at once.

        Args:
            row: `step` and the values by name; the first row's names become the header.
        Raises:
            CheckpointError: if it cannot be written.
        """
        with (
            self._saying_how_to_resume(self.log_file),
            open(self.log_file, "a", newline="", encoding="utf-8") as file,
        ):
            writer = csv.writer(file, lineterminator="\n")
            if file.tell() == 0:
                writer.writerow(row)
            writer.writerow(row.values())

    def begin_hooks(self, row: Mapping[str, Any]) -> None:
        """Note a round whose hooks are to be called, before its checkpoint is saved.

        If the process is killed before `end_hooks`, the run that is resumed from this checkpoint
        finds in `unfinished_hooks` what is still to be done.

        Args:
            row: `step` and the round's values by name.
        Raises:
            CheckpointError: the disk refuses.
        """
        numbers = {name: float(value) for name, value in row.items()}
        text = json.dumps({**numbers, "step": int(row["step"])}) + "\n"
        with self._saying_how_to_resume(self.hooks_file):
            files.text_atomically(self.hooks_file, text)

    def unfinished_hooks(self) -> dict[str, Any] | None:
        """The row of a round whose hooks have not all returned; None if there is none."""
        try:
            row = json.loads(self.hooks_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return row if isinstance(row, dict) and "step" in row else None

    def end_hooks(self) -> None:
        """Note that all hooks of the round have returned.

        Raises:
            CheckpointError: the disk refuses.
        """
        with self._saying_how_to_resume(self.hooks_file):
            self.hooks_file.unlink(missing_ok=True)

    def rows(self) -> dict[str, np.ndarray]:
        """Read log.csv, in the form that `fit` returns.

        Returns:
            `step` int64 and each value float32 by name, all [rows]; {} before the first row.
        """
        lines = self._log_lines() or [b""]
        header, *rows = csv.reader(line.decode(errors="replace") for line in lines)
        table = {}
        for i, name in enumerate(header):
            dtype = np.int64 if name == "step" else np.float32
            table[name] = np.array([row[i] for row in rows], dtype)
        return table

    def drop_the_last_row_unless_due(self, log_every: int) -> None:
        """Remove the last row of the log if its step is not a multiple of log_every.

        A run that ends or is stopped writes a row for its last round. An uninterrupted run has no
        such row; without it both logs are the same.

        Args:
            log_every: the number of rounds from one row to the next.
        Raises:
            CheckpointError: if the log cannot be written.
        """
        lines = self._log_lines()
        if len(lines) > 1 and _logged_step(lines[-1]) % log_every:
            self._write_log(lines[:-1])

    def _saved(self) -> list[Path]:
        """The checkpoints in the order of their steps, without best.npz."""
        found = self.checkpoints.glob("step_*.npz")
        return sorted((p for p in found if re.fullmatch(r"step_\d{8,}", p.stem)), key=_step_of)

    def _log_lines(self) -> list[bytes]:
        """The header and the complete rows.

        A killed process may leave half a row; a power cut may leave random bytes.
        """
        if not self.log_file.exists():
            return []
        lines = self.log_file.read_bytes().splitlines(keepends=True)
        whole = [line for line in lines if line.endswith(b"\n")]
        columns = len(_names(whole[0])) if whole else 0
        return whole[:1] + [line for line in whole[1:] if _is_row(line, columns)]

    def _write_log(self, lines: list[bytes]) -> None:
        """Replace the content of log.csv by these lines, if it differs."""
        content = b"".join(lines)
        if not self.log_file.exists() or self.log_file.read_bytes() == content:
            return
        with self._saying_how_to_resume(self.log_file):
            files.write_atomically(self.log_file, lambda file: file.write(content))

    def _flush_log(self) -> None:
        """Flush the log to disk: a power cut must not lose rows from before the next checkpoint."""
        if self.log_file.exists():
            with open(self.log_file, "ab") as file:
                os.fsync(file.fileno())

    @contextlib.contextmanager
    def _saying_how_to_resume(self, file: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            words = f"checkpoint: {files.cannot_write(file, error)}"
            raise self._error(words) from error
        except (files.WriteError, checkpoint.CheckpointError) as error:
            raise self._error(str(error)) from error

    def _error(self, words: str) -> checkpoint.CheckpointError:
        return checkpoint.CheckpointError(f"{words} Then resume: {self.resume_command}.")


def _read_config(file: Path, path: str | os.PathLike[str]) -> dict[str, Any]:
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(fields, dict):
            raise ValueError("it is not a JSON object")
    except (FileNotFoundError, NotADirectoryError):
        raise ValueError(
            f"RunFolder.resume: {path} is not a run folder: it has no config.json. Give the folder "
            "of a run, or start a new run there."
        ) from None
    except (OSError, ValueError) as error:
        raise ValueError(
            f"RunFolder.resume: {file} cannot be read: {error}. Restore the config with which the "
            "run was started; nothing was changed."
        ) from error
    return fields


def _refuse_to_make(path: str | os.PathLike[str], error: OSError) -> NoReturn:
    raise ValueError(
        f"RunFolder.create: {path} cannot be made: {error.strerror or error}. Choose "
        "another folder; nothing was overwritten."
    ) from error


def _refuse_unless_blank(folder: Path) -> None:
    """Refuse a folder with anything but what a killed `create` or `rm -r run/*` leaves."""
    if not all(_is_of_no_account(entry) for entry in folder.iterdir()):
        raise ValueError(
            f"RunFolder.create: {folder} is not empty. Resume the run that it holds, or choose "
            "another folder; nothing was overwritten."
        )


def _is_of_no_account(entry: Path) -> bool:
    if entry.name in ("checkpoints", "samples"):
        return entry.is_dir() and not any(entry.iterdir())
    half_a_config = entry.name.startswith(".config.json.") and entry.suffix == files.UNFINISHED
    return half_a_config or entry.name == ".lock"


def _step_of(file: Path) -> int:
    return int(file.stem.removeprefix("step_"))


def _names(header: bytes) -> list[str]:
    """The names in the first line of the log. A name with a comma stands there in quotes."""
    return next(csv.reader([header.decode(errors="replace")]), [])


def _is_row(line: bytes, columns: int) -> bool:
    """Whether a line of the log is a step and the other numbers of a row."""
    step, *values = line.strip().split(b",")
    if not step.isdigit() or len(values) + 1 != columns:
        return False
    try:
        for value in values:
            float(value)
    except ValueError:
        return False
    return True


def _logged_step(line: bytes) -> int:
    return int(line.split(b",")[0])


def _show(config: dict[str, Any], key: str) -> str:
    return json.dumps(config[key]) if key in config else "not there"


def _plain(config: Any) -> dict[str, Any]:
    """A config as it would be read back from JSON (tuples become lists), for comparisons."""
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        config = dataclasses.asdict(config)
    if not isinstance(config, dict | None):
        checks.fail("RunFolder", "config", "a dataclass or a dict", repr(config))
    return {str(key): _plain_value(key, value) for key, value in (config or {}).items()}


def _plain_value(key: Any, value: Any) -> Any:
    try:
        return json.loads(json.dumps(value, default=_as_json))
    except (TypeError, ValueError):
        checks.fail(
            "RunFolder",
            f"config field {key}",
            "made of numbers, texts, paths, lists and dicts",
            repr(value),
        )


def _as_json(value: Any) -> Any:
    """Convert plain values that JSON does not know: paths and NumPy's numbers."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError
