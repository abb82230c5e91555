"""Generated faces beside real ones: every measure, and one figure that joins features and pixels.

A single measure can be fooled. A generator that learnt from a relative of the judging network has
the best Fréchet distance and one hair colour for all; our own distance of pixels sees that at
once, but is blind to a woven texture that the network sees. So the combined figure takes one
measure of each kind, each divided by its own floor: the value that as many real faces get.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dcgan.measures import distances
from dcgan.measures.features import frechet, manifolds
from dcgan.measures.names import FRECHET, GRID, PIXELS
from dcgan.measures.pixel_judge import PixelJudge, over_the_floor
from gan_core import checks

MMD = "MMD of pixels"
MS_SSIM = "MS-SSIM of pairs"
BETTER = {
    GRID: "as real",
    "KID": "0",
    "precision": "as real",
    "recall": "as real",
    "density": "as real",
    "coverage": "as real",
    MMD: "0",
    MS_SSIM: "as real",
}
"""Measure -> its best value; of the others lower is better."""
FEWEST = 20  # faces in a set


class FaceJudge:
    """Holds real faces and their features, and measures any number of generated sets against them.

    All sets have the same n: the measures depend on it, and the Fréchet distance most of all.
    """

    name = "features"
    decides = (FRECHET, PIXELS)
    """the measures of the combined figure: one of features, one of pixels"""

    def __init__(
        self,
        real: np.ndarray,
        others: np.ndarray,
        network: Callable[[np.ndarray], np.ndarray],
        *,
        seed: int = 0,
        floor: dict[str, float] | None = None,
        thorough: bool = True,
    ) -> None:
        """Measure the floor.

        Args:
            real: uint8 [n, S, S, 3], what generated faces are held against.
            others: uint8 [n, S, S, 3], further real faces: measured as if they were generated,
                they give the floor.
            network: images -> features [n, d], such as `efficientnet.load()`.
            seed: the seed of the places and directions of the pixel distance, and of random pairs.
            floor: what `measure(others)` gave before; None: measure it now.
            thorough: measure MMD and MS-SSIM too, which the combined figure does without.
        """
        self.real = real
        self.others = others
        self.network = network
        self.seed = seed
        self.thorough = thorough
        self.features_of_real = network(real)
        self._frechet = frechet.Frechet(self.features_of_real)
        self.pixels = PixelJudge(real, others, seed=seed, floor=floor)
        if floor is None:
            floor = self._features_and_pixels(others, network(others), self.pixels.floor)
        self.floor = floor

    @property
    def n(self) -> int:
        """Faces in each set."""
        return len(self.real)

    @property
    def generated(self) -> int:
        """How many generated faces it wants: as many as real ones."""
        return self.n

    def measure(self, fake: np.ndarray) -> dict[str, float]:
        """Every measure of features, and those of `PixelJudge`.

        Args:
            fake: uint8 [n, S, S, 3], exactly as many as there are real ones.

        Returns:
            {name: value}.
        """
        return self.measure_with_features(fake, self.network(self._same_number(fake)))

    def measure_with_features(self, fake: np.ndarray, features: np.ndarray) -> dict[str, float]:
        """The same, where the features of `fake` are known."""
        fake = self._same_number(fake)
        return self._features_and_pixels(fake, features, self.pixels.measure(fake))

    def _features_and_pixels(
        self, fake: np.ndarray, features: np.ndarray, pixels: dict[str, float]
    ) -> dict[str, float]:
        shape = manifolds.compare(features, self.features_of_real)
        row = {
            FRECHET: self._frechet.distance(features),
            "KID": frechet.kid(features, self.features_of_real),
            "precision": shape.precision,
            "recall": shape.recall,
            "density": shape.density,
            "coverage": shape.coverage,
            **pixels,
        }
        if self.thorough:
            pairs = min(1000, 5 * len(fake))
            row[MMD] = distances.image_mmd(self.real, fake)
            row[MS_SSIM] = distances.diversity(fake, seed=self.seed, pairs=pairs)
        return row

    def combined(self, row: dict[str, float]) -> float:
        """The figure by which generators are ranked; 1 for real faces, lower is better.

        sqrt(Fréchet distance / its floor · distance of pixels / its floor): the geometric mean of
        the two ratios, so that neither the unit nor the size of a floor decides.

        Args:
            row: what `measure` gave.
        """
        return over_the_floor(row, self.floor, self.decides)

    def summary(self, row: dict[str, float]) -> str:
        """A row for the console, each value with that of real faces behind it."""
        parts = []
        shown = {FRECHET: "FD", "KID": "KID", "precision": "precision", "recall": "recall"}
        for name, short in shown.items():
            digits = 1 if name == FRECHET else 2
            parts.append(f"{short} {row[name]:.{digits}f} ({self.floor[name]:.{digits}f})")
        parts.append(f"distance {row[PIXELS]:.1f} ({self.floor[PIXELS]:.1f})")
        return f"n {self.n:,}  {'  '.join(parts)}  combined {self.combined(row):.2f}"

    def introduction(self) -> str:
        """What the rows are measured on, and what to beware of."""
        said = (
            f"Judged after every epoch by n = {self.n:,} held-out faces, features and pixels; in "
            "brackets what as many other real faces have (the floor)."
        )
        dimension = self.features_of_real.shape[1]
        if self.n > dimension:
            return said
        return (
            f"{said} Beware: n is not above the {dimension:,} numbers of a feature, so the Fréchet "
            "distance is far too high, for real faces too. Compare it with its floor, and with "
            "epochs of the same n only."
        )

    def _same_number(self, fake: np.ndarray) -> np.ndarray:
        if len(fake) != self.n:
            checks.fail("FaceJudge", "fake", f"{self.n} faces, as many as real ones", len(fake))
        return fake
