"""Watching a DCGAN after every epoch of its training.

A sheet of faces from fixed noise, a judge's measures beside held-out faces, curves, a GIF, and a
warning if a run has clearly failed.
"""

from __future__ import annotations

import csv
import io
import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from dcgan.data.labels import LabelSet
from dcgan.data.pixels import to_uint8
from dcgan.figures import sheets
from dcgan.measures.judges import Judge
from dcgan.measures.names import column
from gan_core import files, rng
from gan_core.app.command_line import say
from gan_core.latent import Rows
from gan_core.runs.hooks import every
from gan_core.runs.run_folder import RunFolder

SHOWN = 64  # faces of fixed noise on a sheet
SHOWN_IN_A_ROW = 8
MOST_FRAMES = 120  # of the GIF, which plays for 20 seconds; a longer run shows every k-th epoch
AT_A_TIME = 100  # faces turned into uint8 together, to spare memory

# When a run has clearly failed.
LARGEST_LOSS = 1e6
PATIENCE = 8  # epochs
SAME_DISTANCE = 1e-3  # share by which the distance of such epochs may differ
LITTLE_VARIETY = 0.05


class Watch:
    """Hooks for `fit` that examine the trainer after every epoch; `finish` draws the final figures.

    Args:
        run: the run folder.
        judge: holds the held-out real faces, and measures generated ones.
        images_an_epoch: how many images an epoch trains on.
        config: the run's config.
        console: where one line is printed for each epoch.
        label_set: the labels that G is asked for; `samples/labels.csv` says which label each face
            of a sheet has.
    """

    def __init__(
        self,
        run: RunFolder,
        judge: Judge,
        images_an_epoch: int,
        config,
        console,
        label_set: LabelSet | None = None,
    ):
        self.run = run
        self.judge = judge
        self.images_an_epoch = images_an_epoch
        self.config = config
        self.console = console
        self.events = None
        if config.tensorboard:
            self.events = tf.summary.create_file_writer(str(run.path / "tensorboard"))
        self.table = run.path / "epochs.csv"
        self.clock = time.perf_counter()
        self.step = run.step()
        self.labels_shown = None
        if label_set is not None:
            self.labels_shown = labels_of_sheet(label_set, SHOWN, SHOWN_IN_A_ROW, config.seed)
            _write_labels(run.samples / "labels.csv", label_set, self.labels_shown)
        self.told: str | None = None
        """the last failure that was told"""

    def hooks(self, rounds_an_epoch: int) -> list[every]:
        """The hooks for `fit`."""
        return [every(rounds_an_epoch, self.look)]

    def look(self, trainer, row: dict[str, Any]) -> None:
        """After an epoch: a sheet, the judge's measures, a row of epochs.csv, the best kept.

        Args:
            trainer: the trainer.
            row: the round's row, as `fit` gives it.
        """
        step = row["step"]
        rate = self._images_a_second(step)
        epoch = step * self.config.batch_size // self.images_an_epoch
        shown = trainer.sample(SHOWN, seed=self.config.seed, labels=self.labels_shown)
        sheet = sheets.sheet(to_uint8(shown).numpy())
        sheets.save(sheet, self.run.samples / f"epoch_{epoch:04d}.png")
        fake = self._judged(trainer)
        measures = self.judge.measure(fake)
        combined = self.judge.combined(measures)
        best = self.run.save_best(trainer.state(), step, combined)
        values = {name: value for name, value in row.items() if name != "step"}
        values |= {column(name): value for name, value in measures.items()}
        values["combined"] = combined
        values["variety"] = variety(fake) / max(variety(self.judge.real), 1e-6)
        self._log({"epoch": epoch, "step": step, "images_a_second": rate, **values})
        losses = f"D's loss {row['d_loss']:.2f}  G's {row['g_loss']:.2f}"
        judged = self.judge.summary(measures)
        if best:
            judged += " (best)"
        speed = "" if math.isnan(rate) else f"  {rate:.0f} images a second"
        say(f"epoch {epoch:3d}  {losses}  {_answers(row)}{judged}{speed}", self.console)
        self._tell_a_failure()
        if self.events is not None:
            with self.events.as_default(step=step):
                for name, value in values.items():
                    tf.summary.scalar(name, value)
                tf.summary.image("fixed noise", sheet[np.newaxis])
        self.clock = time.perf_counter()
        self.step = step

    def finish(self) -> bool:
        """Draw the curves and the GIF from the run folder; return whether there was an epoch.

        The GIF has the sheet of every epoch, or of at most MOST_FRAMES at equal distances.
        """
        if not self.table.exists():
            return False
        columns = read_epochs(self.table)
        paths = [self.run.samples / f"epoch_{int(epoch):04d}.png" for epoch in columns["epoch"]]
        whole = [path for path in _spread(paths, MOST_FRAMES) if _opened(path) is not None]
        from dcgan.figures import training_plots  # drawing libraries are slow to import

        if whole:
            sheets.save_gif(_Pictures(whole), self.run.path / "training.gif")
        training_plots.curves(self.run.rows(), columns, self.run.path / "curves.png")
        return True

    def _images_a_second(self, step: int) -> float:
        """The speed since the last epoch; NaN if an earlier process has trained this epoch.

        A run that was stopped within an epoch resumes there; earlier rounds are not counted.
        """
        if step == self.step:
            return math.nan
        images = (step - self.step) * self.config.batch_size
        return images / (time.perf_counter() - self.clock)

    def _judged(self, trainer) -> np.ndarray:
        """Generate as many faces as the judge needs: uint8 [n, S, S, 3]."""
        count = self.judge.generated
        fake = trainer.sample(count, seed=self.config.seed + 1)
        parts = [to_uint8(fake[i : i + AT_A_TIME]).numpy() for i in range(0, count, AT_A_TIME)]
        return np.concatenate(parts)

    def _tell_a_failure(self) -> None:
        """Print a warning if the run has failed, once for each kind of failure."""
        found = failure(read_epochs(self.table))
        if found is not None and found != self.told:
            say(found, self.console)
        self.told = found

    def _log(self, row: dict[str, Any]) -> None:
        """Add a row to epochs.csv; in a resumed run it replaces the rows from this epoch on."""
        earlier = []
        if self.table.exists():
            with open(self.table, newline="", encoding="utf-8") as file:
                earlier = [old for old in csv.DictReader(file) if int(old["step"]) < row["step"]]
        text = io.StringIO()
        # A penalty that was added later has no values in earlier rows.
        options = {"restval": "nan", "extrasaction": "ignore", "lineterminator": "\n"}
        writer = csv.DictWriter(text, list(row), **options)
        writer.writeheader()
        writer.writerows([*earlier, row])
        files.text_atomically(self.table, text.getvalue())


