"""Does a conditional generator make what it is asked for? Measured with the factor classifier.

This is for a run on drawn faces whose labels are their factors. Faces are generated with labels
drawn with the data's frequencies, and the classifier reads their factors. The result is the share
of faces whose factor is the one asked for. The same share of real drawn faces, shown beside it,
tells how well the classifier reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from rich.table import Table

from dcgan.data import labels_drawn
from dcgan.data.labels import LabelSet
from dcgan.generation.trained_generator import Generator
from dcgan.judge import factor_classifier
from gan_core import checks

Reader = Callable[[np.ndarray], Mapping[str, np.ndarray]]
"""Faces -> the number of each factor's value, such as `FactorClassifier.predict`."""


def shares(
    generator: Generator, *, n: int = 1000, seed: int = 0, read: Reader | None = None
) -> dict[str, tuple[float, float]]:
    """The share of faces that have what was asked for, factor by factor.

    Args:
        generator: one whose labels are factors of drawn faces.
        n: how many faces, generated and real.
        seed: the seed of the generated faces.
        read: what reads factors; None: a classifier that is trained first (a minute or two).

    Returns:
        {factor: (share of generated faces, share of real ones that are read correctly)}.

    Raises:
        ValueError: if the generator has no labels, or its labels are not factors of drawn faces.
    """
    known = generator.labels
    if known is None or known.kind != "drawn":
        wanted = "a generator whose labels are factors of drawn faces"
        checks.fail("label_share", "generator", wanted, generator.name)
    if read is None:
        colours = generator.form.colours
        read = factor_classifier.train_classifier(generator.size, colours=colours).predict
    asked = generator.labels_of(n, seed)
    found = _labels(known, read(generator.sample(n, seed)))
    real, factors = factor_classifier.held_aside(
        n, size=generator.size, colours=generator.form.colours
    )
    right = _labels(known, factors)
    seen = _labels(known, read(real))
    share = (found == asked).mean(axis=0)
    ceiling = (seen == right).mean(axis=0)
    return {name: (float(share[i]), float(ceiling[i])) for i, name in enumerate(known.factors)}


def _labels(known: LabelSet, factors: Mapping[str, np.ndarray]) -> np.ndarray:
    """Factors as labels; a value that the set does not have is -1, and so never right."""
    names = tuple(known.factors)
    rows = labels_drawn.rows(names, factors)
    for column, values in enumerate(labels_drawn.factors_of(names).values()):
        there = known.factors[names[column]]
        numbers = np.array([there.index(one) if one in there else -1 for one in values])
        rows[:, column] = numbers[rows[:, column]]
    return rows


def table(found: dict[str, tuple[float, float]], n: int) -> Table:
    """A line for each factor."""
    made = Table("factor asked for", title=f"Labels: n = {n:,} faces, read by the classifier")
    made.add_column("generated as asked", justify="right")
    made.add_column("real, read correctly", justify="right")
    for name, (share, ceiling) in found.items():
        made.add_row(name, f"{100 * share:.1f} %", f"{100 * ceiling:.1f} %")
    return made
