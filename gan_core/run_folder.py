"""A folder that holds all of a training run, and from which it can go on.

    config.json     what was asked for
    log.csv         a row every so many rounds
    samples/        what hooks draw
    checkpoints/    step_00001000.npz ...: the last few, and best.npz
    generator/      the finished generator (gan_core.export)
"""

import csv
import dataclasses
import io
import json
import re
from pathlib import Path

from gan_core import checkpoint, checks


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

    @classmethod
    def create(cls, path, config=None, **options) -> "RunFolder":
        """A new run. config: a dataclass or a dict of plain values. Refuses a folder with anything in it."""
        run = cls(path, _plain(config), **options)
        try:
            run.path.mkdir(parents=True, exist_ok=True)
            if any(run.path.iterdir()):
                raise ValueError(f"RunFolder.create: {path} is not empty. Resume the run that is there, or choose "
                                 "another folder; nothing was overwritten.")
            run.checkpoints.mkdir()
            run.samples.mkdir()
        except OSError as error:
            raise ValueError(f"RunFolder.create: {path} cannot be made: {error.strerror or error}.") from error
        text = json.dumps(run.config, indent=2) + "\n"
        checkpoint.write_atomically(run.path / "config.json", lambda file: file.write(text.encode()))
        return run

    @classmethod
    def resume(cls, path, config=None, *, may_change=(), **options) -> "RunFolder":
        """The run that is there. If a config is given it must be the run's, but for the fields in may_change."""
        file = Path(path) / "config.json"
        try:
            there = json.loads(file.read_text())
        except FileNotFoundError:
            raise ValueError(f"RunFolder.resume: {path} is not a run folder (it has no config.json).") from None
        except (OSError, ValueError) as error:
            raise ValueError(f"RunFolder.resume: {file} cannot be read: {error}.") from error
        here = there if config is None else _plain(config)
        changed = [f"{key} was {there.get(key)!r} and is now {here.get(key)!r}"
                   for key in {**there, **here} if key not in may_change and there.get(key) != here.get(key)]
        if changed:
            raise ValueError(f"RunFolder.resume: {path} was started with another config: {'; '.join(changed)}. "
                             "Take the old values, or start a new run in another folder; nothing was changed.")
        return cls(path, here, **options)

    def latest(self) -> Path | None:
        """The newest checkpoint, or None."""
        files = self._steps()
        return files[-1] if files else None

    def step(self) -> int:
        """The step of the newest checkpoint; 0 if there is none."""
        file = self.latest()
        return 0 if file is None else int(file.stem.removeprefix("step_"))

    def restore(self, state) -> int:
        """Bring the variables to the newest checkpoint, and the log with them. -> the step (0: there was none).

        Rows of the log that lie after the checkpoint belong to rounds that will be played again:
        they are taken out, so that the log, too, ends as an uninterrupted run's would.
        """
        file = self.latest()
        if file is not None:
            checkpoint.restore(file, state)
        self._trim_log(self.step())
        return self.step()

    def save(self, state, step: int) -> None:
        """Write the checkpoint of this step; then remove the oldest beyond `keep`."""
        self.checkpoints.mkdir(exist_ok=True)
        checkpoint.save(self.checkpoints / f"step_{step:08d}.npz", state, {"step": step})
        for old in self._steps()[:-self.keep]:
            old.unlink(missing_ok=True)

    def save_best(self, state, step: int, value: float) -> bool:
        """Write best.npz if `value` (smaller is better) is the best so far. -> whether it was."""
        file = self.checkpoints / "best.npz"
        if file.exists() and checkpoint.read(file)[1]["value"] <= value:
            return False
        checkpoint.save(file, state, {"step": step, "value": value})
        return True

    def log(self, row: dict) -> None:
        """Append one row to log.csv, at once on the disk's side of this process."""
        try:
            with open(self.log_file, "a", newline="") as file:
                writer = csv.writer(file)
                if file.tell() == 0:
                    writer.writerow(row)
                writer.writerow(row.values())
        except OSError as error:
            raise checkpoint.CheckpointError(
                f"{self.log_file} cannot be written: {error.strerror or error}. Make room and resume: "
                f"{self.resume_command}.") from error

    def _steps(self) -> list[Path]:
        return sorted(p for p in self.checkpoints.glob("step_*.npz") if re.fullmatch(r"step_\d{8,}", p.stem))

    def _trim_log(self, step: int) -> None:
        if not self.log_file.exists():
            return
        with open(self.log_file, newline="") as file:
            lines = file.read().splitlines(keepends=True)
        whole = [line for line in lines if line.endswith("\n")]  # a killed process may leave half a row
        rows = list(csv.reader(io.StringIO("".join(whole))))
        kept = [line for line, row in zip(whole, rows, strict=True) if not row[0].isdigit() or int(row[0]) <= step]
        if kept != lines:
            checkpoint.write_atomically(self.log_file, lambda file: file.write("".join(kept).encode()))


def _plain(config) -> dict:
    """A config as JSON would give it back (tuples become lists), so that the two can be compared."""
    if dataclasses.is_dataclass(config):
        config = dataclasses.asdict(config)
    return json.loads(json.dumps(config or {}, default=str))
