"""From a picture back to z: find the z whose face G(z) is nearest to a given picture.

G has no inverse that can be written down, so z is found by gradient descent on the error of the
pixels (Zhu et al. 2016, "Generative visual manipulation on the natural image manifold"):

    z* = argmin over |z| <= r of the mean over pixels and channels of (G(z) - x)^2

The error has many local minima. So the descent starts from several z: those samples of the prior
whose faces are nearest to x. The limit r keeps z in the region where G was trained. A z far outside
the prior's shell may have a smaller error, but its neighbours do not give faces.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from dcgan.data import pixels
from dcgan.latent import space
from dcgan.measures import neighbours
from gan_core import checks
from gan_core.latent import BLOCK, Normal
from gan_core.latent import block as latent_block
from gan_core.optim import schedules
from gan_core.optim.optimizers import Adam

BATCH = 64  # z that are improved at a time
STANDARD_DEVIATIONS = 2.0  # of the prior's norm: how far outside the shell's mean z may lie
WHITE = 255.0


@dataclasses.dataclass(frozen=True)
class Found:
    """What `find` found for n pictures."""

    z: np.ndarray
    """[n, latent_dim] float32"""
    faces: np.ndarray
    """G(z), uint8 [n, S, S, C]"""
    psnr: np.ndarray
    """[n] decibels, infinite where a face is the picture itself"""


def psnr(faces: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio of each face: 10 log10(255^2 / mean squared error) decibels.

    30 dB is an error of 8 grey levels a pixel (root mean square), hard to see; 20 dB one of 25.

    Args:
        faces: uint8 [n, S, S, C].
        pictures: uint8 [n, S, S, C].

    Returns:
        [n] float64; infinite where both are equal.
    """
    faces = checks.array("psnr", "faces", faces, ["n", "S", "S", "C"], dtype=np.uint8)
    pictures = checks.array("psnr", "pictures", pictures, list(faces.shape), dtype=np.uint8)
    difference = faces.astype(np.float64) - pictures
    error = np.mean(difference**2, axis=(1, 2, 3))
    with np.errstate(divide="ignore"):
        return 10.0 * np.log10(WHITE**2 / error)


def find(
    samples: Callable[[tf.Tensor], tf.Tensor],
    latent_dim: int,
    pictures: np.ndarray,
    *,
    starts: int = 8,
    candidates: int = 2048,
    steps: int = 800,
    learning_rate: float = 0.3,
    seed: int = 0,
) -> Found:
    """The z of pictures, each the best of several gradient descents.

    Args:
        samples: G, z [n, latent_dim] -> float32 [n, S, S, C] in [-1, 1], differentiable.
        latent_dim: how many numbers z has, drawn from N(0, 1).
        pictures: uint8 [n, S, S, C].
        starts: how many z each picture's descent starts from.
        candidates: from how many samples of the prior these are chosen.
        steps: the number of steps of Adam, whose learning rate falls to 0 along a cosine.
        learning_rate: at the first step.
        seed: the seed of the candidates.

    Returns:
        For each picture the z with the smallest error, its face and its PSNR.

    Raises:
        ValueError: if an argument is out of range, or the pictures have not G's size.
    """
    owner = "find"
    pictures = checks.array(owner, "pictures", pictures, ["n", "S", "S", "C"], dtype=np.uint8)
    checks.integer(owner, "latent_dim", latent_dim, 1)
    checks.integer(owner, "candidates", candidates, 1, 10**6)
    checks.integer(owner, "starts", starts, 1, candidates)
    checks.integer(owner, "steps", steps, 1, 10**6)
    checks.number(owner, "learning_rate", learning_rate, above=0.0)
    z = _starting_points(samples, latent_dim, pictures, starts, candidates, seed)
    descent = _Descent(samples, latent_dim, steps, learning_rate)
    picture_of = np.repeat(np.arange(len(pictures)), starts)  # each z's
    faces = np.empty([len(z), *pictures.shape[1:]], np.uint8)
    found = np.empty(len(z))
    for first in range(0, len(z), BATCH):
        some = slice(first, first + BATCH)
        wanted = pictures[picture_of[some]]
        z[some] = descent(z[some], pixels.to_float(wanted).numpy())
        faces[some] = _faces(samples, z[some])
        found[some] = psnr(faces[some], wanted)
    decibels = found.reshape(-1, starts)
    best = np.arange(len(pictures)) * starts + np.argmax(decibels, axis=1)
    return Found(z[best], faces[best], decibels.max(axis=1))


def _starting_points(
    samples: Callable[[tf.Tensor], tf.Tensor],
    latent_dim: int,
    pictures: np.ndarray,
    starts: int,
    candidates: int,
    seed: int,
) -> np.ndarray:
    """The z whose faces are nearest to each picture: [n starts, latent_dim], picture by picture."""
    prior = Normal(latent_dim)
    blocks = [latent_block(prior, i, seed).numpy() for i in range(-(-candidates // BLOCK))]
    z = np.concatenate(blocks)[:candidates]
    faces = _faces(samples, z)
    if faces.shape[1:] != pictures.shape[1:]:
        wanted = checks.show_shape(["n", *faces.shape[1:]])
        checks.fail("find", "pictures", wanted, checks.show_shape(pictures.shape))
    nearest, _ = neighbours.nearest(pictures, faces, starts)
    return z[nearest.ravel()]


def _faces(samples: Callable[[tf.Tensor], tf.Tensor], z: np.ndarray) -> np.ndarray:
    """uint8 [n, S, S, C], BATCH at a time."""
    blocks = [
        pixels.to_uint8(samples(tf.constant(z[i : i + BATCH]))).numpy()
        for i in range(0, len(z), BATCH)
    ]
    return np.concatenate(blocks)


class _Descent:
    """Adam on z, compiled once: every batch is filled up to BATCH rows."""

    def __init__(
        self,
        samples: Callable[[tf.Tensor], tf.Tensor],
        latent_dim: int,
        steps: int,
        learning_rate: float,
    ) -> None:
        mean, sd = space.shell(latent_dim)
        self.samples = samples
        self.longest = mean + STANDARD_DEVIATIONS * sd
        self.steps = steps
        self.z = tf.Variable(tf.zeros([BATCH, latent_dim]), name="z")
        rate = schedules.cosine_decay(learning_rate, steps)
        self.optimizer = Adam(rate, beta_1=0.9, beta_2=0.999).bind([self.z])
        self._compiled = tf.function(self._descend, autograph=False)

    def __call__(self, z: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """z [n, latent_dim] and pictures in [-1, 1] [n, S, S, C] -> better z, n at most BATCH."""
        rows = np.arange(BATCH) % len(z)
        for variable in (*self.optimizer.m, *self.optimizer.v, self.optimizer.updates):
            variable.assign(tf.zeros_like(variable))
        self.z.assign(z[rows])
        self._compiled(tf.constant(targets[rows]))
        return self.z.numpy()[: len(z)]

    def _descend(self, targets: tf.Tensor) -> None:
        def step(number: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape:
                difference = self.samples(self.z) - targets
                # The sum over rows: each row's gradient is that of its own error.
                error = tf.reduce_sum(tf.reduce_mean(tf.square(difference), axis=[1, 2, 3]))
            self.optimizer.apply(tape.gradient(error, [self.z]), number)
            # Project each z onto the ball of the longest norm.
            self.z.assign(tf.clip_by_norm(self.z, self.longest, axes=[1]))
            return number + 1

        tf.while_loop(
            lambda number: number < self.steps, lambda number: [step(number)], [tf.constant(0)]
        )
