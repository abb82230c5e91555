"""What this project's contestants say of themselves."""

from pathlib import Path

import tensorflow as tf

import gan_core


def facts(trainer) -> dict:
    """For `harness.serve`. `from` is the folder whose gan_core is at work: `benchmarks.compare` runs two."""
    networks = [trainer.generator, trainer.discriminator]
    paths = sorted(
        {layer.path for network in networks for layer in network.layers if hasattr(layer, "path")}
    )
    return {
        "parameters": [
            sum(v.shape.num_elements() for v in network.trainable_variables) for network in networks
        ],
        "library": f"TensorFlow {tf.__version__}",
        "device": device(),
        "note": ", ".join([trainer.mode, *(f"{path} convolutions" for path in paths)]),
        "from": str(Path(gan_core.__file__).resolve().parents[1]),
    }


def device() -> str:
    """What TensorFlow computes on: the name of the first GPU, or "cpu"."""
    gpus = tf.config.list_physical_devices("GPU")
    return (
        tf.config.experimental.get_device_details(gpus[0]).get("device_name", "gpu")
        if gpus
        else "cpu"
    )
