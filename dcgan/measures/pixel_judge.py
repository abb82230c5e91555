"""Judge generated faces beside real ones by pixels alone, without a network or a download."""

from __future__ import annotations

import math

import numpy as np

from dcgan.measures import distances, pyramid, texture
from dcgan.measures.names import GRID, PIXELS, SPECTRUM, WHITENED, WHOLE

LEAST = 32  # generated faces, where fewer real ones are held out
SMALLEST = 1e-9  # a floor of 0, as of equal pictures, counts as this


class PixelJudge:
    """Holds real faces, and measures any number of generated sets against them.

    What the measures need of the real faces is computed once, and a generated set is walked through
    once for all of them.

    Args:
        real: uint8 [n, S, S, 3], held-out faces.
        others: uint8 [n, S, S, 3], further real faces: measured as if they were generated, they
            give the floor.
        seed: the seed of places and directions.
        floor: what `measure(others)` gave before; None: measure it now.
    """

    name = "pixels"
    decides: tuple[str, ...] = (PIXELS, SPECTRUM)
    """the measures of the combined figure: of those tried, these agree best with `FaceJudge`'s on
    which faces are better (docs/faces.md has the table)"""

    def __init__(
        self,
        real: np.ndarray,
        others: np.ndarray,
        *,
        seed: int = 0,
        floor: dict[str, float] | None = None,
    ) -> None:
        real, _ = distances.two_sets("PixelJudge", real, real)
        self.real = real
        self.seed = seed
        cuts = distances.Cuts(real, seed=seed)
        finest = texture.Cuts(real, seed=seed)
        pyramid.visit(real, cuts, finest)
        self._patches_and_whole = distances.PatchesAndWhole(real, seed=seed, cuts=cuts)
        self._whitening = texture.Whitening(finest.points())
        self._spectrum = texture.spectrum(real)
        self.floor = self.measure(others) if floor is None else floor

    @property
    def n(self) -> int:
        """Real faces in the set."""
        return len(self.real)

    @property
    def generated(self) -> int:
        """How many generated faces it wants."""
        return max(self.n, LEAST)

    def measure(self, fake: np.ndarray) -> dict[str, float]:
        """Every measure of one set of faces, uint8 [m, S, S, 3], by name; lower is better."""
        _, fake = distances.two_sets("PixelJudge", self.real, fake)
        cuts = distances.Cuts(fake, seed=self.seed)
        finest = texture.Cuts(fake, seed=self.seed)
        grid = texture.Grid()
        pyramid.visit(fake, cuts, finest, grid)
        levels = self._patches_and_whole.measure(fake, cuts)
        return {
            **{level_name(level): value for level, value in levels.items()},
            WHITENED: self._whitening.distance(finest.points()),
            SPECTRUM: texture.between_spectra(self._spectrum, texture.spectrum(fake)),
            GRID: grid.pattern(),
        }

    def combined(self, row: dict[str, float]) -> float:
        """The figure by which epochs are compared: 1 for real faces, lower is better."""
        return over_the_floor(row, self.floor, self.decides)

    def summary(self, row: dict[str, float]) -> str:
        """A row for the console, each value with that of real faces behind it."""
        return (
            f"distance {row[PIXELS]:.1f} ({self.floor[PIXELS]:.1f})  "
            f"combined {self.combined(row):.2f}"
        )

    def introduction(self) -> str:
        """What the rows are measured on."""
        return (
            f"Judged after every epoch by {self.n:,} held-out faces and their pixels; in brackets "
            "what as many other real faces have."
        )


def level_name(level: int | str) -> str:
    """What a level of `distances.patches_and_whole` is called in a table."""
    if level == "mean":
        return PIXELS
    if level == "whole":
        return WHOLE
    return f"patches at {level} pixels"


def over_the_floor(row: dict[str, float], floor: dict[str, float], names: tuple[str, ...]) -> float:
    """The geometric mean of some measures, each divided by its own floor.

    exp(mean over names of log(row / floor)). Neither the unit of a measure nor the size of its
    floor decides; twice the floor in one measure weighs as much as twice the floor in another.

    Args:
        row: {name: value}, none negative.
        floor: {name: the value of as many real faces}.
        names: the measures that count.

    Returns:
        1 for real faces; lower is better.
    """
    logs = [math.log(max(row[name], SMALLEST) / max(floor[name], SMALLEST)) for name in names]
    return math.exp(sum(logs) / len(logs))
