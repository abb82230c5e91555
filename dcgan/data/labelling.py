"""The labels of a run's faces, and the division into training and held-out faces."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dcgan.data import faces, labels_csv, labels_drawn, labels_folders
from dcgan.data.labels import Labelled, labelled
from dcgan.drawn import drawn_faces
from gan_core import checks

FOLDERS = "folders"


class Division(NamedTuple):
    """Which faces are learnt from, and which are held aside: ascending indices."""

    rows: np.ndarray
    aside: np.ndarray


def of_config(config, names: list[str]) -> Labelled | None:
    """The labels of a run's faces; None if it is trained without labels.

    Args:
        config: a dcgan.config.Config.
        names: the names of its faces.

    Raises:
        ValueError: if the labels do not fit the faces.
    """
    if config.labels is None:
        return None
    if config.data is None:
        asked = labels_drawn.names_of(config.labels)
        values = drawn_faces.factors(range(config.drawn), seed=config.seed)
        return labelled("drawn", labels_drawn.factors_of(asked), labels_drawn.rows(asked, values))
    if config.labels == FOLDERS:
        return labels_folders.load(names)
    return labels_csv.load(table(config.labels, config.data), names)


def with_data(config, data: str | os.PathLike):
    """The config of a run with other data: its own faces at another place, or other faces.

    A run on drawn faces loses its labels, because pictures do not have them.

    Args:
        config: a dcgan.config.Config.
        data: where the faces are.
    """
    labels = None if config.data is None else config.labels
    return dataclasses.replace(config, data=Path(data), labels=labels)


def table(text: str, data: Path) -> Path:
    """The CSV file that --labels names, from the working folder or from the data folder.

    A run keeps the whole path. If the data were moved, and the file with them, it is found by its
    name in the folder where the data are now.

    Raises:
        ValueError: if there is no such file.
    """
    named = Path(os.path.expanduser(text))
    places = [named, Path(data) / text]
    if named.is_absolute():  # as a run keeps it; a relative one with a wrong folder is a mistake
        places.append(Path(data) / named.name)
    for path in places:
        if path.is_file():
            return path
    wanted = f"{FOLDERS} (the folders that pictures lie in are their labels), or a CSV file"
    checks.fail("Config", "labels", wanted, f"{text!r}, which is no file")


def divide(n: int, seed: int, of: Labelled | None) -> Division:
    """`faces.split` of the faces that have a label; without labels, of all."""
    if of is None:
        return Division(*faces.split(n, seed))
    kept = of.kept
    rows, aside = faces.split(len(kept), seed)
    return Division(kept[rows], kept[aside])
