"""Every measure on generated faces, on real faces that G never saw, and on faces spoilt on purpose.

A measure is useful only for the faults that it detects. So real faces are spoilt in known ways, and
measured beside intact real ones (the floor: the value of a perfect generator) and beside the
generator's faces.
"""

import dataclasses
import functools
from pathlib import Path

import numpy as np

from dcgan.config import Config, of_run
from dcgan.data import faces, form, labelling
from dcgan.drawn import drawn_faces
from dcgan.generation import pretrained
from dcgan.judge.factor_classifier import shrink
from dcgan.measures import distances, neighbours, real_sets
from gan_core import checks, rng

FLOORS = 6  # sets of real faces that are measured as if they were generated
FEWEST = 20  # faces in a set
SMALL = 32  # pixels at which nearest faces are looked for
COMPARED = 500  # faces, at most, whose nearest training face is looked for
# Drawn faces from this index on are never trained on; factor_classifier.HELD_ASIDE is smaller.
FRESH = 2_000_000
SURE = 5.0  # standard deviations of the floor beyond which a fault is detected


@dataclasses.dataclass(frozen=True)
class Evidence:
    """Real faces, uint8 [.., S, S, 3]: what the generator learnt from, and what it has never
    seen."""

    training: np.ndarray
    """what was learnt from"""
    reference: np.ndarray
    """[n] held out: what all else is compared with. Of a folder of faces these are some of those by
    which the run's best epoch was chosen, so its generator looks a little better here than it is;
    drawn ones are fresh."""
    others: tuple
    """FLOORS further sets of n, held aside too: as good as a perfect generator's"""
    mirrored: bool = False
    """whether training mirrored faces at random; then half of those held aside are mirrored here"""
    drawn: bool = False
    """whether they are drawn faces in colours, whose factors a classifier can read"""

    @functools.cached_property
    def learnt(self) -> np.ndarray:
        """All that could have been learnt by heart: the mirror image of a training face is a copy
        of it too."""
        if not self.mirrored:
            return self.training
        return np.concatenate([self.training, self.training[:, :, ::-1]])

    @functools.cached_property
    def distances_of_real(self) -> np.ndarray:
        """How far held-aside faces are from the nearest face that was learnt from."""
        return self.nearest(self.reference)[1][:, 0]

    @functools.cached_property
    def _learnt_small(self) -> np.ndarray:
        return shrink(self.learnt, SMALL)

    def nearest(self, images, k: int = 1):
        """`neighbours.nearest` for the first few images, among all that was learnt from; at 32
        pixels.

        A copy is a copy at any size, and a quarter of the pixels takes a quarter of the time.
        """
        return neighbours.nearest(shrink(images[:COMPARED], SMALL), self._learnt_small, k)


