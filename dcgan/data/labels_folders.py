"""The folders in which pictures lie as labels: --labels folders, data/blonde/*.png.

A picture's class is the first folder of its path after those that all pictures share. So the class
folders may lie at any depth, and an archive may hold all of them in one folder. Files in an archive
are treated as if it were unpacked; an archive without folders is a class of its own.

White space at the ends of a folder's name does not count, and bytes that are not UTF-8 are shown as
escapes: a class must have a name that can be typed, and saved in labels.json.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Sequence

import numpy as np

from dcgan.data import labels
from dcgan.data.labels import Labelled
from dcgan.data.sources import TAR_ENDINGS, ZIP_ENDINGS
from gan_core import checks

FACTOR = "class"
ENDINGS = tuple(sorted((*ZIP_ENDINGS, *TAR_ENDINGS), key=len, reverse=True))


def load(names: Sequence[str]) -> Labelled:
    """The labels of pictures by their paths.

    Args:
        names: paths from the source, with / between folders.

    Raises:
        ValueError: if pictures lie beside the class folders, or there are fewer than two classes.
    """
    folders = [_folders(name) for name in names]
    shared = 0
    for level in itertools.zip_longest(*folders):
        if level[0] is None or any(folder != level[0] for folder in level):
            break
        shared += 1
    if all(len(path) == shared for path in folders):
        came = f"all {len(names):,} in one"
        way_out = "Put the pictures of each class into a folder of its own: data/blonde/1.png"
        checks.fail("labels", "the data", "pictures in two class folders or more", came, way_out)
    beside = [name for name, path in zip(names, folders, strict=True) if len(path) == shared]
    if beside:
        came = f"{labels.counted(len(beside), 'picture')} beside them, the first {beside[0]}"
        way_out = "Move them into class folders, or away."
        checks.fail("labels", "the data", "pictures in class folders alone", came, way_out)
    classes = [path[shared] for path in folders]
    values = sorted(set(classes))
    numbers = {value: i for i, value in enumerate(values)}
    rows = np.array([[numbers[one]] for one in classes], np.int32)
    return labels.labelled("folders", {FACTOR: values}, rows)


def _folders(name: str) -> list[str]:
    """The folders of a path, without archives unless there is nothing else."""
    parts = [_typed(part) for part in name.split("/")[:-1]]
    plain = [part for part in parts if _without_ending(part) == part]
    if plain or not parts:
        return plain
    return [_without_ending(parts[-1])]


def _typed(part: str) -> str:
    """A folder's name as text that can be typed."""
    text = unicodedata.normalize("NFC", part).encode("utf-8", "backslashreplace").decode()
    return " ".join(text.split()) or text


def _without_ending(part: str) -> str:
    for ending in ENDINGS:
        if part.lower().endswith(ending) and len(part) > len(ending):
            return part[: -len(ending)]
    return part
