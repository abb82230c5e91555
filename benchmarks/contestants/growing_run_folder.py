"""A row of `benchmarks.growth`: the run folder of a training of so many epochs.

Nothing is trained and nothing judged. The files of a training are written with the product's own
`RunFolder` and `Watch`, for a generator and a judge with prepared results.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.measure import devices, rows
from dcgan import training
from dcgan.config import Config
from dcgan.drawn import drawn_faces
from dcgan.epochs import Watch
from dcgan.measures.pixel_judge import PixelJudge
from gan_core.runs.run_folder import RunFolder

FACES = 20_000
"""To learn from: a row of log.csv each ten rounds, and an epoch has as many rounds as they fill."""
ROUNDS_A_ROW = 10
JUDGED = 64
BEST_EVERY = 3
"""Epochs after which there is a better one, which is kept."""
LAST = 10
"""Epochs at the end whose median counts: what an epoch costs when so many are there already."""


class SameFaces:
    """What `Watch` and `RunFolder` ask of a trainer: faces, drawn ones, and its state.

    From one epoch to the next the faces move to the side by a pixel, so that sheets differ.
    """

    def __init__(self, trainer: Any, faces: np.ndarray) -> None:
        self.state = trainer.state
        self.row_names = trainer.row_names
        self.faces = faces.astype(np.float32) / 127.5 - 1.0

    def sample(self, n: int, seed: int = 0, labels: Any = None) -> np.ndarray:
        """The first n faces."""
        return self.faces[:n]

    def move(self) -> None:
        """One pixel to the side."""
        self.faces = np.roll(self.faces, 1, axis=2)


class MeasuredOnce:
    """A judge that measures once and then repeats itself; every third epoch is better."""

    def __init__(self, faces: np.ndarray) -> None:
        judge = PixelJudge(faces, faces, floor={})
        self.real = faces
        self.generated = len(faces)
        self.row = judge.measure(faces)
        self.asked = 0

    def measure(self, fake: np.ndarray) -> dict[str, float]:
        """The same measures again."""
        return self.row

    def combined(self, row: dict[str, float]) -> float:
        """Smaller, which is better, after every third epoch."""
        self.asked += 1
        return 1.0 / (1 + (self.asked - 1) // BEST_EVERY)

    def summary(self, row: dict[str, float]) -> str:
        """Nothing."""
        return ""


def measure(options: dict[str, Any]) -> dict[str, Any]:
    """Bytes of the folder, and the time to write an epoch and the end.

    Args:
        options: value (epochs), device and scratch (a folder that exists).

    Returns:
        `seconds` and `processor_seconds` of writing one epoch, the median of the last ones; of the
        end (curves and GIF) `finish_seconds`; of all that was written the bytes, by kind.
    """
    devices.use(options["device"])
    config = Config()
    trainer = training.build(config)
    faces = drawn_faces.draw(range(JUDGED), size=config.size)
    same = SameFaces(trainer, faces)
    judge = MeasuredOnce(faces)
    run = RunFolder.create(Path(options["scratch"]) / "run", config)
    rounds = FACES // config.batch_size
    images = rounds * config.batch_size
    watch = Watch(run, judge, images, config, Console(file=io.StringIO()))
    before = devices.resident_memory()
    epochs = []
    for epoch in range(1, options["value"] + 1):
        writing = rows.Stopwatch()
        _write_an_epoch(run, watch, same, epoch, rounds)
        epochs.append(writing.seconds())
        same.move()
    finishing = rows.Stopwatch()
    watch.finish()
    finish = finishing.seconds()
    last = epochs[-LAST:]
    memory, memory_of = devices.peak_memory("CPU")
    return {
        **rows.summary([seconds["clock"] for seconds in last]),
        "processor_seconds": float(np.median([seconds["processor"] for seconds in last])),
        "first_call_seconds": epochs[0]["clock"],
        "finish_seconds": finish,
        **bytes_by_kind(run.path),
        "memory_before_bytes": before,
        "memory_bytes": memory,
        "memory_of": memory_of,
        "machine": devices.machine(options["device"]),
    }


def _write_an_epoch(
    run: RunFolder, watch: Watch, trainer: SameFaces, epoch: int, rounds: int
) -> None:
    """What `fit` and its hooks write in an epoch: rows, a checkpoint, a sheet, a row, the best."""
    first = (epoch - 1) * rounds
    last = epoch * rounds
    row = dict.fromkeys(["step", *trainer.row_names], np.float32(0.123456))
    for step in range(first + 1, last + 1):
        if step == last or step % ROUNDS_A_ROW == 0:
            row["step"] = step
            run.log(row)
    run.save(trainer.state(), last)
    watch.look(trainer, row)


def bytes_by_kind(folder: Path) -> dict[str, int]:
    """The bytes of all files, and of checkpoints, sheets and tables among them."""
    kinds = {"checkpoints": 0, "samples": 0, "tables": 0, "other": 0}
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        kind = path.relative_to(folder).parts[0]
        if path.suffix == ".csv":
            kind = "tables"
        if kind not in kinds:
            kind = "other"
        kinds[kind] += path.stat().st_size
    named = {f"{name}_bytes": size for name, size in kinds.items()}
    return {"disk_bytes": sum(kinds.values()), **named}


if __name__ == "__main__":
    rows.main(measure)
