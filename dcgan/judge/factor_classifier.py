"""A classifier that reads the factors of a face: which hair, which eyes, which mouth.

The factors of drawn faces are known, so a classifier can learn to read them; then it can read those
of *generated* faces, for which they are not known. It is a small convolutional network with one
group of logits for each factor:

    faces = train_classifier()
    faces.predict(images)["hair_colour"]  # [N] int32, positions in FACTORS["hair_colour"]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from dcgan.architectures.plan import layer_seed
from dcgan.data import form, pixels
from dcgan.data.form import Colours
from dcgan.data.image_arrays import uint8_images
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
HALVINGS = {16: 2, 32: 3, 48: 3, 64: 4}  # strided convolutions, down to 4 × 4 (or 6 × 6)


class FactorClassifier(tf.Module):
    """For each factor of a face, the logits of its values.

    All factors share strided convolutions with batch norm, down to 4 × 4, and a dense layer, behind
    which a second one gives the logits.

    Args:
        factors: {factor: names of its values}, as drawn_faces.FACTORS.
        size: pixels that it looks at, 16, 32 or 64; a mouth of five pixels cannot be read at 32.
            The side of larger images must be a multiple of it.
        seed: the seed of the weights.
        width: channels after the first convolution, twice as many after each further one.
        channels: the channels of the images: 3, or 1 for grey.
        name: the name of the module.

    Raises:
        ValueError: if size is another number, or width less than 1.
    """

    def __init__(
        self,
        factors: Mapping[str, Sequence[str]],
        *,
        size: int = MOST,
        seed: int,
        width: int = 16,
        channels: int = 3,
        name: str | None = None,
    ):
        super().__init__(name=name)
        checks.integer("FactorClassifier", "width", width, 1)
        self.size = checks.one_of("FactorClassifier", "size", size, tuple(HALVINGS))
        self.channels = checks.one_of("FactorClassifier", "channels", channels, (1, 3))
        self.factors = {factor: tuple(values) for factor, values in factors.items()}
        self._sizes = [len(values) for values in self.factors.values()]

        layers: list[Callable] = []
        narrow = 2 * channels  # `with_detail` adds as many
        for i in range(HALVINGS[size]):
            wider = width * 2**i
            layers += _halving(narrow, wider, layer_seed(seed, i))
            narrow = wider
        side = size // 2 ** HALVINGS[size]
        hidden = Dense(
            side**2 * narrow,
            128,
            use_bias=False,
            initializer=he_normal,
            seed=layer_seed(seed, 10),
        )
        logits = Dense(128, sum(self._sizes), seed=layer_seed(seed, 11))
        layers += [Flatten(), hidden, BatchNorm(128), leaky_relu(0.2), logits]
        self.body = Sequential(layers)

    def __call__(self, x: tf.Tensor, *, training: bool = False) -> list[tf.Tensor]:
        """The logits of each factor.

        Args:
            x: [B, size, size, channels] float32 in [-1, 1].
            training: whether batch norm uses, and learns from, the batch's own statistics.

        Returns:
            [B, values] float32 for each factor, in order.
        """
        logits = self.body(with_detail(x), training=training)
        return tf.split(logits, self._sizes, axis=1)

    def logits(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """The logits of any number of images, a few at a time.

        Args:
            images: uint8 [N, S, S, 3], S a multiple of `size`.

        Returns:
            {factor: [N, values] float32}.

        Raises:
            ValueError: if there are no images, or they have another shape or dtype.
        """
        x = shrink(images, self.size)
        if x.shape[3] != self.channels:
            wanted = f"of {self.channels} channels, as those that it learnt from"
            checks.fail("FactorClassifier", "images", wanted, checks.show_shape(np.shape(images)))
        parts: dict[str, list[tf.Tensor]] = {factor: [] for factor in self.factors}
        for first in range(0, len(x), IMAGES_AT_A_TIME):
            found = self(pixels.to_float(x[first : first + IMAGES_AT_A_TIME]))
            for factor, logits in zip(self.factors, found, strict=True):
                parts[factor].append(logits)
        return {factor: np.concatenate(of_factor) for factor, of_factor in parts.items()}

    def predict(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """The most likely value of each factor.

        Args:
            images: uint8 [N, S, S, 3], S a multiple of `size`.

        Returns:
            {factor: [N] int32}, positions in `factors`.

        Raises:
            ValueError: if there are no images, or they have another shape or dtype.
        """
        found = {}
        for factor, logits in self.logits(images).items():
            found[factor] = logits.argmax(axis=1).astype(np.int32)
        return found

    def accuracy(self, images: np.ndarray, labels: Mapping[str, np.ndarray]) -> dict[str, float]:
        """How often the predicted value is the true one.

        Args:
            images: uint8 [N, S, S, 3], S a multiple of `size`.
            labels: {factor: [N] int}, the true values.

        Returns:
            {factor: share of the images}.

        Raises:
            ValueError: if there are no images, or they have another shape or dtype.
        """
        predicted = self.predict(images)
        found = {}
        for factor in self.factors:
            found[factor] = float(np.mean(predicted[factor] == labels[factor]))
        return found


def with_detail(x: tf.Tensor) -> tf.Tensor:
    """The image, and 4 times what is left of it less its mean over 3 × 3 pixels.

    A mouth is a faint line of six pixels in a picture of strong colours; without such help it is
    learnt last.

    Args:
        x: [B, S, S, C] float32.

    Returns:
        [B, S, S, 2 C] float32.
    """
    detail = x - tf.nn.avg_pool2d(x, 3, 1, "SAME")
    return tf.concat([x, 4.0 * detail], axis=3)


def cross_entropy(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """The mean of -log softmax(a)[label] over a batch; log K for equal logits.

    Written as log sum_j exp(a_j) - a_label, where reduce_logsumexp takes the largest a_j out of the
    sum first, so that nothing overflows and no log of 0 is taken.

    Args:
        logits: a, [B, K] float32.
        labels: [B] int32, from 0 to K - 1.

    Returns:
        A scalar.
    """
    log_of_sum = tf.reduce_logsumexp(logits, axis=1)
    of_label = tf.gather(logits, labels, batch_dims=1)
    return tf.reduce_mean(log_of_sum - of_label)


def fit_classifier(
    images: np.ndarray,
    labels: Mapping[str, np.ndarray],
    factors: Mapping[str, Sequence[str]],
    *,
    steps: int,
    seed: int,
    batch: int = 64,
    learning_rate: float = 6e-3,
    flip: bool = True,
    width: int = 16,
) -> FactorClassifier:
    """A classifier trained on these images: Adam on the sum of the factors' cross-entropies.

    Args:
        images: uint8 [N, S, S, 3], or [N, S, S, 1] of grey.
        labels: {factor: [N] int}.
        factors: {factor: names of its values}.
        steps: training steps.
        seed: the seed of the weights, the order of the images and the mirroring.
        batch: images a step.
        learning_rate: the rate of the first step; it falls to 0 along a cosine.
        flip: mirror every second image, at random, as a generator's training does. Not if a factor
            says left or right.
        width: channels after the first convolution.

    Returns:
        The trained classifier; it looks at S pixels, 64 at most.

    Raises:
        ValueError: if a factor's labels are missing, not N, or name no value; if steps or width is
            less than 1; or if images are of another shape or dtype.
    """
    checks.integer("fit_classifier", "steps", steps, 1)
    for factor, values in factors.items():
        _check_labels(factor, labels.get(factor, []), len(images), len(values))
    size = _size_for(np.shape(images)[1])
    channels = np.shape(images)[3]
    model = FactorClassifier(factors, size=size, seed=seed, width=width, channels=channels)
    optimizer = Adam(cosine_decay(learning_rate, steps)).bind(model.trainable_variables)
    all_images = tf.constant(shrink(images, model.size))
    columns = np.stack([labels[factor] for factor in factors], axis=1)
    all_labels = tf.constant(columns.astype(np.int32))
    batches = data.shuffled(tf.range(len(all_images)), batch, seed)

    @tf.function(jit_compile=True, autograph=False)
    def step(index: tf.Tensor) -> tf.Tensor:
        chosen = batches(index)
        x = pixels.to_float(tf.gather(all_images, chosen))
        if flip:
            x = pixels.mirrored_at_random(x, rng.seed(seed, "flip", index))
        wanted = tf.unstack(tf.gather(all_labels, chosen), axis=1)
        with tf.GradientTape() as tape:
            found = model(x, training=True)
            losses = [cross_entropy(a, b) for a, b in zip(found, wanted, strict=True)]
            loss = tf.add_n(losses)
        optimizer.apply(tape.gradient(loss, model.trainable_variables))
        return loss

    for index in range(steps):
        step(tf.constant(index, tf.int64))
    return model


def train_classifier(
    size: int = 64,
    *,
    faces: int = 10_000,
    steps: int = 800,
    seed: int = 0,
    colours: Colours = "rgb",
) -> FactorClassifier:
    """A classifier trained on drawn faces.

    Args:
        size: pixels of a face.
        faces: how many are drawn.
        steps: training steps.
        seed: the seed of the faces and the training.
        colours: "rgb"; or "grey" for a classifier of grey faces, which can only guess colours.
    """
    indices = np.arange(faces)
    images = form.in_colours(drawn_faces.draw(indices, seed=seed, size=size), colours)
    labels = drawn_faces.factors(indices, seed=seed)
    return fit_classifier(images, labels, drawn_faces.FACTORS, steps=steps, seed=seed)


def held_aside(
    count: int, *, size: int = 64, seed: int = 0, colours: Colours = "rgb"
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Drawn faces that `train_classifier` never sees, and their factors.

    Args:
        count: how many.
        size: pixels of a face.
        seed: the seed of the faces.
        colours: "rgb" or "grey".

    Returns:
        Images [count, size, size, C] uint8, and {factor: [count]}.
    """
    indices = HELD_ASIDE + np.arange(count)
    images = form.in_colours(drawn_faces.draw(indices, seed=seed, size=size), colours)
    return images, drawn_faces.factors(indices, seed=seed)


