"""The results that the worker sends back; in a separate file that needs no TensorFlow."""

from __future__ import annotations

import dataclasses

import numpy as np


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
