"""A run's folder: made for a new run, or taken up again, with what changes when it is resumed."""

from __future__ import annotations

import csv
import dataclasses
import io
import os
import shlex
import shutil
from pathlib import Path
from typing import Any

from rich.console import Console

from dcgan.config import Config, of_run
from dcgan.data import faces, labels
from gan_core import checks, files
from gan_core.app.command_line import say
from gan_core.runs import checkpoint
from gan_core.runs.run_folder import RunFolder
from gan_core.trainer import GANTrainer

RATES = (
    "d_learning_rate",
    "g_learning_rate",
    "gamma",
    "gamma_fake",
)  # options of learning that a resumed run may change
REMEMBERED = ("epochs", "fall", *RATES)  # what the next resumption finds as it was last
MAY_CHANGE = (
    *REMEMBERED,
    "data",  # its checksum may not change
    "cache",
    "resume",
    "from_best",
    "run",
    "preset",
    "mode",  # these decide no number
    "convolution",
    "tensorboard",
    "strategy",  # on which devices
    "synchronised",
    "history",
    "labels",  # the factors and the checksum of the labels may not change
)
OF_READING = ("size", "not_square", "background", "colours")  # options that change every picture
CHECKSUM = "checksum of the faces"
FACTORS = "factors"  # a field of config.json: what the labels are, by name
CHECKSUM_OF_LABELS = "checksum of the labels"


def create_or_resume(
    config: Config, data: faces.Faces, labelled: labels.Labelled | None = None
) -> RunFolder:
    """A new run folder, or the one to resume, which must have this config and these faces.

    Args:
        config: the run's config.
        data: its faces.
        labelled: their labels; None: they have none.

    Raises:
        ValueError: if the folder cannot be made, or is of another config, judge, faces or labels.
    """
    fields = {
        **dataclasses.asdict(config),
        "faces": len(data.images),
        CHECKSUM: data.checksum(),
        "history": [],
    }
    if labelled is not None:
        fields[FACTORS] = labelled.labels.identity()
        fields[CHECKSUM_OF_LABELS] = labelled.checksum()
    path = config.resume or config.run or _first_free()
    options = {"resume_command": f"python -m dcgan train --resume {shlex.quote(str(path))}"}
    if config.resume is None:
        with checks.renamed("RunFolder.create:", "Config: run"):
            return RunFolder.create(path, fields, **options)
    there = RunFolder.resume(path).config
    of_run(path)  # reports a config that was edited wrongly in one line
    if there["judge"] != config.judge:
        checks.fail(
            "dcgan train",
            "judge",
            f"{there['judge']}, by which this run's best epoch was chosen",
            config.judge,
            "Figures of two judges cannot be compared. For the other judge, a new run: "
            f"python -m dcgan train --start-from {shlex.quote(str(path))} --judge {config.judge}",
        )
    try:
        with checks.renamed("RunFolder.resume:", "Config: resume"):
            run = RunFolder.resume(path, fields, may_change=MAY_CHANGE, **options)
    except ValueError as error:
        read_otherwise = any(there[name] != fields[name] for name in OF_READING)
        if read_otherwise or there.get(CHECKSUM) == fields[CHECKSUM]:
            raise
        words = str(error).rstrip(". ")
        raise ValueError(
            f"{words}. For other faces, a new run that starts from this one's networks: "
            f"python -m dcgan train --start-from {shlex.quote(str(path))} --data FACES"
        ) from None
    run.config = there  # with its history, and the rates that it had
    return run


def has_faces(path: str | os.PathLike[str], checksum: str) -> bool:
    """Whether a run was trained on these faces.

    Args:
        path: the run's folder.
        checksum: `faces.checksum` of all of them, held-out ones too.
    """
    return RunFolder.resume(path).config.get(CHECKSUM) == checksum


def _first_free() -> Path:
    """The first of runs/dcgan-1, runs/dcgan-2, ... that does not exist.

    It is made at once, so that another training does not choose it too.
    """
    for i in range(1, 10**6):
        path = Path(f"runs/dcgan-{i}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError:  # `RunFolder.create` reports it better
            pass
        return path


def remember(run: RunFolder, config: Config, console: Console) -> None:
    """Write changed options to config.json, and the changes to its `history`."""
    new = {name: getattr(config, name) for name in REMEMBERED}
    changed = {name: [run.config.get(name), new[name]] for name in _of_learning(run, config)}
    changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
    history = list(run.config.get("history", []))
    if changed or config.from_best:
        event: dict[str, Any] = {"round": run.step(), **changed}
        if config.from_best:
            event["from"] = "best.npz"
        history.append(event)
    data = None if config.data is None else str(config.data)
    cache = None if config.cache is None else str(config.cache)
    run.remember(**new, data=data, cache=cache, labels=config.labels, history=history)
    if changed:
        words = [f"{name} was {old} and is now {now}" for name, (old, now) in changed.items()]
        say(f"From round {run.step():,} on: {'; '.join(words)} (see config.json).", console)


def _of_learning(run: RunFolder, config: Config) -> list[str]:
    """The options that decide the learning rates and penalties of the rounds to come."""
    falls = bool(config.fall or run.config.get("fall"))
    return [*RATES, "fall", *(["epochs"] if falls else [])]  # the rates fall to the last epoch


def back_to_best(run: RunFolder, console: Console) -> None:
    """Make the best epoch the newest checkpoint, and delete those after it."""
    best = run.checkpoints / "best.npz"
    if not best.exists():
        checks.fail(
            "dcgan train",
            "from_best",
            f"of a run that has a {best}",
            "none",
            "It is written after the first epoch.",
        )
    step = int(checkpoint.read_note(best)["step"])
    later = [file for file in run.checkpoints.glob("step_*.npz") if _round_of(file) > step]

    def copy(file) -> None:
        with open(best, "rb") as source:
            shutil.copyfileobj(source, file)

    files.write_atomically(run.checkpoints / f"step_{step:08d}.npz", copy)
    for file in sorted(later):
        file.unlink()
    say(f"Back at the best epoch, round {step:,}.", console)


def _round_of(file: Path) -> int:
    number = file.stem.removeprefix("step_")
    return int(number) if number.isdigit() else -1


def keep_the_log_of_other_columns(run: RunFolder, trainer: GANTrainer) -> None:
    """Start a new log.csv if a new or removed penalty changes its columns; keep the old one too."""
    names = ["step", *trainer.row_names]
    if not run.log_file.exists():
        return
    with open(run.log_file, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if set(reader.fieldnames or names) ^ set(names) != {"penalty"}:
            return
        rows = list(reader)
    old = run.log_file.with_name(f"log_until_round_{run.step()}.csv")
    files.write_atomically(old, lambda file: file.write(run.log_file.read_bytes()))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="nan", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    files.text_atomically(run.log_file, text.getvalue())
