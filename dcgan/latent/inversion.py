"""From a picture back to z: find the z whose face G(z) is nearest to a given picture.

G has no inverse that can be written down, so z is found by gradient descent on the error of the
pixels (Zhu et al. 2016, "Generative visual manipulation on the natural image manifold"):

    z* = argmin over |z| <= r of the mean over pixels and channels of (G(z) - x)^2

The error has many local minima. So the descent starts from several z: those samples of the prior
whose faces are nearest to x. The limit r keeps z in the region where G was trained. A z far outside
the prior's shell may have a smaller error, but its neighbours do not give faces.

A conditional G also needs a label, and a picture comes without one. A label has no gradient, so it
is found by trial: each factor in turn takes every value, and keeps the one with the smallest error.
This is done for the starts, and again in the middle of the descent.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

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

BATCH = 64  # z that are improved at a time, at most
DESCENTS = 2  # of a conditional G: before each of them labels are found by trial
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
    labels: np.ndarray | None = None
    """[n, f] int32; None where G takes none"""


@dataclasses.dataclass(frozen=True)
class Labels:
    """What is known of the pictures' labels, for a conditional G.

    Raises:
        ValueError: if the candidates are not [candidates, f], or a factor of `free` does not exist.
    """

    candidates: np.ndarray
    """[candidates, f] int32: labels of the faces among which the starts are chosen"""
    free: Mapping[int, int] = dataclasses.field(default_factory=dict)
    """number of a factor -> how many values it has: the factors whose value is to be found. The
    others keep the value that the candidates have"""

    def __post_init__(self) -> None:
        owner = "inversion.Labels"
        shape = ["candidates", "f"]
        found = checks.array(owner, "candidates", self.candidates, shape, dtype=np.int32)
        object.__setattr__(self, "candidates", found)
        for factor, values in self.free.items():
            checks.integer(owner, "a factor of free", factor, 0, found.shape[1] - 1)
            checks.integer(owner, f"free[{factor}]", values, 1)


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
    samples: Callable[..., tf.Tensor],
    latent_dim: int,
    pictures: np.ndarray,
    *,
    labels: Labels | None = None,
    starts: int = 8,
    candidates: int = 2048,
    steps: int = 800,
    learning_rate: float = 0.3,
    seed: int = 0,
) -> Found:
    """The z of pictures, each the best of several gradient descents.

    Args:
        samples: G, z [n, latent_dim] -> float32 [n, S, S, C] in [-1, 1], differentiable; of a
            conditional G (z, labels [n, f]).
        latent_dim: how many numbers z has, drawn from N(0, 1).
        pictures: uint8 [n, S, S, C].
        labels: what is known of their labels, for a conditional G; else None.
        starts: how many z each picture's descent starts from.
        candidates: from how many samples of the prior these are chosen.
        steps: the number of steps of Adam, whose learning rate falls to 0 along a cosine. If labels
            are to be found, there are two such descents of half as many steps each.
        learning_rate: at the first step.
        seed: the seed of the candidates.

    Returns:
        For each picture the z (and label) with the smallest error, its face and its PSNR.

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
    if labels is not None and len(labels.candidates) != candidates:
        wanted = f"of {candidates:,} candidates"
        checks.fail(owner, "labels", wanted, f"of {len(labels.candidates):,}")
    inputs = _starting_points(samples, latent_dim, pictures, labels, starts, candidates, seed)
    picture_of = np.repeat(np.arange(len(pictures)), starts)  # each start's
    batch = min(BATCH, len(picture_of))
    search = _Search(samples, latent_dim, batch, steps, learning_rate, labels)
    faces = np.empty([len(picture_of), *pictures.shape[1:]], np.uint8)
    decibels = np.empty(len(picture_of))
    for first in range(0, len(picture_of), batch):
        some = slice(first, first + batch)
        wanted = pictures[picture_of[some]]
        found = search([array[some] for array in inputs], pixels.to_float(wanted).numpy())
        for array, better in zip(inputs, found, strict=True):
            array[some] = better
        faces[some] = _faces(samples, found)
        decibels[some] = psnr(faces[some], wanted)
    decibels = decibels.reshape(-1, starts)
    best = np.arange(len(pictures)) * starts + np.argmax(decibels, axis=1)
    z, *rest = [array[best] for array in inputs]
    return Found(z, faces[best], decibels.max(axis=1), rest[0] if rest else None)


