"""A folder that holds all of a training run, and from which it can go on.

config.json     what was asked for
log.csv         a row every so many rounds
samples/        what hooks draw
checkpoints/    step_00001000.npz ...: the last few, and best.npz
generator/      the finished generator (gan_core.runs.export)
.lock           held by the process that trains, while it does
"""

import contextlib
import csv
import dataclasses
import json
import math
import os
import re
from pathlib import Path

import filelock
import numpy as np

from gan_core import checks
from gan_core.runs import checkpoint


class RunFolder:
    """One run on disk. Make a new one with `create`, go on with `resume`.

    keep: how many of the last checkpoints to keep.
    resume_command: what a stopped run tells its user to type to go on.
    """

    def __init__(self, path, config: dict, keep: int = 3, resume_command: str | None = None):
        self.path, self.config = Path(path), config
        self.keep = checks.integer("RunFolder", "keep", keep, 1)
        self.resume_command = resume_command or f"open it with RunFolder.resume({str(path)!r})"
        self.checkpoints, self.samples = self.path / "checkpoints", self.path / "samples"
        self.generator, self.log_file = self.path / "generator", self.path / "log.csv"
        self._lock = filelock.FileLock(self.path / ".lock", timeout=0, fallback_to_soft=False)

    @classmethod
    def create(cls, path, config=None, **options) -> "RunFolder":
        """A new run. config: a dataclass or a dict of plain values. Refuses a folder with anything in it."""
        run = cls(path, _plain(config), **options)
        try:
            run.path.mkdir(parents=True, exist_ok=True)
            if not _is_blank(run.path):
                raise ValueError(
                    f"RunFolder.create: {path} is not empty. Resume the run that is there, or choose "
                    "another folder; nothing was overwritten."
                )
            run.checkpoints.mkdir(exist_ok=True)
            run.samples.mkdir(exist_ok=True)
        except OSError as error:
            raise ValueError(
                f"RunFolder.create: {path} cannot be made: {error.strerror or error}. Choose another "
                "folder; nothing was overwritten."
            ) from error
        run._write_config(run.config)  # last: a folder that has one is a run folder, whole
        return run

    @classmethod
    def resume(cls, path, config=None, *, may_change=(), **options) -> "RunFolder":
        """The run that is there. If a config is given it must be the run's, but for the fields in may_change."""
        file = Path(path) / "config.json"
        try:
            there = json.loads(file.read_text(encoding="utf-8"))
            if not isinstance(there, dict):
                raise ValueError("it holds no fields")
        except (FileNotFoundError, NotADirectoryError):
            raise ValueError(
                f"RunFolder.resume: {path} is not a run folder: it has no config.json. Give the folder "
                "of a run, or start a new run there."
            ) from None
        except (OSError, ValueError) as error:
            raise ValueError(
                f"RunFolder.resume: {file} cannot be read: {error}. Put back the config the run was "
                "started with; nothing was changed."
            ) from error
        here = there if config is None else _plain(config)
        changed = [
            f"{key} was {_show(there, key)} and is now {_show(here, key)}"
            for key in {**there, **here}
            if key not in may_change and _show(there, key) != _show(here, key)
        ]
        if changed:
            raise ValueError(
                f"RunFolder.resume: {path} was started with another config: {'; '.join(changed)}. "
                "Take the old values, or start a new run in another folder; nothing was changed."
            )
        return cls(path, here, **options)

    @contextlib.contextmanager
    def held(self):
        """With run.held(): nobody else trains in this folder. ValueError if someone does already.

        Ends with the process, however that ends; the file .lock stays, and means nothing by itself. This
        object may hold it twice (in one thread). Where the file system knows no locks there is none.
        """
        with contextlib.ExitStack() as stack:
            try:
                if self.path.is_dir():  # a lock would make it
                    stack.enter_context(self._lock)
            except filelock.Timeout:
                raise ValueError(
                    f"RunFolder.held: another process, or another RunFolder of this one, trains in "
                    f"{self.path}. Wait for its end, or stop it with Ctrl-C; nothing was changed."
                ) from None
            except (OSError, NotImplementedError):
                pass
            yield

    def remember(self, **changes) -> None:
        """Put these fields into config.json, so that whoever resumes the run next finds them there."""
        there = json.loads((self.path / "config.json").read_text(encoding="utf-8"))
        changes = _plain(changes)
        if {**there, **changes} != there:
            self._write_config({**there, **changes})

    def _write_config(self, fields) -> None:
        text = json.dumps(fields, indent=2) + "\n"
        checkpoint.write_atomically(
            self.path / "config.json", lambda file: file.write(text.encode())
        )

    def latest(self) -> Path | None:
        """The newest checkpoint, or None."""
        files = self._steps()
        return files[-1] if files else None

    def step(self) -> int:
        """The step of the newest checkpoint; 0 if there is none."""
        file = self.latest()
        return 0 if file is None else _step_of(file)

    def restore(self, state, log_too: bool = True) -> int:
        """Bring the variables to the newest checkpoint, and the log with them. -> the step (0: there was none).

        Rows of the log that lie after the checkpoint belong to rounds that will be played again:
        they are taken out, so that the log, too, ends as an uninterrupted run's would. (log_too=False
        leaves the log alone: of several processes that read a run, one may write it.)
        """
        if not self.path.is_dir():
            raise ValueError(
                f"RunFolder.restore: {self.path} is gone. Put it back, or create a new run."
            )
        file, step = self.latest(), self.step()
        if file is not None:
            checkpoint.restore(file, state)
        lines = self._log_lines() if log_too else []
        kept = lines[:1] + [line for line in lines[1:] if _logged_step(line) <= step]
        if log_too and self.log_file.exists() and b"".join(kept) != self.log_file.read_bytes():
            with self._saying_how_to_go_on(self.log_file):
                checkpoint.write_atomically(self.log_file, lambda file: file.write(b"".join(kept)))
        return step

    def save(self, state, step: int) -> None:
        """Write the checkpoint of this step; then remove the oldest beyond `keep`."""
        file = self.checkpoints / f"step_{step:08d}.npz"
        with self._saying_how_to_go_on(file):
            self.checkpoints.mkdir(exist_ok=True)
            for left_by_a_killed_process in self.checkpoints.glob(".*.unfinished"):
                left_by_a_killed_process.unlink(missing_ok=True)
            self._flush_log()
            checkpoint.save(file, state, {"step": int(step)})
            for old in self._steps()[: -self.keep]:
                old.unlink(missing_ok=True)

    def save_best(self, state, step: int, value: float) -> bool:
        """Write best.npz if `value` (smaller is better) is the best so far; NaN never is. -> whether it was."""
        file = self.checkpoints / "best.npz"
        best = checkpoint.read_note(file).get("value", math.inf) if file.exists() else math.inf
        if not value < best:
            return False
        with self._saying_how_to_go_on(file):
            checkpoint.save(file, state, {"step": int(step), "value": float(value)})
        return True

    def log(self, row: dict) -> None:
        """Append one row to log.csv, at once on the disk's side of this process."""
        with self._saying_how_to_go_on(self.log_file), open(self.log_file, "a", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            if file.tell() == 0:
                writer.writerow(row)
            writer.writerow(row.values())

    def rows(self) -> dict[str, np.ndarray]:
        """log.csv as `fit` gives it: the step, int64, and each value, float32, all [rows]. {} before the first row."""
        header, *rows = csv.reader(
            line.decode(errors="replace") for line in self._log_lines() or [b""]
        )
        return {
            name: np.array([row[i] for row in rows], np.int64 if name == "step" else np.float32)
            for i, name in enumerate(header)
        }

    def _steps(self) -> list[Path]:
        files = [
            p for p in self.checkpoints.glob("step_*.npz") if re.fullmatch(r"step_\d{8,}", p.stem)
        ]
        return sorted(files, key=_step_of)

    def _log_lines(self) -> list[bytes]:
        """The header and the rows that are whole: a killed process may leave half a row, a power cut garbage."""
        lines = (
            self.log_file.read_bytes().splitlines(keepends=True) if self.log_file.exists() else []
        )
        whole = [line for line in lines if line.endswith(b"\n")]
        return whole[:1] + [line for line in whole[1:] if _logged_step(line) < math.inf]

    def _flush_log(self) -> None:
        """A power cut must not take rows from before the checkpoint that is about to be written."""
        if self.log_file.exists():
            with open(self.log_file, "ab") as file:
                os.fsync(file.fileno())

    @contextlib.contextmanager
    def _saying_how_to_go_on(self, file):
        try:
            yield
        except (OSError, checkpoint.CheckpointError) as error:
            what = checkpoint.cannot_write(file, error) if isinstance(error, OSError) else error
            raise checkpoint.CheckpointError(
                f"{what} Then go on: {self.resume_command}."
            ) from error


def _is_blank(folder: Path) -> bool:
    """Whether there is nothing in it, or no more than a `create` that was killed, or `rm -r run/*`, can leave."""
    return all(
        entry.name in (".config.json.unfinished", ".lock")
        or (
            entry.name in ("checkpoints", "samples") and entry.is_dir() and not any(entry.iterdir())
        )
        for entry in folder.iterdir()
    )


def _step_of(file: Path) -> int:
    return int(file.stem.removeprefix("step_"))


def _logged_step(line: bytes) -> float:
    first = line.split(b",")[0]
    return int(first) if first.isdigit() else math.inf


def _show(config: dict, key: str) -> str:
    return json.dumps(config[key]) if key in config else "not there"


def _plain(config) -> dict:
    """A config as JSON would give it back (tuples become lists), so that the two can be compared."""
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        config = dataclasses.asdict(config)
    if not isinstance(config, dict | None):
        checks.fail("RunFolder", "config", "a dataclass or a dict", repr(config))
    return {str(key): _plain_value(key, value) for key, value in (config or {}).items()}


def _plain_value(key, value):
    try:
        return json.loads(json.dumps(value, default=_as_json))
    except (TypeError, ValueError):
        checks.fail(
            "RunFolder",
            f"config field {key}",
            "made of numbers, texts, paths, lists and dicts",
            repr(value),
        )


def _as_json(value):
    """What is plain, but not to JSON: paths and NumPy's numbers."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError
