"""Two recipes in Keras, trained for a given time with their own settings.

tutorial    TensorFlow's tutorial https://www.tensorflow.org/tutorials/generative/dcgan: its
            layers, with one more doubling and three colours, so that it makes 64 pixels;
            batches of 256, Adam with 1e-4
lab         a popular course's notebook on anime faces: width 64, batches of 128, batch norm
            with momentum 0.1 and epsilon 0.8, a D that ends in 2 x 2 probabilities which the
            loss takes for logits, half the sum of both losses, and Adam with 1e-3, because the
            rate that it names is not read. It is compiled here, which it is not there.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from benchmarks.measure import budget

LATENT_DIM = 100
FACES_AT_A_TIME = 100
SIZE = 64


def tutorial() -> tuple[keras.Model, keras.Model]:
    """G and D of the tutorial, for 64 pixels."""
    generator = keras.Sequential([keras.Input([LATENT_DIM])])
    generator.add(layers.Dense(8 * 8 * 256, use_bias=False))
    generator.add(layers.BatchNormalization())
    generator.add(layers.LeakyReLU())
    generator.add(layers.Reshape([8, 8, 256]))
    for channels, stride in ((128, 1), (64, 2), (32, 2)):
        generator.add(
            layers.Conv2DTranspose(channels, 5, strides=stride, padding="same", use_bias=False)
        )
        generator.add(layers.BatchNormalization())
        generator.add(layers.LeakyReLU())
    generator.add(
        layers.Conv2DTranspose(3, 5, strides=2, padding="same", use_bias=False, activation="tanh")
    )
    discriminator = keras.Sequential([keras.Input([SIZE, SIZE, 3])])
    for channels in (64, 128):
        discriminator.add(layers.Conv2D(channels, 5, strides=2, padding="same"))
        discriminator.add(layers.LeakyReLU())
        discriminator.add(layers.Dropout(0.3))
    discriminator.add(layers.Flatten())
    discriminator.add(layers.Dense(1))
    return generator, discriminator


def lab() -> tuple[keras.Model, keras.Model]:
    """G and D of the notebook."""

    def options() -> dict[str, Any]:
        return {"kernel_initializer": keras.initializers.RandomNormal(0.0, 0.02), "use_bias": False}

    def batch_norm() -> keras.Layer:
        return layers.BatchNormalization(momentum=0.1, epsilon=0.8)

    generator = keras.Sequential([keras.Input([LATENT_DIM]), layers.Reshape([1, 1, LATENT_DIM])])
    generator.add(layers.Conv2DTranspose(512, 4, **options()))
    for channels in (256, 128, 64, 3):
        generator.add(batch_norm())
        generator.add(layers.ReLU())
        generator.add(layers.Conv2DTranspose(channels, 4, strides=2, padding="same", **options()))
    generator.add(layers.Activation("tanh"))
    discriminator = keras.Sequential([keras.Input([SIZE, SIZE, 3])])
    for i, channels in enumerate((64, 128, 256, 512)):
        discriminator.add(layers.Conv2D(channels, 4, strides=2, padding="same", **options()))
        if i > 0:
            discriminator.add(batch_norm())
        discriminator.add(layers.LeakyReLU(negative_slope=0.2))
    discriminator.add(
        layers.Conv2D(1, 4, strides=2, padding="same", activation="sigmoid", **options())
    )
    return generator, discriminator


RECIPES = {
    "tutorial": {"networks": tutorial, "batch": 256, "rate": 1e-4, "beta_1": 0.9, "share": 1.0},
    "lab": {"networks": lab, "batch": 128, "rate": 1e-3, "beta_1": 0.9, "share": 0.5},
}


def main(options: dict[str, Any]) -> None:
    """Train the tutorial or the course's notebook."""
    keras.utils.set_random_seed(options["seed"])
    recipe = RECIPES[options["recipe"]]
    images = np.load(options["faces"])
    batch = recipe["batch"]
    next_batch = budget.epochs_of_batches(images, batch, options["seed"])
    generator, discriminator = recipe["networks"]()
    train_step = step_of(generator, discriminator, recipe)

    def play(rounds: int) -> None:
        for _ in range(rounds):
            train_step(tf.constant(next_batch()))
        tf.test.experimental.sync_devices()

    def sample(count: int) -> np.ndarray:
        parts = []
        for _ in range(0, count, FACES_AT_A_TIME):
            z = tf.random.normal([FACES_AT_A_TIME, LATENT_DIM])
            levels = tf.round((generator(z, training=False) + 1.0) * 127.5)
            parts.append(tf.cast(tf.clip_by_value(levels, 0.0, 255.0), tf.uint8).numpy())
        return np.concatenate(parts)[:count]

    options["batch"] = batch
    library = f"Keras {keras.__version__}, TensorFlow {tf.__version__}"
    budget.train(play, sample, options, {"library": library})


def step_of(generator: keras.Model, discriminator: keras.Model, recipe: dict[str, Any]) -> Any:
    """The tutorial's train_step; the notebook's differs in the sizes and in half D's loss."""
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    adam = {"learning_rate": recipe["rate"], "beta_1": recipe["beta_1"]}
    generator_optimizer = keras.optimizers.Adam(**adam)
    discriminator_optimizer = keras.optimizers.Adam(**adam)

    @tf.function
    def train_step(pictures):
        real = tf.cast(pictures, tf.float32) / 127.5 - 1.0
        noise = tf.random.normal([recipe["batch"], LATENT_DIM])
        with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
            generated = generator(noise, training=True)
            real_output = discriminator(real, training=True)
            fake_output = discriminator(generated, training=True)
            gen_loss = cross_entropy(tf.ones_like(fake_output), fake_output)
            real_loss = cross_entropy(tf.ones_like(real_output), real_output)
            fake_loss = cross_entropy(tf.zeros_like(fake_output), fake_output)
            disc_loss = recipe["share"] * (real_loss + fake_loss)
        weights = generator.trainable_variables
        gradients = gen_tape.gradient(gen_loss, weights)
        generator_optimizer.apply_gradients(zip(gradients, weights, strict=True))
        weights = discriminator.trainable_variables
        gradients = disc_tape.gradient(disc_loss, weights)
        discriminator_optimizer.apply_gradients(zip(gradients, weights, strict=True))

    return train_step


if __name__ == "__main__":
    main(budget.of_the_command_line())
