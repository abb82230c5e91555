"""Reading the factors off a face: which hair, which eyes, which mouth.

Drawn faces come with their factors, so a classifier can learn to name them; then it can name those
of *generated* faces, which come with none. One small convolutional network, one group of logits a
factor:

    faces = train_classifier()
    faces.predict(images)["hair_colour"]  # [N] int32, positions in FACTORS["hair_colour"]
"""

import itertools

import numpy as np
import tensorflow as tf

from dcgan.data import pixels
from dcgan.drawn import drawn_faces
from gan_core import checks, data, rng
from gan_core.nn.activations import leaky_relu
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conv import Conv2D
from gan_core.nn.dense import Dense
from gan_core.nn.initializers import he_normal
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Flatten
from gan_core.optim.optimizers import Adam
from gan_core.optim.schedules import cosine_decay

MOST = 64  # pixels that it looks at; larger images are shrunk first
HELD_ASIDE = 1_000_000  # faces from this index on are never trained on
IMAGES_AT_A_TIME = 500


class FactorClassifier(tf.Module):
    """For each factor of a face, the logits of its values.

    All factors share strided convolutions with batch norm, down to 4 × 4, and a dense layer, behind
    which a second one gives the logits.

    Args:
        factors: {factor: names of its values}, as drawn_faces.FACTORS.
        size: pixels that it looks at, 16, 32 or 64; a mouth of five pixels cannot be read at 32.
            The side of larger images must be a multiple of it.
        seed: of the weights.
        width: channels after the first convolution, twice as many after each further one.
        name: of the module.
    """

    def __init__(self, factors: dict, *, size: int = MOST, seed: int, width: int = 16, name=None):
        super().__init__(name=name)
        checks.integer("FactorClassifier", "width", width, 1)
        self.size = checks.one_of("FactorClassifier", "size", size, (16, 32, 64))
        self.factors = {factor: tuple(values) for factor, values in factors.items()}
        self._sizes = [len(values) for values in self.factors.values()]

        layers, channels = [], [6, *(width * 2**i for i in range({16: 2, 32: 3, 64: 4}[size]))]
        for i, (narrow, wide) in enumerate(itertools.pairwise(channels)):
            layers += [
                Conv2D(
                    narrow,
                    wide,
                    4,
                    stride=2,
                    use_bias=False,
                    initializer=he_normal,
                    seed=_seed(seed, i),
                ),
                BatchNorm(wide),
                leaky_relu(0.2),
            ]
        last = channels[-1]
        self.body = Sequential(
            [
                *layers,
                Flatten(),
                Dense(16 * last, 128, use_bias=False, initializer=he_normal, seed=_seed(seed, 10)),
                BatchNorm(128),
                leaky_relu(0.2),
                Dense(128, sum(self._sizes), seed=_seed(seed, 11)),
            ]
        )

    def __call__(self, x, *, training: bool = False) -> list:
        """x [B, size, size, 3] float32 in [-1, 1] -> the logits [B, values] of each factor, in
        order."""
        return tf.split(self.body(with_detail(x), training=training), self._sizes, axis=1)

    def logits(self, images) -> dict:
        """{factor: [N, values] float32}."""
        x = shrink(images, self.size)
        parts = [
            self(pixels.to_float(x[i : i + IMAGES_AT_A_TIME]))
            for i in range(0, len(x), IMAGES_AT_A_TIME)
        ]
        of_each = zip(*parts, strict=True)
        return {
            factor: np.concatenate(part) for factor, part in zip(self.factors, of_each, strict=True)
        }

    def predict(self, images) -> dict:
        """{factor: [N] int32}: the position of the most likely value in `factors`."""
        return {
            factor: logits.argmax(axis=1).astype(np.int32)
            for factor, logits in self.logits(images).items()
        }

    def accuracy(self, images, labels: dict) -> dict:
        """{factor: share of images whose predicted value is labels[factor] [N]}."""
        predicted = self.predict(images)
        return {
            factor: float(np.mean(predicted[factor] == labels[factor])) for factor in self.factors
        }


def with_detail(x) -> tf.Tensor:
    """x [B, S, S, 3] -> [B, S, S, 6]: x, and 4 times what is left of it less its mean over 3 × 3
    pixels.

    A mouth is a faint line of six pixels in a picture of strong colours; without such help it is
    learnt last.
    """
    return tf.concat([x, 4.0 * (x - tf.nn.avg_pool2d(x, 3, 1, "SAME"))], axis=3)


