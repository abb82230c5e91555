"""What is looked at while a DCGAN trains: sheets of fixed noise, a distance to held-aside faces, curves, a GIF."""

import csv
import io
import time

import numpy as np
import tensorflow as tf
from PIL import Image

from dcgan.data.pixels import to_uint8
from dcgan.figures import sheets
from dcgan.measures import distances
from gan_core.runs import checkpoint, files
from gan_core.runs.loop import every
from gan_core.runs.run_folder import RunFolder

SHOWN = 64  # faces of fixed noise on a sheet
JUDGED = 2000  # generated faces, at most, that are held against the held-aside ones
LEAST_JUDGED = 32


class Watch:
    """Hooks for `fit` that look at the trainer after every epoch, and `finish`, which draws the end.

    held_aside: uint8 [M, S, S, 3], real faces that are not learnt from.
    images_an_epoch: how many are.
    """

    def __init__(self, run: RunFolder, held_aside, images_an_epoch: int, config, console):
        self.run, self.held_aside, self.images_an_epoch = run, held_aside[:JUDGED], images_an_epoch
        self.config, self.console = config, console
        self.events = (
            tf.summary.create_file_writer(str(run.path / "tensorboard"))
            if config.tensorboard
            else None
        )
        self.table = run.path / "epochs.csv"
        self.clock, self.step = time.perf_counter(), run.step()

    def hooks(self, rounds_an_epoch: int) -> list[every]:
        return [every(rounds_an_epoch, self.look)]

    def look(self, trainer, row) -> None:
        """After an epoch: a sheet, the distance, a row of epochs.csv, the best kept."""
        # A run that was stopped within an epoch goes on there: what was played before is not counted.
        rate = (
            (row["step"] - self.step) * self.config.batch_size / (time.perf_counter() - self.clock)
        )
        step, epoch = row["step"], row["step"] * self.config.batch_size // self.images_an_epoch
        sheet = self._sheet(trainer)
        sheets.save(sheet, self.run.samples / f"epoch_{epoch:04d}.png")
        fake = trainer.sample(max(len(self.held_aside), LEAST_JUDGED), seed=self.config.seed + 1)
        fake = np.concatenate(
            [to_uint8(fake[i : i + 100]).numpy() for i in range(0, len(fake), 100)]
        )  # to spare memory
        levels = distances.patches_and_whole(self.held_aside, fake, seed=0)
        self._forget_a_best_of_patches_alone()
        best = self.run.save_best(trainer.state(), step, levels["mean"])
        values = {
            "d_loss": row["d_loss"],
            "g_loss": row["g_loss"],
            "d_real": row["d_real"],
            "d_fake": row["d_fake"],
            **{f"distance_{name}": value for name, value in levels.items()},
        }
        self._log({"epoch": epoch, "step": step, "images_a_second": rate, **values})
        self.console.print(
            f"epoch {epoch:3d}  D's loss {row['d_loss']:.2f}  G's {row['g_loss']:.2f}  D(x) {row['d_real']:.2f}  "
            f"D(G(z)) {row['d_fake']:.2f}  distance {levels['mean']:.1f}{' (best)' if best else ''}  "
            f"{rate:.0f} images a second",
            highlight=False,
            soft_wrap=True,
        )
        if self.events is not None:
            with self.events.as_default(step=step):
                for name, value in values.items():
                    tf.summary.scalar(name, value)
                tf.summary.image("fixed noise", sheet[np.newaxis])
        self.clock, self.step = time.perf_counter(), step

    def finish(self) -> bool:
        """Draw the curves and the GIF from what the folder holds. -> whether an epoch was finished at all."""
        files = sorted(self.run.samples.glob("epoch_*.png"))
        frames = [frame for file in files if (frame := _opened(file)) is not None]
        if not frames or not self.table.exists():
            return False
        from dcgan.figures import training_plots  # drawing libraries are slow to import

        sheets.save_gif(frames, self.run.path / "training.gif")
        training_plots.curves(
            self.run.rows(), read_epochs(self.table), self.run.path / "curves.png"
        )
        return True

    def _sheet(self, trainer):
        return sheets.sheet(to_uint8(trainer.sample(SHOWN, seed=self.config.seed)).numpy())

    def _forget_a_best_of_patches_alone(self) -> None:
        """Earlier versions of this package judged epochs by patches alone: smaller numbers, which do not compare."""
        best = self.run.checkpoints / "best.npz"
        step = checkpoint.read_note(best)["step"] if best.exists() else None
        if any(
            int(row["step"]) == step and not row.get("distance_whole") for row in self._earlier()
        ):
            best.unlink()

    def _earlier(self) -> list[dict]:
        if not self.table.exists():
            return []
        with open(self.table, newline="") as file:
            return list(csv.DictReader(file))

    def _log(self, row) -> None:
        """A row of epochs.csv; in a resumed run it takes the place of the rows from there on."""
        earlier = [
            old if old.get("distance_whole") else {**old, "distance_mean": ""}
            for old in self._earlier()
            if int(old["step"]) < row["step"]
        ]
        text = io.StringIO()
        writer = csv.DictWriter(text, list(row), lineterminator="\n")
        writer.writeheader()
        writer.writerows([*earlier, row])
        files.write_atomically(self.table, lambda file: file.write(text.getvalue().encode()))


def _opened(file):
    """A sheet, uint8 [.., .., 3]; None if a power cut has left half of one."""
    try:
        return np.asarray(Image.open(file))
    except OSError:
        return None


def read_epochs(file) -> dict[str, np.ndarray]:
    """The columns of epochs.csv, each [epochs]; nan where an earlier version of this package measured less."""
    with open(file, newline="") as opened:
        rows = list(csv.DictReader(opened))
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in rows[0]}