def _starting_points(
    samples: Callable[..., tf.Tensor],
    latent_dim: int,
    pictures: np.ndarray,
    labels: Labels | None,
    starts: int,
    candidates: int,
    seed: int,
) -> list[np.ndarray]:
    """The inputs of G whose faces are nearest to each picture, picture by picture.

    Returns:
        z [n starts, latent_dim], and labels [n starts, f] for a conditional G.
    """
    prior = Normal(latent_dim)
    blocks = [latent_block(prior, i, seed).numpy() for i in range(-(-candidates // BLOCK))]
    inputs = [np.concatenate(blocks)[:candidates]]
    if labels is not None:
        inputs.append(labels.candidates)
    faces = _faces(samples, inputs)
    if faces.shape[1:] != pictures.shape[1:]:
        wanted = checks.show_shape(["n", *faces.shape[1:]])
        checks.fail("find", "pictures", wanted, checks.show_shape(pictures.shape))
    nearest, _ = neighbours.nearest(pictures, faces, starts)
    return [array[nearest.ravel()] for array in inputs]


def _faces(samples: Callable[..., tf.Tensor], inputs: list[np.ndarray]) -> np.ndarray:
    """uint8 [n, S, S, C], BATCH at a time."""
    blocks = []
    for first in range(0, len(inputs[0]), BATCH):
        batch = [tf.constant(array[first : first + BATCH]) for array in inputs]
        blocks.append(pixels.to_uint8(samples(*batch)).numpy())
    return np.concatenate(blocks)


class _Search:
    """Adam on z, and trials of labels; compiled once: every batch is filled up to the same size."""

    def __init__(
        self,
        samples: Callable[..., tf.Tensor],
        latent_dim: int,
        batch: int,
        steps: int,
        learning_rate: float,
        labels: Labels | None,
    ) -> None:
        mean, sd = space.shell(latent_dim)
        self.samples = samples
        self.batch = batch
        self.longest = mean + STANDARD_DEVIATIONS * sd
        self.free = {} if labels is None else labels.free
        self.descents = DESCENTS if self.free else 1
        self.steps = max(1, steps // self.descents)
        self.z = tf.Variable(tf.zeros([batch, latent_dim]), name="z")
        rate = schedules.cosine_decay(learning_rate, self.steps)
        self.optimizer = Adam(rate, beta_1=0.9, beta_2=0.999).bind([self.z])
        self._compiled_descent = tf.function(self._descend, autograph=False)
        self._compiled_errors = tf.function(self._errors, autograph=False)

    def __call__(self, inputs: list[np.ndarray], targets: np.ndarray) -> list[np.ndarray]:
        """Better inputs of G.

        Args:
            inputs: z [n, latent_dim] float32, and labels [n, f] int32 for a conditional G; n is at
                most the size of a batch.
            targets: the pictures [n, S, S, C], in [-1, 1].

        Returns:
            The same arrays, with a smaller error.
        """
        n = len(targets)
        rows = np.arange(self.batch) % n
        z, *labels = [array[rows] for array in inputs]
        filled = tf.constant(targets[rows])
        for _ in range(self.descents):
            if self.free:
                labels = [self._better_labels(z, labels[0], filled)]
            z = self._better_z(z, labels, filled)
        return [array[:n] for array in (z, *labels)]

    def _better_z(self, z: np.ndarray, labels: list[np.ndarray], targets: tf.Tensor) -> np.ndarray:
        for variable in (*self.optimizer.m, *self.optimizer.v, self.optimizer.updates):
            variable.assign(tf.zeros_like(variable))
        self.z.assign(z)
        self._compiled_descent(targets, *map(tf.constant, labels))
        return self.z.numpy()

    def _better_labels(self, z: np.ndarray, labels: np.ndarray, targets: tf.Tensor) -> np.ndarray:
        """Try every value of one factor after the other, and keep the best of each."""
        best = labels.copy()
        for factor, values in self.free.items():
            errors = []
            for value in range(values):
                trial = best.copy()
                trial[:, factor] = value
                errors.append(self._compiled_errors(targets, tf.constant(z), tf.constant(trial)))
            best[:, factor] = np.argmin(errors, axis=0)
        return best

    def _errors(self, targets: tf.Tensor, z: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor:
        """The mean squared error of each face: [n]."""
        difference = self.samples(z, *labels) - targets
        return tf.reduce_mean(tf.square(difference), axis=[1, 2, 3])

    def _descend(self, targets: tf.Tensor, *labels: tf.Tensor) -> None:
        def step(number: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape:
                # The sum over rows: each row's gradient is that of its own error.
                error = tf.reduce_sum(self._errors(targets, self.z, *labels))
            self.optimizer.apply(tape.gradient(error, [self.z]), number)
            # Project each z onto the ball of the longest norm.
            self.z.assign(tf.clip_by_norm(self.z, self.longest, axes=[1]))
            return number + 1

        tf.while_loop(
            lambda number: number < self.steps, lambda number: [step(number)], [tf.constant(0)]
        )
