"""Faces of a run's newest checkpoint, and the real faces nearest to them.

It runs in a process of its own (`dcgan.watch.worker`), because it imports TensorFlow and computes
for seconds. A checkpoint is copied before it is read: the training may remove it meanwhile.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import shutil
import tempfile
from pathlib import Path

import numpy as np

from dcgan import config as configs
from dcgan import training
from dcgan.data import labels
from dcgan.generation import trained_generator
from dcgan.measures import neighbours
from gan_core import checks
from gan_core.runs import checkpoint

TRIES = 3  # while the training removes the checkpoint that was the newest
ASIDE = 100  # held-aside faces whose nearest neighbours are looked for, to compare with


@dataclasses.dataclass(frozen=True)
class Drawn:
    """Generated faces."""

    step: int
    """the round of their checkpoint"""
    faces: np.ndarray
    """uint8 [n, S, S, 3]"""


@dataclasses.dataclass(frozen=True)
class Neighbours:
    """Generated faces, each with the nearest real face that was learnt from."""

    step: int
    """the round of their checkpoint"""
    faces: np.ndarray
    """uint8 [n, S, S, 3]"""
    nearest: np.ndarray
    """uint8 [n, S, S, 3]"""
    distances: np.ndarray
    """[n], in grey levels of 255"""
    of_held_aside: float
    """the median distance of real faces that are held aside to their nearest ones"""


def draw(folder: str, count: int, seed: int) -> Drawn:
    """Faces of the newest checkpoint.

    Args:
        folder: the run's.
        count: how many.
        seed: of z, and of labels where there are any.

    Raises:
        ValueError: there is no checkpoint yet, or it cannot be read.
    """
    step, arrays = _newest_arrays(Path(folder))
    config = configs.of_run(folder)
    label_set = labels.read(folder)
    network = training.generator_of(config, label_set, arrays)
    generator = trained_generator.of_network(
        network, config.latent_dim, config.size, folder, label_set
    )
    return Drawn(step, generator.sample(count, seed))


def find_neighbours(folder: str, count: int, seed: int) -> Neighbours:
    """The same faces, with their nearest real ones.

    Args:
        folder: the run's.
        count: how many.
        seed: as for `draw`.

    Raises:
        ValueError: as `draw`, or the run's data are not where they were.
    """
    drawn = draw(folder, count, seed)
    learnt, of_held_aside = _real_faces(_identity(configs.of_run(folder)), folder)
    places, distances = neighbours.nearest(drawn.faces, learnt)
    return Neighbours(drawn.step, drawn.faces, learnt[places[:, 0]], distances[:, 0], of_held_aside)


def _identity(config: configs.Config) -> str:
    """What a run's real faces depend on."""
    names = ("data", "cache", "drawn", "size", "seed", "labels")
    return json.dumps({name: str(getattr(config, name)) for name in names})


@functools.lru_cache(maxsize=1)
def _real_faces(identity: str, folder: str) -> tuple[np.ndarray, float]:
    """The faces that a run learns from, and `Neighbours.of_held_aside`; kept for the next time."""
    images, rows, aside = training.divided_faces(configs.of_run(folder))
    learnt = images[rows]
    _, distances = neighbours.nearest(images[aside[:ASIDE]], learnt)
    return learnt, float(np.median(distances[:, 0]))


def _newest_arrays(run: Path) -> tuple[int, dict[str, np.ndarray]]:
    """The round and the arrays of the newest checkpoint."""
    for _ in range(TRIES):
        found = [
            (int(match[1]), file)
            for file in (run / "checkpoints").glob("step_*.npz")
            if (match := re.fullmatch(r"step_(\d{8,})", file.stem))
        ]
        if not found:
            break
        step, file = max(found)
        with tempfile.TemporaryDirectory() as place:
            try:
                copy = shutil.copyfile(file, Path(place) / file.name)
            except FileNotFoundError:
                continue
            return step, checkpoint.read(copy)[0]
    wanted = "a run that has saved a checkpoint, as it does after its first epoch"
    return checks.fail("watch", "run", wanted, str(run))
