"""A trained generator that needs nothing but TensorFlow."""

import shutil
from pathlib import Path

import tensorflow as tf

from gan_core import checks


def export_generator(generator, latent_dim: int, folder, to_output=None) -> None:
    """Write a SavedModel whose signature is z [n, latent_dim] float32 -> samples, for any n.

    to_output: what to do with G's float32 output, such as turning [-1, 1] into uint8 images; None
    leaves it. The folder appears whole or not at all, and takes the place of an older one. To use:

        model = tf.saved_model.load("runs/faces/generator")
        images = model(tf.random.normal([16, 100]))
    """
    checks.integer("export_generator", "latent_dim", latent_dim, 1)
    folder = Path(folder)
    exported = tf.Module()
    exported.generator = generator

    @tf.function(input_signature=[tf.TensorSpec([None, latent_dim], tf.float32, name="z")])
    def call(z):
        samples = tf.cast(generator(z, training=False), tf.float32)
        return samples if to_output is None else to_output(samples)

    exported.__call__ = call
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    tf.saved_model.save(exported, str(unfinished))
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
