"""The generator of a run's best epoch: rebuilt from its checkpoint, and exported."""

from __future__ import annotations

import os
import shlex

import numpy as np
import tensorflow as tf

from dcgan.config import Config, of_run
from dcgan.data import form, labels
from dcgan.data.pixels import to_uint8
from dcgan.runs.networks_of_run import distribution_of, networks_of
from gan_core.averaging import settling_batches
from gan_core.latent import Normal
from gan_core.nn.export import export_generator
from gan_core.nn.settling import settle
from gan_core.nn.variables import named_variables
from gan_core.runs import checkpoint
from gan_core.runs.run_folder import RunFolder


def best_generator(folder: str | os.PathLike) -> tf.Module:
    """The generator of a run's best epoch (checkpoints/best.npz): its settled average, if any.

    Args:
        folder: the run folder.

    Raises:
        ValueError: if it has no best epoch yet.
    """
    run = RunFolder.resume(folder)
    file = run.checkpoints / "best.npz"
    if not file.exists():
        raise ValueError(
            f"dcgan: the run {folder} has no {file.name} yet, "
            "which is written after the first epoch. "
            f"Resume it: python -m dcgan train --resume {shlex.quote(str(folder))}"
        )
    arrays, _ = checkpoint.read(file)
    return generator_of(of_run(folder), labels.read(folder), arrays)


def generator_of(
    config: Config, label_set: labels.LabelSet | None, arrays: dict[str, np.ndarray]
) -> tf.Module:
    """The generator of a checkpoint: its settled average, if the run keeps an average.

    Args:
        config: the run's config.
        label_set: the labels of the faces; None: they have none.
        arrays: the arrays from `checkpoint.read`.
    """
    generator, _ = networks_of(config, label_set, compute_dtype="float32", synchronised=False)
    prefix = "average/model/" if config.average else "generator/"
    for name, variable in named_variables(generator).items():
        variable.assign(arrays[prefix + name])
    if config.average:
        latent = Normal(config.latent_dim)
        settle(
            generator,
            settling_batches(latent, config.seed, distribution_of(label_set)),
        )
    return generator


def export(run: RunFolder, config: Config) -> None:
    """Write the generator of the run's best epoch into its folder generator/, as a SavedModel.

    Beside it go form.json, what was done to the pictures, and labels.json, if there are labels.
    """
    label_set = labels.read(run.path)
    spec = None
    also = {form.FILE: config.form.to_json()}
    if label_set is not None:
        spec = tf.TensorSpec([len(label_set.sizes)], tf.int32)
        also[labels.FILE] = label_set.to_json()
    generator = best_generator(run.path)
    export_generator(generator, config.latent_dim, run.generator, to_uint8, labels=spec, also=also)
