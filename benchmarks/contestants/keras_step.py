"""The round of TensorFlow's tutorial "Deep Convolutional Generative Adversarial Network", in Keras.

https://www.tensorflow.org/tutorials/generative/dcgan: its losses and its `train_step`, with both
tapes open at once, with the networks and sizes of this project. Both gradients are taken before
either step, so D runs on the fakes once, where an alternating round runs it twice: a little less
work.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from benchmarks.measure import harness

cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


def discriminator_loss(real_output: tf.Tensor, fake_output: tf.Tensor) -> tf.Tensor:
    """As in the tutorial."""
    real_loss = cross_entropy(tf.ones_like(real_output), real_output)
    fake_loss = cross_entropy(tf.zeros_like(fake_output), fake_output)
    return real_loss + fake_loss


def generator_loss(fake_output: tf.Tensor) -> tf.Tensor:
    """As in the tutorial."""
    return cross_entropy(tf.ones_like(fake_output), fake_output)


def dcgan(size: int, width: int, latent_dim: int) -> tuple[keras.Model, keras.Model]:
    """G and D of `dcgan.networks`: the same layers, sizes and first weights, no biases."""
    stages = {32: 3, 64: 4, 96: 4, 128: 5}[size]
    start = size // 2**stages
    channels = [width * 2**i for i in range(stages)]

    def options():
        return {"kernel_initializer": keras.initializers.RandomNormal(0.0, 0.02), "use_bias": False}

    def batch_norm():
        return layers.BatchNormalization(
            momentum=0.9, epsilon=1e-5, gamma_initializer=keras.initializers.RandomNormal(1.0, 0.02)
        )

    generator = keras.Sequential(
        [
            keras.Input([latent_dim]),
            layers.Reshape([1, 1, latent_dim]),
            layers.Conv2DTranspose(channels[-1], start, **options()),
        ]
    )
    for narrow in [*reversed(channels[:-1]), 3]:
        generator.add(batch_norm())
        generator.add(layers.ReLU())
        generator.add(layers.Conv2DTranspose(narrow, 4, strides=2, padding="same", **options()))
    generator.add(layers.Activation("tanh", dtype="float32"))

    discriminator = keras.Sequential(
        [
            keras.Input([size, size, 3]),
            layers.Conv2D(width, 4, strides=2, padding="same", **options()),
            layers.LeakyReLU(negative_slope=0.2),
        ]
    )
    for wide in channels[1:]:
        discriminator.add(layers.Conv2D(wide, 4, strides=2, padding="same", **options()))
        discriminator.add(batch_norm())
        discriminator.add(layers.LeakyReLU(negative_slope=0.2))
    discriminator.add(layers.Conv2D(1, start, **options()))
    discriminator.add(layers.Flatten(dtype="float32"))
    return generator, discriminator


def toy(hidden: int, hidden_layers: int) -> tuple[keras.Model, keras.Model]:
    """Two perceptrons on one number."""

    def mlp():
        network = keras.Sequential([keras.Input([1])])
        for _ in range(hidden_layers):
            network.add(layers.Dense(hidden))
            network.add(layers.LeakyReLU(negative_slope=0.2))
        network.add(layers.Dense(1))
        return network

    return mlp(), mlp()


def main(
    step: str, batch: int, precision: str = "float32", latent_dim: int = 1, **sizes: int
) -> None:
    """Play rounds for the harness.

    Args:
        step: "dcgan" or "toy".
        batch: samples in a batch.
        precision: float32, tf32 or bfloat16, for the convolutions.
        latent_dim: numbers in z.
        sizes: size and width of the DCGAN, or hidden and hidden_layers of the toy.
    """
    tf.config.experimental.enable_tensor_float_32_execution(precision == "tf32")
    if precision == "bfloat16":
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    if step == "dcgan":
        generator, discriminator = dcgan(latent_dim=latent_dim, **sizes)
        images = tf.random.uniform([batch, sizes["size"], sizes["size"], 3], -1.0, 1.0)
    else:
        generator, discriminator = toy(**sizes)
    generator_optimizer = keras.optimizers.Adam(2e-4, beta_1=0.5)
    discriminator_optimizer = keras.optimizers.Adam(2e-4, beta_1=0.5)

    @tf.function
    def train_step(images):
        noise = tf.random.normal([batch, latent_dim])
        with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
            generated_images = generator(noise, training=True)
            real_output = discriminator(images, training=True)
            fake_output = discriminator(generated_images, training=True)
            gen_loss = generator_loss(fake_output)
            disc_loss = discriminator_loss(real_output, fake_output)
        gradients_of_generator = gen_tape.gradient(gen_loss, generator.trainable_variables)
        gradients_of_discriminator = disc_tape.gradient(
            disc_loss, discriminator.trainable_variables
        )
        generator_optimizer.apply_gradients(
            zip(gradients_of_generator, generator.trainable_variables, strict=True)
        )
        discriminator_optimizer.apply_gradients(
            zip(gradients_of_discriminator, discriminator.trainable_variables, strict=True)
        )

    def play(rounds: int) -> None:
        for _ in range(rounds):
            train_step(images if step == "dcgan" else tf.random.normal([batch, 1], 4.0, 1.25))
        tf.test.experimental.sync_devices()

    harness.serve(play, facts([generator, discriminator]))


def facts(networks: list[keras.Model]) -> dict[str, Any]:
    """What this contestant says of itself."""
    parameters = []
    for network in networks:
        parameters.append(sum(v.shape.num_elements() for v in network.trainable_variables))
    device = "cpu"
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        device = tf.config.experimental.get_device_details(gpus[0]).get("device_name", "gpu")
    return {
        "parameters": parameters,
        "library": f"Keras {keras.__version__}, TensorFlow {tf.__version__}",
        "device": device,
    }


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
