"""For tests of faces: configs of the shortest trainings, a generator as small as can be, and one of
which every pixel is known beforehand.
"""

import numpy as np
import tensorflow as tf

from dcgan import epochs, networks
from dcgan.drawn import drawn_faces
from dcgan.generation.trained_generator import Generator
from dcgan.runs import best

TRAINING = {
    "drawn": 64,
    "epochs": 2,
    "batch_size": 16,
    "size": 32,
    "width": 2,
    "latent_dim": 5,
    "average": 150,
    "mode": "eager",
}
"""A config of dcgan: two epochs of three rounds."""
PLAIN = {"gamma": 0.0, "augment": ()}
"""Changes of a config: no penalty and no augmentation, each of which makes a round longer."""
SHORT = {**TRAINING, "drawn": 48, "average": 100, **PLAIN}
"""The same of two rounds, by the plainest rule."""

DRAWN = {}


def draw_once(patch):
    """Faces that another test has drawn are a copy of those, with this MonkeyPatch."""
    draw = drawn_faces.draw

    def kept(indices, **options):
        key = (tuple(indices), *sorted(options.items()))
        if key not in DRAWN:
            DRAWN[key] = draw(indices, **options)
        return DRAWN[key].copy()

    patch.setattr(drawn_faces, "draw", kept)


def leave_out_output(patch):
    """Trainings end without their SavedModel, their curves and their GIF, with this MonkeyPatch."""
    patch.setattr(best, "export", lambda run, config: None)
    patch.setattr(epochs.Watch, "finish", lambda watch: True)


def network(latent_dim=7, seed=1, size=32):
    """A DCGAN generator of width 2 with weights large enough for pictures that differ."""
    made = networks.generator(size, 2, latent_dim, seed=seed)
    for variable in made.trainable_variables:
        if variable.shape.rank > 1:
            variable.assign(variable * 20.0)
    return made


def known(latent_dim=3):
    """The picture of z: 4 x 4 pixels, whose red, green and blue are 128 + 40 times z's first three
    numbers.
    """

    def function(z):
        colours = tf.clip_by_value(tf.round(128.0 + 40.0 * z[:, :3]), 0.0, 255.0)
        return tf.cast(tf.tile(colours[:, None, None], [1, 4, 4, 1]), tf.uint8)

    return Generator(function, latent_dim, 4, "known")


def colours(z):
    """What `known` makes of z, by NumPy."""
    one = np.clip(
        np.round(128.0 + np.float32(40.0) * np.asarray(z, np.float32)[:, :3]), 0.0, 255.0
    ).astype(np.uint8)
    return np.tile(one[:, None, None], [1, 4, 4, 1])