def evidence(run=None, data=None, *, n: int, size: int) -> Evidence:
    """The faces for judging a run, or the package's own generator.

    Drawn faces never run out: with them, fresh ones are drawn for the held-aside sets.

    Args:
        run: a run's folder, whose config.json says what it learnt from, and so which faces it held
            aside; None: the package's own generator, the one without labels.
        data: the folder or zip where those faces are now; None: where they were.
        n: faces in each set, at most.
        size: height and width of a face in pixels.
    Returns:
        The evidence.
    Raises:
        ValueError: if fewer than 20 a set were held aside.
    """
    config = packages_own(pretrained.FILE) if run is None else of_run(run)
    data = config.data if data is None else data
    if data is None:
        learnt, _ = faces.split(config.drawn, config.seed)
        training = drawn_faces.draw(learnt, seed=config.seed, size=size)
        held = drawn_faces.draw(FRESH + np.arange(n * (1 + FLOORS)), seed=config.seed, size=size)
        training = form.in_colours(training, config.colours)
        held = form.in_colours(held, config.colours)
    else:
        cache = config.cache or faces.CACHE
        with checks.renamed("faces.load: source", "judging: data"):
            found = faces.load(Path(data), size, form=config.form, cache=cache)
        images = found.images
        # As training divided them: a CSV of labels may leave some out.
        labelled = labelling.of_config(labelling.with_data(config, data), found.names)
        learnt, aside = labelling.divide(len(images), config.seed, labelled)
        n = min(n, len(aside) // (1 + FLOORS))
        if n < FEWEST:
            checks.fail(
                "judging",
                "data",
                f"{10 * FEWEST * (1 + FLOORS):,} faces or more, of which a tenth is held aside",
                f"{len(learnt) + len(aside):,}",
            )
        training = images[learnt]
        order = rng.permutation(len(aside), rng.seed(config.seed, "sets to judge by")).numpy()
        held = images[aside[order]]
    if config.flip:
        held = real_sets.mirror_half(held, seed=config.seed)
    reference, *others = (held[i * n : (i + 1) * n] for i in range(1 + FLOORS))
    drawn = data is None and config.colours == "rgb"
    return Evidence(training, reference, tuple(others), config.flip, drawn)


def packages_own(file: Path) -> Config:
    """What the file of one of the package's generators says of the faces that it learnt from."""
    learnt_from = pretrained.load(file).about["learnt_from"]
    if learnt_from is None:
        checks.fail(
            "judging",
            "run",
            "named (the package's own learnt from faces that are not drawn)",
            "none",
        )
    return Config(**learnt_from)


def spoilt(proof: Evidence, *, seed: int) -> dict:
    """{what was done: faces [n, S, S, C] uint8}: real faces, spoilt in six ways that one knows.

    Blurred by (1 2 1)/4; noise of sd 10; 10 more red and 10 less blue (not of grey faces); the
    lighter half, by mean grey level, of two sets; 50 faces over and over; faces that were learnt
    from.
    """
    real = proof.others[0]
    exact = real.astype(np.float32)
    n = len(real)
    two = np.concatenate(proof.others[:2])
    lighter = np.argsort(two.mean(axis=(1, 2, 3)), kind="stable")[n:]
    order = rng.permutation(n, rng.seed(seed, "which are few")).numpy()
    remembered = rng.permutation(len(proof.learnt), rng.seed(seed, "remembered")).numpy()
    noise = rng.normal(exact.shape, rng.seed(seed, "noise")).numpy()
    colours_off = {}
    if exact.shape[3] == 3:
        shifted = exact + np.array([10.0, 0.0, -10.0], np.float32)
        colours_off = {"colours off": _to_uint8(shifted)}
    return {
        "blurred": _to_uint8(_blur(exact)),
        "noisy": _to_uint8(exact + 10.0 * noise),
        **colours_off,
        "light half only": two[np.sort(lighter)],
        "50 faces only": real[order[:50]][np.arange(n) % min(50, n)],
        "training faces": proof.learnt[np.resize(remembered, n)],
    }


def measure(images, proof: Evidence, *, seed: int) -> dict:
    """All measures of one set of generated faces; see `distances` and `neighbours`.

    Args:
        images: uint8 [n, S, S, 3].
        proof: what they are held against.
        seed: the seed of patches, directions and pairs.
    Returns:
        {name: float}. "patches 64", ...: sliced Wasserstein distance at that level, in 1/1000 of
        the real sd. "MMD": at 16 × 16, times 1000. "MS-SSIM": mean over random pairs. "% nearer":
        how many are nearer to a face that was learnt from than all but 1 % of held-aside faces are.
    """
    levels = distances.sliced_wasserstein_pyramid(proof.reference, images, seed=seed)
    row = {f"patches {size}": value for size, value in levels.items() if size != "mean"}
    row["MMD"] = 1000.0 * distances.image_mmd(proof.reference, images)
    row["MS-SSIM"] = distances.diversity(images, seed=seed, pairs=min(1000, 5 * len(images)))
    row["% nearer"] = (
        100.0 * neighbours.compare(proof.nearest(images)[1][:, 0], proof.distances_of_real).nearer
    )
    return row


def floors(proof: Evidence, *, seed: int) -> dict:
    """{measure: (mean, standard deviation)} of real sets that are measured as if they were
    generated.

    "% nearer" is a share of m faces below a quantile of m others, whose mean and deviation are
    known: p = `neighbours.rare(m)`, which is 1 % from m = 99 on, and about sqrt(2 p (1 - p) / m).
    """
    rows = [measure(images, proof, seed=seed) for images in proof.others]
    found = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        found[name] = (float(np.mean(values)), float(np.std(values, ddof=1)))
    compared = min(COMPARED, len(proof.reference))
    rare = neighbours.rare(compared)
    return found | {
        "% nearer": (100.0 * rare, 100.0 * (2.0 * rare * (1.0 - rare) / compared) ** 0.5)
    }


def detected(row: dict, floor: dict) -> dict:
    """{measure: whether it is further from the floor's mean than SURE of its standard deviations},
    either way."""
    return {
        name: abs(value - floor[name][0]) > SURE * floor[name][1] for name, value in row.items()
    }


def _blur(x):
    """(1 2 1)/4 both ways; beyond the border its last pixels go on."""
    for axis in (1, 2):
        border = [(0, 0)] * 4
        border[axis] = (1, 1)
        padded = np.pad(x, border, mode="edge")
        places = np.arange(x.shape[axis])
        before = padded.take(places, axis)
        after = padded.take(places + 2, axis)
        x = (before + 2.0 * x + after) / 4.0
    return x


def _to_uint8(x):
    return np.clip(np.round(x), 0, 255).astype(np.uint8)