def shrink(images: np.ndarray, size: int) -> np.ndarray:
    """Smaller images: rounded means over square blocks.

    Args:
        images: uint8 [N, S, S, C], S a multiple of size, C = 3 or 1.
        size: pixels of a side afterwards.

    Returns:
        uint8 [N, size, size, C].

    Raises:
        ValueError: if there are no images, or they have another shape or dtype.
    """
    images = uint8_images("shrink", "images", images)
    if images.shape[1] % size:
        wanted = f"of a side that is a multiple of {size}"
        checks.fail("shrink", "images", wanted, f"{images.shape[1]} pixels")
    small = np.empty([len(images), size, size, images.shape[3]], np.uint8)
    for first in range(0, len(images), IMAGES_AT_A_TIME):  # as floats, all would be gigabytes
        some = slice(first, first + IMAGES_AT_A_TIME)
        small[some] = np.round(pixels.block_means(images[some], size, np.float32))
    return small


def _halving(narrow: int, wide: int, seed: int) -> list[Callable]:
    """A convolution that halves the side, batch norm and leaky ReLU."""
    convolution = Conv2D(
        narrow, wide, 4, stride=2, use_bias=False, initializer=he_normal, seed=seed
    )
    return [convolution, BatchNorm(wide), leaky_relu(0.2)]


def _size_for(pixels_of_a_side: int) -> int:
    """The largest size of a classifier to which images can be shrunk by whole blocks."""
    fitting = [size for size in HALVINGS if pixels_of_a_side % size == 0]
    if not fitting:
        wanted = f"of a side that is a multiple of {' or '.join(map(str, HALVINGS))}"
        checks.fail("fit_classifier", "images", wanted, f"{pixels_of_a_side} pixels")
    return max(fitting)


def _check_labels(factor: str, labels: np.ndarray | list, n: int, values: int) -> None:
    """Refuse labels of a factor that are not n numbers from 0 to values - 1."""
    own = np.asarray(labels)
    is_right = own.shape == (n,) and own.min() >= 0 and own.max() < values
    if is_right:
        return
    came = checks.show_shape(own.shape)
    if own.size:
        came += f" from {own.min()} to {own.max()}"
    wanted = f"[{n}] from 0 to {values - 1}"
    checks.fail("fit_classifier", f"labels[{factor!r}]", wanted, came)
