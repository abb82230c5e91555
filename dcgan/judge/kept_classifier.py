"""The classifier of factors, trained once and kept in a file: several chapters read faces with it.

    classifier = kept_classifier.trained_or_read(Path("runs/factor_classifier"))

The file's name contains the training's settings and a hash of the code that draws faces and trains,
so that a change of either trains a new classifier.
"""

from __future__ import annotations

import functools
import hashlib
from importlib import resources
from pathlib import Path

import filelock

from dcgan.drawn import drawn_faces
from dcgan.judge import factor_classifier
from dcgan.judge.factor_classifier import FactorClassifier
from gan_core.nn.variables import named_variables
from gan_core.runs import checkpoint


def trained_or_read(
    folder: Path, size: int = 64, *, faces: int = 10_000, steps: int = 800, seed: int = 0
) -> FactorClassifier:
    """What `factor_classifier.train_classifier` gives, from a file of this folder if it is there.

    A second process that wants the same one waits for the first. A damaged file is replaced.

    Args:
        folder: where classifiers are kept; it is made if it is missing.
        size: pixels of a face.
        faces: how many are drawn to learn from.
        steps: training steps.
        seed: the seed of the faces and the training.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{size}px-{faces}-faces-{steps}-steps-seed-{seed}-{_code()}.npz"
    with filelock.FileLock(file.with_suffix(".lock")):
        try:
            return _read(file, seed)
        except checkpoint.CheckpointError:
            model = factor_classifier.train_classifier(size, faces=faces, steps=steps, seed=seed)
            checkpoint.save(file, named_variables(model), {"looks at": model.size})
            return model


def _read(file: Path, seed: int) -> FactorClassifier:
    looks_at = checkpoint.read_note(file)["looks at"]
    model = FactorClassifier(drawn_faces.FACTORS, size=looks_at, seed=seed)
    checkpoint.restore(file, named_variables(model))
    return model


@functools.cache
def _code() -> str:
    """A hash of the modules that draw faces, of the one that trains and of this one."""
    digest = hashlib.blake2b(digest_size=4)
    drawing = [part for part in resources.files("dcgan.drawn").iterdir() if part.name[-3:] == ".py"]
    judging = resources.files("dcgan.judge")
    others = [judging / "factor_classifier.py", judging / "kept_classifier.py"]
    for part in [*sorted(drawing, key=lambda one: one.name), *others]:
        digest.update(part.read_bytes())
    return digest.hexdigest()
