"""A page with a slider: a training of points in the plane, moment by moment.

It needs no server and loads nothing. Grey shows D (light: "real"), blue the data, vermilion the
generated samples.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from gan_core import files
from toy.measures.coverage import Coverage

TEMPLATE = Path(__file__).with_suffix(".html")
SIDE = 31  # squares of D's field along a side
SCALE = 1000  # a coordinate is a whole number from -SCALE to SCALE
POINTS = 500  # how many real and how many generated points are drawn

Frame = tuple[int, np.ndarray, Coverage | None, np.ndarray]


def field_of(discriminator: tf.Module, span: float) -> np.ndarray:
    """D, in percent, at the middles of SIDE x SIDE squares, row by row from below.

    Args:
        discriminator: gives a logit for each point of [n, 2].
        span: the squares fill -span to span in both directions.

    Returns:
        [SIDE * SIDE] whole numbers from 0 to 100.
    """
    edges = np.linspace(-span, span, SIDE + 1, dtype=np.float32)
    middles = 0.5 * (edges[1:] + edges[:-1])
    across, up = np.meshgrid(middles, middles)
    places = tf.constant(np.stack([across.ravel(), up.ravel()], axis=1))
    d = tf.sigmoid(discriminator(places, training=False)).numpy()
    return np.rint(100.0 * d.ravel()).astype(int)


def save(path: Path, frames: Sequence[Frame], real: np.ndarray, span: float) -> Path:
    """Write the page.

    Args:
        path: the HTML file; missing folders are made.
        frames: (round, samples [n, 2], coverage or None, what `field_of` gave), in order.
        real: [n, 2].
        span: half the width of the picture, in the data's units.

    Returns:
        The path.
    """
    moments = [
        {
            "round": step,
            "samples": _whole_numbers(samples, span),
            "words": str(counts or ""),
            "field": field.tolist(),
        }
        for step, samples, counts, field in frames
    ]
    data = {
        "side": SIDE,
        "scale": SCALE,
        "real": _whole_numbers(real, span),
        "frames": moments,
    }
    text = TEMPLATE.read_text(encoding="utf-8").replace("/*DATA*/", json.dumps(data))
    path.parent.mkdir(parents=True, exist_ok=True)
    files.text_atomically(path, text)
    return path


def _whole_numbers(points: np.ndarray, span: float) -> list[list[int]]:
    return np.rint(SCALE * points[:POINTS] / span).astype(int).tolist()