class _Pictures(Sequence):
    """The arrays of picture files, each of which is read when it is asked for."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, i: Any) -> Any:
        return _opened(self._paths[i])


def _spread(paths: list[Path], most: int) -> list[Path]:
    """At most `most` of the paths, the first and the last among them, at equal distances."""
    places = np.linspace(0, len(paths) - 1, min(len(paths), most))
    return [paths[round(place)] for place in places]


def labels_of_sheet(label_set: LabelSet, count: int, columns: int, seed: int) -> np.ndarray:
    """The labels of a sheet: a row for each value, or else a label for each face.

    If there are rows for the values of all factors, a row shows one label: the first rows have the
    values of the first factor in order, then come those of the second, and then the first again.
    The other factors of a row are those of the most common combination with this value. With more
    values every face has a label of its own, drawn with the data's frequencies.

    Args:
        label_set: factors and their combinations.
        count: faces on the sheet.
        columns: faces in a row.
        seed: of the labels that are drawn.

    Returns:
        [count, f] int32.
    """
    if sum(label_set.sizes) > count // columns:
        drawn = Rows(label_set.rows, label_set.counts)
        return drawn(count, rng.seed(seed, "labels of a sheet")).numpy()
    rows = []
    for factor, values in enumerate(label_set.sizes):
        for value in range(values):
            having = np.flatnonzero(label_set.rows[:, factor] == value)
            most = having[np.argmax(label_set.counts[having])]
            rows.append(label_set.rows[most])
    chosen = [rows[i % len(rows)] for i in range(-(-count // columns))]
    return np.repeat(chosen, columns, axis=0)[:count].astype(np.int32)


def _write_labels(file: Path, label_set: LabelSet, labels: np.ndarray) -> None:
    """A line for each face of a sheet, row by row: its number, and the value of each factor."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["face", *label_set.factors])
    for number, label in enumerate(labels):
        lines.writerow([number, *label_set.words(label)])
    files.text_atomically(file, text.getvalue())


def _answers(row: dict[str, Any]) -> str:
    """D's mean output for real and generated faces as words: probabilities, or else logits."""
    if "d_real" in row:
        return f"D(x) {row['d_real']:.2f}  D(G(z)) {row['d_fake']:.2f}  "
    if "d_score_real" in row:
        real = row["d_score_real"]
        fake = row["d_score_fake"]
        return f"D's logits: real {real:.2f}, generated {fake:.2f}  "
    return ""


def variety(images: np.ndarray) -> float:
    """Measure how much faces differ from one another beyond their mean colour.

    Args:
        images: uint8 [n, S, S, C].

    Returns:
        From each face the mean of each channel is subtracted; the result is the mean over pixels of
        the sd over faces, in grey levels. It is 0 if all faces are one picture in different shades.
    """
    values = images[:, ::2, ::2].astype(np.float32)
    values -= values.mean(axis=(1, 2), keepdims=True)
    return float(values.std(axis=0).mean())


def failure(epochs: dict[str, np.ndarray]) -> str | None:
    """Say how a run has clearly failed, and what to do; None if it has not failed.

    Args:
        epochs: the columns of epochs.csv, as `read_epochs` returns them.
    """
    resume = "resume with --from-best and smaller --d-learning-rate and --g-learning-rate"
    for name in ("d_loss", "g_loss"):
        last = epochs[name][-1]
        if not abs(last) <= LARGEST_LOSS:
            return f"This run has diverged: {name} is {last:.3g}. Stop it, and {resume}."
    if len(epochs["step"]) < PATIENCE:
        return None
    latest = epochs["distance_mean"][-PATIENCE:]
    if np.ptp(latest) <= SAME_DISTANCE * np.mean(latest):
        return (
            f"This run makes no progress: the distance is {latest[-1]:.1f} for {PATIENCE} epochs. "
            f"Stop it, and {resume}."
        )
    if (epochs["variety"][-PATIENCE:] < LITTLE_VARIETY).all():
        return (
            f"All generated faces are the same, for {PATIENCE} epochs. Stop it, and {resume}, "
            "or with a larger --gamma."
        )
    return None


def read_epochs(file: str | os.PathLike) -> dict[str, np.ndarray]:
    """Read the columns of epochs.csv.

    Args:
        file: its path.

    Returns:
        A dict from name to float64 [epochs].
    """
    with open(file, newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    columns = {}
    for name in rows[0]:
        columns[name] = np.array([float(row[name]) for row in rows])
    return columns


def _opened(file: Path) -> np.ndarray | None:
    """Read a sheet, uint8 [.., .., 3], or [.., ..] in grey.

    None if it is missing, or incomplete after a power cut.
    """
    try:
        with Image.open(file) as picture:
            return np.asarray(picture)
    except OSError:
        return None
