"""Faces of a run's newest checkpoint, and the real faces nearest to them.

It runs in a process of its own (`dcgan.watch.worker`), because it imports TensorFlow and computes
for seconds. A checkpoint is copied before it is read: the training may remove it meanwhile.
"""

from __future__ import annotations

import contextlib
import functools
import re
import shutil
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf
from rich.console import Console

from dcgan import config as configs
from dcgan.data import faces, labels, mapped
from dcgan.generation import trained_generator
from dcgan.generation.trained_generator import Generator
from dcgan.measures import neighbours
from dcgan.runs import best, real_faces
from dcgan.runs import folder as folders
from dcgan.watch.results import Drawn, Neighbours
from gan_core import checks
from gan_core.runs import checkpoint

TRIES = 3  # while the training removes the checkpoint that was the newest
ASIDE = 100  # held-aside faces whose nearest neighbours are looked for, to compare with


def prepare() -> None:
    """Let TensorFlow use one thread of this process, which is the worker's own."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def draw(folder: str, count: int, seed: int) -> Drawn:
    """Faces of the newest checkpoint.

    Args:
        folder: the run's.
        count: how many.
        seed: the seed of z, and of labels where there are any.

    Raises:
        ValueError: there is no checkpoint yet, or it cannot be read.
    """
    step, generator = _newest(Path(folder))
    return Drawn(step, generator.sample(count, seed))


def find_neighbours(folder: str, count: int, seed: int) -> Neighbours:
    """The same faces, with their nearest real ones.

    Args:
        folder: the run's.
        count: how many.
        seed: as for `draw`.

    Raises:
        ValueError: as `draw`, or the run's data are not where they were, or not what they were.
    """
    drawn = draw(folder, count, seed)
    config = _config_of_faces(configs.of_run(folder))
    learnt, of_held_aside, checksum = _real_faces(config)
    if not folders.has_faces(folder, checksum):
        _real_faces.cache_clear()  # they may be put back
        wanted = "those of its training"
        came = "others: some were added, removed or changed since"
        checks.fail("watch", f"the real faces of {folder}", wanted, came)
    numbers, distances = learnt.nearest(drawn.faces)
    found = learnt.at(numbers[:, 0])
    return Neighbours(drawn.step, drawn.faces, found, distances[:, 0], of_held_aside)


def _config_of_faces(config: configs.Config) -> configs.Config:
    """The same for all runs that have the same real faces."""
    names = ("data", "cache", "drawn", "size", "seed", "labels", "flip")
    names = (*names, "not_square", "background", "colours")
    return configs.Config(**{name: getattr(config, name) for name in names})


@functools.lru_cache(maxsize=1)
def _real_faces(config: configs.Config) -> tuple[neighbours.Learnt, float, str]:
    """The faces that are learnt from, `Neighbours.of_held_aside`, and the checksum of all faces.

    They are kept for the next time.
    """
    images, rows, aside = real_faces.divided_faces(config, Console(quiet=True))
    learnt = neighbours.Learnt(images, rows, config.flip)
    _, distances = learnt.nearest(mapped.take(images, aside[:ASIDE]))
    return learnt, float(np.median(distances)), faces.checksum(images)


def _newest(run: Path) -> tuple[int, Generator]:
    """The round of the newest checkpoint, and its generator."""
    for _ in range(TRIES):
        found = [
            (int(match[1]), file)
            for file in (run / "checkpoints").glob("step_*.npz")
            if (match := re.fullmatch(r"step_(\d{8,})", file.stem))
        ]
        if not found:
            break
        step, file = max(found)
        with contextlib.suppress(FileNotFoundError):  # removed meanwhile: there is a newer one
            return step, _generator(str(run), file.name, file.stat().st_mtime_ns)
    wanted = "a run that has saved a checkpoint, as it does after its first epoch"
    return checks.fail("watch", "run", wanted, str(run))


@functools.lru_cache(maxsize=4)
def _generator(run: str, name: str, version: int) -> Generator:
    """The generator of a checkpoint. It is kept, for its batch norm takes a while to settle."""
    with tempfile.TemporaryDirectory() as place:
        copy = shutil.copyfile(Path(run) / "checkpoints" / name, Path(place) / name)
        arrays, _ = checkpoint.read(copy)
    config = configs.of_run(run)
    label_set = labels.read(run)
    network = best.generator_of(config, label_set, arrays)
    return trained_generator.of_network(
        network, config.latent_dim, config.size, run, label_set, config.form
    )
