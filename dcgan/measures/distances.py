"""How far generated images are from real ones: each of these sees something the others miss.

    function                     asks                                              0 / best       in units of
    sliced_wasserstein_pyramid   do patches of each size look like real patches?   the floor      1/1000 real sd
    patches_and_whole            that, and: do whole images, seen small, agree?    the floor      1/1000 real sd
    image_mmd                    do whole images, seen small, agree?               about 0        none, up to 2
    diversity (by ms_ssim)       are two images as unlike as two real ones are?    as real ones   none, up to 1

All take uint8 images [N, S, S, 3] as NumPy arrays; where it matters the first set is the real one. Two sets
of real images are not 0 apart: hold each value against its `floor`, the value of real against real at the
same N. None of them sees memorised images: that is `dcgan.measures.neighbours`.
"""

import numpy as np
import tensorflow as tf

from dcgan.measures import pyramid
from gan_core import checks, metrics, rng

PATCH = 7
IMAGES_AT_A_TIME = 100
MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # finest first
WINDOW = 11


def sliced_wasserstein_pyramid(
    real, fake, *, seed: int, patches: int = 16, projections: int = 128
) -> dict:
    """Sliced Wasserstein distance of 7 × 7 patches, level by level of the Laplacian pyramid, and their mean.

    real [N, S, S, 3], fake [M, S, S, 3] uint8 -> {64: float, 32: float, 16: float, "mean": float} for S = 64,
    in thousandths of the real patches' standard deviation (Karras et al. 2018, section 5). `patches` are cut at
    random places of each level of each image; a patch is a point in 147 dimensions; then W1 of the two clouds
    along `projections` random directions (`gan_core.metrics.sliced_wasserstein`).

    One difference to the paper. It scales each set's patches, per channel, by that set's own mean and sd; then a
    generator whose colours are all off by a constant, or whose detail is too faint, is not found out. Here both
    are measured by one ruler, the mean and sd of the *real* patches (so real and fake cannot be swapped).

    The same seed cuts at the same places and projects on the same directions in every call: values of one seed
    compare. Not 0 for two real sets: of order 1/sqrt(N), see `floor`.
    """
    owner = "sliced_wasserstein_pyramid"
    real, fake = _two_sets(owner, real, fake)
    checks.integer(owner, "patches", patches, 1)
    found = {}
    for size in pyramid.sizes(real.shape[1]):
        a, b = (_patches(images, size, patches, seed) for images in (real, fake))
        mean = a.mean(axis=(0, 1))
        for points in (
            a,
            b,
        ):  # in place, and one level at a time: they are most of the memory that judging needs
            points -= mean
        sd = np.sqrt(np.einsum("npc,npc->c", a, a) / (a.size // 3))
        sd = np.maximum(sd, 1e-3)  # grey levels: real images without any detail have sd 0
        for points in (a, b):
            points /= sd
        found[size] = 1000.0 * metrics.sliced_wasserstein(
            *(points.reshape(len(points), -1) for points in (a, b)),
            seed=seed,
            projections=projections,
        )
    return {**found, "mean": float(np.mean(list(found.values())))}


def _patches(images, size, count, seed):
    """[N · count, 49, 3] float64: patches from `count` random places of each image, at the level of this size."""
    level = pyramid.sizes(images.shape[1]).index(size)
    corner = rng.integers(
        [len(images), count, 2], rng.seed(seed, f"patches at {size}"), size - PATCH + 1
    )
    y, x = (corner.numpy()[:, :, axis, np.newaxis] + np.arange(PATCH) for axis in (0, 1))
    places = (y[:, :, :, np.newaxis] * size + x[:, :, np.newaxis, :]).reshape(len(images), -1)
    found = np.empty([len(images), count * PATCH * PATCH, 3])
    for first in range(
        0, len(images), IMAGES_AT_A_TIME
    ):  # a float32 pyramid of all would be 5 times the images
        some = slice(first, first + IMAGES_AT_A_TIME)
        pixels = pyramid.laplacian_pyramid(images[some])[level].reshape(-1, size * size, 3)
        found[some] = pixels[np.arange(len(pixels))[:, np.newaxis], places[some]]
    return found.reshape(-1, PATCH * PATCH, 3)


def patches_and_whole(real, fake, *, seed: int) -> dict:
    """The number by which epochs are compared: that of patches, level by level, that of whole images, and their mean.

    real [N, S, S, 3], fake [M, S, S, 3] uint8 -> {64: float, 32: float, 16: float, "whole": float, "mean": float}, for
    S = 64, in thousandths of the real sd. A thousand times the same good face has good patches, and
    `sliced_wasserstein_pyramid` alone prefers it to as many faces that are a little soft. "whole" is the
    sliced Wasserstein distance of images seen at 16 × 16, 768 numbers each, every one of them less the real images'
    mean and by their sd there: what is too much alike spreads too little. At 64 pixels it is one level of four, and
    counts a quarter.
    """
    real, fake = _two_sets("patches_and_whole", real, fake)
    found = sliced_wasserstein_pyramid(real, fake, seed=seed)
    a, b = small(real), small(fake)
    mean, sd = (
        a.mean(axis=0),
        np.maximum(a.std(axis=0), 1.0 / 255.0),
    )  # where all real images agree, sd is 0
    found["whole"] = 1000.0 * metrics.sliced_wasserstein(
        (a - mean) / sd, (b - mean) / sd, seed=seed
    )
    del found["mean"]
    return {**found, "mean": float(np.mean(list(found.values())))}


def image_mmd(real, fake, *, bandwidth: float | None = None) -> float:
    """The squared maximum mean discrepancy of images seen at 16 × 16, unbiased: real [N, S, S, 3], fake [M, S, S, 3].

    E k(x,x') + E k(y,y') - 2 E k(x,y), k Gaussian, on block means in [0, 1] as points in 768 dimensions (Gretton
    et al. 2012; `gan_core.metrics.mmd`). Its mean for two real sets is 0 whatever N is, and more than half of the
    values are negative; the floor is their spread. Sees poses and colours of whole images, no detail.

    bandwidth: default the median distance of real images. It is the ruler: comparing generators, compute it once
    from the real set (`mmd_bandwidth`), or pass the same `real` every time.
    """
    real, fake = _two_sets("image_mmd", real, fake, at_least=2)
    bandwidth = mmd_bandwidth(real) if bandwidth is None else bandwidth
    return metrics.mmd(small(real), small(fake), bandwidth=bandwidth)


def mmd_bandwidth(real) -> float:
    """The median distance of two real images seen at 16 × 16 (of the first 1000)."""
    return metrics.median_distance(small(real))


def small(images) -> np.ndarray:
    """Means over blocks: [N, S, S, 3] uint8 -> [N, 768] float64 in [0, 1], 16 × 16 × 3 numbers an image."""
    n, size = images.shape[:2]
    side = size // pyramid.COARSEST
    blocks = np.asarray(images).reshape(n, pyramid.COARSEST, side, pyramid.COARSEST, side, 3)
    return blocks.mean(axis=(2, 4)).reshape(n, -1) / 255.0


def ms_ssim(x, y) -> np.ndarray:
    """How alike two images are to the eye: x, y [N, S, S, 3] uint8 -> [N] float32, 1 for equal images.

    MS-SSIM = l_M^w_M · product over scales j = 1..M of cs_j^w_j, with (in an 11 × 11 Gaussian window of sd 1.5,
    averaged over windows, then over channels)
        l  = (2 m_x m_y + c_1) / (m_x² + m_y² + c_1)    alike in brightness, at the coarsest scale alone
        cs = (2 s_xy + c_2) / (s_x² + s_y² + c_2)       alike in contrast and structure, at each scale
    (Wang, Simoncelli and Bovik 2003, equation 7; c_1 = (0.01 · 255)², c_2 = (0.03 · 255)²; a negative cs counts
    as 0). Each scale halves the image. Five scales need 176 pixels: as many as fit are used, 3 at 64 pixels, and
    the weights (0.0448, 0.2856, 0.3001, ...) divided by their sum; so values for different S do not compare.
    """
    x, y = (_uint8("ms_ssim", name, images) for name, images in (("x", x), ("y", y)))
    if x.shape != y.shape:
        checks.fail("ms_ssim", "y", checks.show_shape(x.shape), checks.show_shape(y.shape))
    weights = np.array(MS_SSIM_WEIGHTS[: int(np.log2(x.shape[1] / WINDOW)) + 1])
    weights = (weights / weights.sum()).tolist()
    parts = []
    for first in range(0, len(x), IMAGES_AT_A_TIME):
        some = slice(first, first + IMAGES_AT_A_TIME)
        parts.append(
            tf.image.ssim_multiscale(
                x[some], y[some], 255, weights, WINDOW, filter_sigma=1.5
            ).numpy()
        )
    return np.concatenate(parts)


def diversity(images, *, seed: int, pairs: int = 1000) -> float:
    """The mean MS-SSIM of `pairs` random pairs of different images [N, S, S, 3]: lower is more diverse.

    (Odena, Olah and Shlens 2017, section 4.2.) Only beside the value of real images: above it, modes are
    dropped; below it, there is more disorder than in real images (noise has the lowest of all).
    """
    images = _uint8("diversity", "images", images, at_least=2)
    checks.integer("diversity", "pairs", pairs, 1)
    n = len(images)
    first = rng.integers([pairs], rng.seed(seed, "diversity, first"), n).numpy()
    other = (
        first + 1 + rng.integers([pairs], rng.seed(seed, "diversity, other"), n - 1).numpy()
    ) % n
    return float(ms_ssim(images[first], images[other]).mean())


def halves(images, n: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two disjoint random sets of n of these images each."""
    checks.integer("halves", "n", n, 1, len(images) // 2)
    order = rng.permutation(len(images), rng.seed(seed, "halves")).numpy()
    return images[order[:n]], images[order[n : 2 * n]]


def floor(distance, images, n: int, *, seed: int):
    """What distance(real, real) says of two disjoint sets of n real images each: as near as a perfect sampler gets."""
    return distance(*halves(images, n, seed=seed))


def _two_sets(owner, real, fake, at_least=1):
    real, fake = (
        _uint8(owner, name, images, at_least) for name, images in (("real", real), ("fake", fake))
    )
    if real.shape[1:] != fake.shape[1:]:
        checks.fail(
            owner, "fake", checks.show_shape(["M", *real.shape[1:]]), checks.show_shape(fake.shape)
        )
    return real, fake


def _uint8(owner, name, images, at_least=1):
    images = pyramid.square_images(owner, name, images, at_least)
    if images.dtype != np.uint8:
        checks.fail(
            owner,
            name,
            "uint8, from 0 to 255",
            images.dtype.name,
            "See dcgan.data.pixels.to_uint8.",
        )
    return images
