"""Generated faces beside real ones: every measure, and one figure that joins features and pixels.

A single measure can be fooled. A generator that learnt from a relative of the judging network has
the best Fréchet distance and one hair colour for all; our own distance of pixels sees that at
once, but is blind to a woven texture that the network sees. So the combined figure takes one
measure of each kind, each divided by its own floor: the value that as many real faces get.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from dcgan.measures import distances
from dcgan.measures.features import frechet, manifolds
from gan_core import checks

FRECHET = "Fréchet distance"
PIXELS = "distance of pixels"
BETTER = {
    FRECHET: "lower",
    "KID": "0",
    "precision": "as real",
    "recall": "as real",
    "density": "as real",
    "coverage": "as real",
    PIXELS: "lower",
    "MMD of pixels": "0",
    "MS-SSIM of pairs": "as real",
}


class FaceJudge:
    """Holds real faces and their features, and measures any number of generated sets against them.

    All sets have the same n: the measures depend on it, and the Fréchet distance most of all.
    """

    def __init__(
        self,
        real: np.ndarray,
        others: np.ndarray,
        network: Callable[[np.ndarray], np.ndarray],
        *,
        seed: int = 0,
    ) -> None:
        """Measure the floor.

        Args:
            real: uint8 [n, S, S, 3], what generated faces are held against.
            others: uint8 [n, S, S, 3], further real faces: measured as if they were generated,
                they give the floor.
            network: images -> features [n, d], such as `efficientnet.load()`.
            seed: of the places and directions of the pixel distance, and of random pairs.
        """
        self.real, self.network, self.seed = real, network, seed
        self.features_of_real = network(real)
        self.floor = self.measure(others)

    @property
    def n(self) -> int:
        """Faces in each set."""
        return len(self.real)

    def measure(self, fake: np.ndarray) -> dict[str, float]:
        """Every measure of one set of faces.

        Args:
            fake: uint8 [n, S, S, 3], exactly as many as there are real ones.

        Returns:
            {name: value}, with the names of BETTER, in that order.
        """
        return self.measure_with_features(fake, self.network(self._same_number(fake)))

    def measure_with_features(self, fake: np.ndarray, features: np.ndarray) -> dict[str, float]:
        """The same, where the features of `fake` are known."""
        fake = self._same_number(fake)
        shape = manifolds.compare(features, self.features_of_real)
        pixels = distances.patches_and_whole(self.real, fake, seed=self.seed)
        return {
            FRECHET: frechet.frechet(features, self.features_of_real),
            "KID": frechet.kid(features, self.features_of_real),
            "precision": shape.precision,
            "recall": shape.recall,
            "density": shape.density,
            "coverage": shape.coverage,
            PIXELS: pixels["mean"],
            "MMD of pixels": distances.image_mmd(self.real, fake),
            "MS-SSIM of pairs": distances.diversity(
                fake, seed=self.seed, pairs=min(1000, 5 * len(fake))
            ),
        }

    def combined(self, row: dict[str, float]) -> float:
        """The figure by which generators are ranked; 1 for real faces, lower is better.

        sqrt(Fréchet distance / its floor · distance of pixels / its floor): the geometric mean of
        the two ratios, so that neither the unit nor the size of a floor decides.

        Args:
            row: what `measure` gave.
        """
        return combined(row, self.floor)

    def _same_number(self, fake: np.ndarray) -> np.ndarray:
        if len(fake) != self.n:
            checks.fail("FaceJudge", "fake", f"{self.n} faces, as many as real ones", len(fake))
        return fake


def combined(row: dict[str, float], floor: dict[str, float]) -> float:
    """sqrt(product of the two ratios to the floor); see `FaceJudge.combined`."""
    return math.sqrt(row[FRECHET] / floor[FRECHET] * row[PIXELS] / floor[PIXELS])
