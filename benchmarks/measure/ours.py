"""What this project's contestants say of themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf

import gan_core

BARE_ROUND = {"network": "radford", "average": 0, "augment": (), "gamma": 0.0}
"""Fields of a DCGAN's config for the round that other libraries are compared with, which have no
moving average, no augmentation and no penalty."""


def facts(trainer: Any) -> dict[str, Any]:
    """What `harness.serve` tells of a contestant that plays the rounds of this trainer.

    Args:
        trainer: a GANTrainer.

    Returns:
        `parameters` [of G, of D], `library`, `device` and `note`; and `from`, the folder whose
        gan_core is at work, because `benchmarks.compare` runs two.
    """
    networks = [trainer.generator, trainer.discriminator]
    layers = [layer for network in networks for layer in network.layers]
    paths = sorted({layer.path for layer in layers if hasattr(layer, "path")})
    parameters = []
    for network in networks:
        parameters.append(sum(v.shape.num_elements() for v in network.trainable_variables))
    return {
        "parameters": parameters,
        "library": f"TensorFlow {tf.__version__}",
        "device": device(),
        "note": ", ".join([trainer.mode, *(f"{path} convolutions" for path in paths)]),
        "from": str(Path(gan_core.__file__).resolve().parents[1]),
    }


def device() -> str:
    """What TensorFlow computes on: the name of the first GPU, or "cpu"."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "cpu"
    return tf.config.experimental.get_device_details(gpus[0]).get("device_name", "gpu")
