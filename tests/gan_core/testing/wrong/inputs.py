"""Augmentations and latents with mistakes: name -> (subject, law, where from)."""

import numpy as np
import tensorflow as tf

from gan_core import augment, rng
from gan_core.testing import Augmentation, Latent

SHAPE = [4, 4, 3]


class RealAlone:
    """Every second call, which is fake's, is left as it is."""

    def __init__(self):
        self.calls = 0

    def __call__(self, x, seed, step):
        self.calls += 1
        return brightness(x, seed, step) if self.calls % 2 else x


def brightness(x, seed, step):
    return x + rng.uniform([x.shape[0], 1, 1, 1], seed, -0.5, 0.5)


def in_bytes(x, seed, step):
    levels = tf.cast((brightness(x, seed, step) + 1) * 127.5, tf.uint8)
    return tf.cast(levels, tf.float32) / 127.5 - 1


def rounded(x, seed, step):
    return tf.round(brightness(x, seed, step) * 127.5) / 127.5


def one_for_all(x, seed, step):
    return x + rng.uniform([], seed, -0.5, 0.5)


def of_numpy(x, seed, step):
    return x + np.float32(np.random.default_rng().uniform(-0.5, 0.5))


def only_up(x, seed, step):
    return x + rng.uniform([x.shape[0], 1, 1, 1], seed, 0.0, 1.0)


def cropped(x, seed, step):
    return x[:, 1:, 1:]


def over_the_largest(x, seed, step):
    return x / tf.reduce_max(tf.abs(x))


def augmentation(function, *claims):
    return Augmentation(function, SHAPE, claims, "wrong")


class Prior:
    """A prior made of a function (n, dim, seed)."""

    def __init__(self, function, dim=4):
        self.function = function
        self.dim = dim

    def __call__(self, n, seed):
        return self.function(n, self.dim, seed)


def prior(function, *claims):
    return Latent(Prior(function), claims, "wrong")


def shared_seed(n, dim, seed):
    bits = 2.0 * tf.cast(rng.uniform([n, 2], seed) > 0.5, tf.float32) - 1.0
    return tf.concat([rng.uniform([n, 2], seed, -1.0, 1.0), bits], axis=1)


def two_codes(n, seed_of_the_first, seed_of_the_second):
    """Two one-hot codes of three values, as in InfoGAN."""
    codes = [
        tf.one_hot(tf.cast(3.0 * rng.uniform([n], seed), tf.int32), 3)
        for seed in (seed_of_the_first, seed_of_the_second)
    ]
    return tf.concat(codes, axis=1)


CODES = [range(3), range(3, 6)]

RIGHT = [
    Latent(
        Prior(lambda n, dim, seed: two_codes(n, *rng.split(seed, 2)), 6),
        name="codes",
        together=CODES,
    ),
    Augmentation(brightness, SHAPE, ("identity-in-the-mean",), "brightness"),
    Augmentation(augment.chain(augment.colour(), augment.cutout()), SHAPE, (), "chain"),
]  # gan_core's own priors are in test_running.py
WRONG = {
    "real alone": (
        augmentation(RealAlone()),
        "the_same_draw_for_real_and_fake",
        "Zhao et al. 2020, section 3.1; mit-han-lab/data-efficient-gans issue 74",
    ),
    "bytes": (
        augmentation(in_bytes),
        "augmentation_is_differentiable",
        "Zhao et al. 2020, section 3.2: G's gradient is cut off",
    ),
    "rounded": (
        augmentation(rounded),
        "augmentation_is_differentiable",
        "tf.round has the gradient 0",
    ),
    "one draw for the batch": (
        augmentation(one_for_all),
        "each_sample_has_its_own_draw",
        "a scalar draw that is broadcast",
    ),
    "NumPy's own draw": (
        augmentation(of_numpy),
        "augmentation_agrees_in_eager_graph_and_xla",
        "github.com/Suanmd/TR-MISR/issues/4: np.random inside of the step",
    ),
    "brighter alone": (
        augmentation(only_up, "identity-in-the-mean"),
        "augmentation_is_the_identity_in_the_mean",
        "augmentations that leak, Karras et al. 2020, section 2.2",
    ),
    "another size": (
        augmentation(cropped),
        "augmentation_keeps_shape",
        "github.com/tflearn/tflearn/issues/129: crops",
    ),
    "over the batch's largest value": (
        augmentation(over_the_largest),
        "samples_are_augmented_alone",
        "a normalisation by the batch",
    ),
    "z of a hidden generator": (
        prior(lambda n, dim, seed: np.random.default_rng().normal(size=[n, dim]).astype("f4")),
        "the_seed_decides_z",
        "np.random.normal, as in most tutorials: a resumed run has other z",
    ),
    "one z for the batch": (
        prior(lambda n, dim, seed: tf.repeat(rng.normal([1, dim], seed), n, axis=0)),
        "rows_and_columns_differ",
        "a draw of [1, dim] that is broadcast",
    ),
    "one number for all coordinates": (
        prior(lambda n, dim, seed: tf.repeat(rng.normal([n, 1], seed), dim, axis=1)),
        "rows_and_columns_differ",
        "a draw of [n, 1] that is broadcast",
    ),
    "two parts of one seed": (
        prior(shared_seed),
        "coordinates_are_independent",
        "bits share the normals' seed, one of the bugs planted in this project",
    ),
    "two codes of one seed": (
        Latent(
            Prior(lambda n, dim, seed: two_codes(n, seed, seed), 6), name="wrong", together=CODES
        ),
        "coordinates_are_independent",
        "as above, where each code may depend on itself alone",
    ),
    "the variance for the standard deviation": (
        prior(lambda n, dim, seed: 2.0 * rng.normal([n, dim], seed), "standard"),
        "z_has_mean_0_and_variance_1",
        "sd and variance exchanged",
    ),
    "another dim": (
        prior(lambda n, dim, seed: rng.normal([n, dim + 1], seed)),
        "gives_n_rows_of_dim",
        "dim and what is drawn part",
    ),
}
