"""Export a trained generator as a SavedModel, which needs only TensorFlow to run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from gan_core import checks, files


def export_generator(
    generator: Callable[..., tf.Tensor],
    latent_dim: int,
    folder: str | os.PathLike[str],
    to_output: Callable[[tf.Tensor], tf.Tensor] | None = None,
    *,
    labels: tf.TensorSpec | None = None,
    also: Mapping[str, str] | None = None,
) -> None:
    """Write a SavedModel whose signature is z [n, latent_dim] float32 -> samples, for any n.

    The folder appears complete or not at all, and replaces an older SavedModel. If the generator
    holds averaged weights and has batch norm, settle it first (`gan_core.nn.settling`);
    `GANTrainer.export` does so. To use the SavedModel:

        model = tf.saved_model.load("runs/faces/generator")
        images = model(tf.random.normal([16, 100]))

    `model.samples` takes the same arguments and returns G's float32 output, before `to_output`. It
    is differentiable with respect to z.

    Args:
        generator: called as generator(z, training=False), or generator(z, labels, training=False).
        latent_dim: the number of coordinates of z.
        folder: where to write. An existing folder that is not a SavedModel is refused.
        to_output: a function applied to G's float32 output, such as one from [-1, 1] to uint8
            images; None leaves the output as it is.
        labels: for a conditional generator, the shape and dtype of one sample's label; the
            signature is then (z, labels [n, ...]).
        also: texts to write beside the model, as a dict from file name to text.

    Raises:
        ValueError: if latent_dim does not fit the generator; if the folder holds something else or
            cannot be written, or another process is writing there.
    """
    checks.integer("export_generator", "latent_dim", latent_dim, 1)
    folder = Path(folder)
    if folder.exists() and not (folder / "saved_model.pb").exists():
        checks.fail(
            "export_generator",
            "folder",
            "new, or an older SavedModel to replace",
            str(folder),
            "Choose another place; nothing was overwritten.",
        )
    _try(generator, latent_dim, labels)
    exported = _module(generator, latent_dim, to_output, labels)
    try:
        with (
            files.folder_atomically(folder, overwrite=True) as unfinished,
            files.named_in_utf8(unfinished) as place,
        ):
            # Saves the gradients that layers define themselves, so that `samples` has gradients.
            options = tf.saved_model.SaveOptions(experimental_custom_gradients=True)
            tf.saved_model.save(exported, place, signatures=exported.__call__, options=options)
            for name, text in (also or {}).items():
                (unfinished / name).write_text(text, encoding="utf-8", newline="\n")
    except files.WriteError as error:
        raise ValueError(f"export_generator: {error}") from error
    except tf.errors.OpError as error:
        reason = " ".join(error.message.split())
        raise ValueError(
            f"export_generator: {folder} cannot be written: {reason}. Make room or choose another "
            "place; what was there before is untouched."
        ) from error


def _try(
    generator: Callable[..., tf.Tensor], latent_dim: int, labels: tf.TensorSpec | None
) -> None:
    """Try one forward pass, so that a latent_dim that does not fit is reported in one line.

    While saving, TensorFlow would report it in many lines.
    """
    inputs = [tf.zeros([1, latent_dim])]
    if labels is not None:
        inputs.append(tf.zeros([1, *labels.shape], labels.dtype))
    try:
        generator(*inputs, training=False)
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        checks.fail(
            "export_generator",
            "latent_dim",
            "the number of coordinates of the z that generator takes",
            f"{latent_dim}, with which it says: {reason}",
        )


def _module(
    generator: Callable[..., tf.Tensor],
    latent_dim: int,
    to_output: Callable[[tf.Tensor], tf.Tensor] | None,
    labels: tf.TensorSpec | None,
) -> Any:
    """The module to save: the generator, and two functions with a fixed signature."""
    signature = [tf.TensorSpec([None, latent_dim], tf.float32, name="z")]
    if labels is not None:
        signature.append(tf.TensorSpec([None, *labels.shape], labels.dtype, name="labels"))

    def plain_samples(*inputs: tf.Tensor) -> tf.Tensor:
        return tf.cast(generator(*inputs, training=False), tf.float32)

    samples = _graph(plain_samples, signature)

    def call(*inputs: tf.Tensor) -> tf.Tensor:
        made = samples(*inputs)
        return made if to_output is None else to_output(made)

    exported = tf.Module()
    exported.generator = generator
    exported.samples = samples
    exported.__call__ = _graph(call, signature)
    return exported


def _graph(function: Callable[..., tf.Tensor], signature: list[tf.TensorSpec]) -> Any:
    """A tf.function with this signature.

    AutoGraph translates the source of all that the function calls, which takes seconds. Only a
    function that needs it, such as one with an `if` on a tensor's value, is translated.
    """
    traced = tf.function(function, input_signature=signature, autograph=False)
    try:
        traced.get_concrete_function()
    except Exception:  # if AutoGraph cannot help either, saving raises the error
        return tf.function(function, input_signature=signature)
    return traced
