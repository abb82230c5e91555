"""A trained generator that needs nothing but TensorFlow."""

import shutil
from pathlib import Path

import tensorflow as tf

from gan_core import checks


def export_generator(generator, latent_dim: int, folder, to_output=None) -> None:
    """Write a SavedModel whose signature is z [n, latent_dim] float32 -> samples, for any n.

    to_output: what to do with G's float32 output, such as turning [-1, 1] into uint8 images; None
    leaves it. The folder appears whole or not at all, and takes the place of an older one; a folder
    that is no SavedModel is refused. Settle an average with batch norm before (`settling.settle`). To use:

        model = tf.saved_model.load("runs/faces/generator")
        images = model(tf.random.normal([16, 100]))
    """
    checks.integer("export_generator", "latent_dim", latent_dim, 1)
    folder = Path(folder)
    if folder.exists() and not (folder / "saved_model.pb").exists():
        checks.fail("export_generator", "folder", "new, or an older SavedModel to replace", str(folder),
                    "Choose another place; nothing was overwritten.")
    exported = tf.Module()
    exported.generator = generator

    @tf.function(input_signature=[tf.TensorSpec([None, latent_dim], tf.float32, name="z")])
    def call(z):
        samples = tf.cast(generator(z, training=False), tf.float32)
        return samples if to_output is None else to_output(samples)

    exported.__call__ = call
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)  # left by a killed process
    try:
        tf.saved_model.save(exported, str(unfinished), signatures=call)
        _put_in_place(unfinished, folder)
    except (OSError, tf.errors.OpError) as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise ValueError(f"export_generator: {folder} cannot be written: {getattr(error, 'message', error)}. Make room "
                         "or choose another place; what was there before is untouched.") from error


def _put_in_place(unfinished: Path, folder: Path) -> None:
    """Rename onto `folder`. A folder in use cannot be renamed onto, so an older one steps aside meanwhile."""
    older = folder.with_name(f".{folder.name}.older")
    shutil.rmtree(older, ignore_errors=True)
    if folder.exists():
        folder.rename(older)
    try:
        unfinished.rename(folder)
    except OSError:
        if older.exists():
            older.rename(folder)
        raise
    shutil.rmtree(older, ignore_errors=True)