def cross_entropy(logits, labels) -> tf.Tensor:
    """The mean of -log softmax(a)[label] over a batch: logits a [B, K] float32, labels [B] int32 ->
    scalar.

    Written as log sum_j exp(a_j) - a_label, where reduce_logsumexp takes the largest a_j out of the
    sum first, so that nothing overflows and no log of 0 is taken. log K for equal logits.
    """
    return tf.reduce_mean(
        tf.reduce_logsumexp(logits, axis=1) - tf.gather(logits, labels, batch_dims=1)
    )


def fit_classifier(
    images,
    labels: dict,
    factors: dict,
    *,
    steps: int,
    seed: int,
    batch: int = 64,
    learning_rate: float = 6e-3,
    flip: bool = True,
    width: int = 16,
) -> FactorClassifier:
    """A classifier trained on images [N, S, S, 3] uint8 with labels {factor: [N] int}: Adam on the
    summed losses.

    flip: mirror every second image, at random, as a generator's training does. Not if a factor says
    left or right.
    """
    owner = "fit_classifier"
    checks.integer(owner, "steps", steps, 1)
    for factor, values in factors.items():
        own = np.asarray(labels.get(factor, []))
        if own.shape != (len(images),) or own.min() < 0 or own.max() >= len(values):
            checks.fail(
                owner,
                f"labels[{factor!r}]",
                f"[{len(images)}] from 0 to {len(values) - 1}",
                checks.show_shape(own.shape)
                + (f" from {own.min()} to {own.max()}" if own.size else ""),
            )
    model = FactorClassifier(factors, size=min(np.shape(images)[1], MOST), seed=seed, width=width)
    optimizer = Adam(cosine_decay(learning_rate, steps)).bind(model.trainable_variables)
    images = tf.constant(shrink(images, model.size))
    labels = tf.constant(np.stack([labels[factor] for factor in factors], axis=1).astype(np.int32))
    batches = data.shuffled(tf.range(len(images)), batch, seed)

    @tf.function(jit_compile=True)
    def step(index):
        chosen = batches(index)
        x = pixels.to_float(tf.gather(images, chosen))
        if flip:
            x = pixels.mirrored_at_random(x, rng.seed(seed, "flip", index))
        wanted = tf.unstack(tf.gather(labels, chosen), axis=1)
        with tf.GradientTape() as tape:
            found = model(x, training=True)
            loss = tf.add_n([cross_entropy(a, b) for a, b in zip(found, wanted, strict=True)])
        optimizer.apply(tape.gradient(loss, model.trainable_variables))
        return loss

    for index in range(steps):
        step(tf.constant(index, tf.int64))
    return model


def train_classifier(
    size: int = 64, *, faces: int = 10_000, steps: int = 800, seed: int = 0
) -> FactorClassifier:
    """A classifier trained on this many drawn faces of this size."""
    indices = np.arange(faces)
    images = drawn_faces.draw(indices, seed=seed, size=size)
    return fit_classifier(
        images, drawn_faces.factors(indices, seed=seed), drawn_faces.FACTORS, steps=steps, seed=seed
    )


def held_aside(count: int, *, size: int = 64, seed: int = 0) -> tuple:
    """Drawn faces that `train_classifier` never sees: images [count, size, size, 3] uint8, {factor:
    [count]}."""
    indices = HELD_ASIDE + np.arange(count)
    return drawn_faces.draw(indices, seed=seed, size=size), drawn_faces.factors(indices, seed=seed)


def shrink(images, size: int) -> np.ndarray:
    """[N, S, S, 3] uint8 -> [N, size, size, 3] uint8: means over blocks, for S a multiple of
    size."""
    images = np.asarray(images)
    if (
        images.dtype != np.uint8
        or images.ndim != 4
        or images.shape[2:] != (images.shape[1], 3)
        or not images.size
        or images.shape[1] % size
    ):
        checks.fail(
            "shrink",
            "images",
            f"[N, S, S, 3] of uint8 with S a multiple of {size}",
            f"{checks.show_shape(images.shape)} of {images.dtype}",
        )
    side = images.shape[1] // size
    blocks = images.reshape(len(images), size, side, size, side, 3)
    return np.round(blocks.mean(axis=(2, 4), dtype=np.float32)).astype(np.uint8)


def _seed(seed, i):
    """A number of its own for each layer: two of one size and seed would start equal."""
    return 1000 * seed + i
