"""Layers for conditional GANs, whose networks are given each sample's label.

Labels are whole numbers from 0: y [B] where a sample has one label, [B, f] where it has one value
for each of f factors (hair colour, glasses, ...). `Sequential` passes labels on to these layers, so
that a conditional generator is written like any other:

    generator = Sequential([
        WithEmbedding([8, 2], 16, seed=0), Dense(116, 4096, seed=1), Reshape([4, 4, 256]),
        ConditionalBatchNorm(256, [8, 2]), tf.nn.relu, ...])
    images = generator(z, y, training=True)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from gan_core import checks, rng
from gan_core.nn.affine import Affine
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.dense import Dense
from gan_core.nn.initializers import Initializer, normal, ones, zeros
from gan_core.nn.sequential import takes

Counts = int | Sequence[int]


class Embedding(tf.Module):
    """A trained vector for each label: e(y) = the sum over factors f of table_f[y_f].

    The tables of all factors are stacked in `table` [K, size], where K is the number of values of
    all factors together. Rows are selected by a matrix product with `multi_hot(y)`. Its gradients
    of every order are products too, so they have the same bits in every run on a device.

    Args:
        counts: how many values a label has: a number for labels y [B]; a list with one number for
            each factor for labels y [B, f].
        size: how many numbers a vector has.
        seed: an int that no other layer of the network has.
        initializer: draws the table; None draws it from N(0, 1), the distribution of z.
        name: the module's name.

    Raises:
        ValueError: if an argument has another type or is out of range; when called, if the labels
            have another shape, are not whole numbers or, in eager mode, are out of range.

    Example:
        >>> embedding = Embedding([8, 2], 5, seed=0)
        >>> embedding([[7, 0], [3, 1]]).shape
        TensorShape([2, 5])
    """

    def __init__(
        self,
        counts: Counts,
        size: int,
        *,
        seed: int,
        initializer: Initializer | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.counts = _checked_counts("Embedding", counts)
        self.size = checks.integer("Embedding", "size", size, 1)
        if initializer is None:
            initializer = normal(1.0)
        seed = checks.seed("Embedding", seed)
        shape = [number_of_values(self.counts), size]
        table = checks.tensor(
            "Embedding",
            "what initializer gives",
            initializer(shape, rng.seed(seed, "Embedding table")),
            shape,
        )
        self.table = tf.Variable(table, name=f"{self.name}/table")

    def __call__(self, labels: Any, *, training: bool = False) -> tf.Tensor:
        """Look up the labels' vectors.

        Args:
            labels: y, whole numbers [B] or [B, f].
            training: makes no difference.

        Returns:
            [B, size] float32.
        """
        return multi_hot(labels, self.counts, owner="Embedding") @ self.table


class WithEmbedding(tf.Module):
    """Append its label's vector to x: [x, e(y)], the usual input of a conditional generator.

    (Mirza and Osindero 2014, section 3.2, there with the label's one-hot vector.)

    Args:
        counts: as for `Embedding`.
        size: how many numbers the label's vector has.
        seed: an int that no other layer of the network has.
        initializer: draws the table; None draws it from N(0, 1), the distribution of z.
        name: the module's name.

    Raises:
        ValueError: as `Embedding` does; when called, if x is not [B, d], or there is not one label
            for each sample.

    Example:
        >>> layer = WithEmbedding(10, 16, seed=0)
        >>> layer(tf.zeros([2, 100]), [3, 9]).shape
        TensorShape([2, 116])
    """

    def __init__(
        self,
        counts: Counts,
        size: int,
        *,
        seed: int,
        initializer: Initializer | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.embedding = Embedding(counts, size, seed=seed, initializer=initializer)

    def __call__(self, x: tf.Tensor, labels: Any = None, *, training: bool = False) -> tf.Tensor:
        """Concatenate x and the label's vector.

        Args:
            x: [B, d], of a floating dtype.
            labels: y, whole numbers [B] or [B, f].
            training: makes no difference.

        Returns:
            [B, d + size], of x's dtype.
        """
        x = tf.convert_to_tensor(x)
        checks.same_shape("WithEmbedding", "x", x, ["batch", "d"])
        labels = _one_for_each_sample("WithEmbedding", labels, x)
        return tf.concat([x, tf.cast(self.embedding(labels), x.dtype)], axis=1)


class ConditionalBatchNorm(tf.Module):
    """Batch norm whose scale and shift depend on the label: gamma(y) (x - mean) / sd + beta(y).

        gamma(y) = gamma + sum over factors f of gamma_f[y_f],  beta(y) likewise.

    mean and sd are those of the whole batch, as in `BatchNorm`, whatever the labels. `gamma` and
    `beta` [C] are shared by all labels; `gammas` and `betas` [K, C] hold what each value adds. They
    start at 0, so that at first the layer is plain batch norm (de Vries et al. 2017, section 3).
    Dumoulin et al. 2017 learn gamma(y) itself, which gives the same set of functions.

    Args:
        channels: C, the size of the last axis.
        counts: as for `Embedding`.
        momentum, epsilon, gamma_initializer, synchronised, seed: as for `BatchNorm`.
        name: the module's name.

    Raises:
        ValueError: as `BatchNorm` and `Embedding` do; when called, if there is not one label for
            each sample.

    Example:
        >>> layer = ConditionalBatchNorm(1, 2)
        >>> layer.betas.assign([[0.0], [10.0]]) is not None
        True
        >>> layer(tf.constant([[1.0], [3.0]]), [0, 1], training=True).numpy().round(3).tolist()
        [[-1.0], [11.0]]
    """

    def __init__(
        self,
        channels: int,
        counts: Counts,
        *,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        gamma_initializer: Initializer = ones,
        synchronised: bool = False,
        seed: int = 0,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.counts = _checked_counts("ConditionalBatchNorm", counts)
        self.standardise = BatchNorm(
            channels, momentum=momentum, epsilon=epsilon, affine=False, synchronised=synchronised
        )
        seed = checks.seed("ConditionalBatchNorm", seed)
        gamma = checks.tensor(
            "ConditionalBatchNorm",
            "what gamma_initializer gives",
            gamma_initializer([channels], rng.seed(seed, "BatchNorm gamma")),
            [channels],
        )
        added = [number_of_values(self.counts), channels]
        self.gamma = tf.Variable(gamma, name=f"{self.name}/gamma")
        self.beta = tf.Variable(zeros([channels]), name=f"{self.name}/beta")
        self.gammas = tf.Variable(zeros(added), name=f"{self.name}/gammas")
        self.betas = tf.Variable(zeros(added), name=f"{self.name}/betas")

    def __call__(self, x: tf.Tensor, labels: Any = None, *, training: bool = False) -> tf.Tensor:
        """Normalise a batch, then scale and shift each sample by its label.

        Args:
            x: [B, C] or [B, H, W, C], of a floating dtype.
            labels: y, whole numbers [B] or [B, f].
            training: as for `BatchNorm`.

        Returns:
            y, of x's shape and dtype; scaled and shifted in float32.
        """
        return self.as_affine(x, labels, training=training).computed()

    def as_affine(self, x: tf.Tensor, labels: Any = None, *, training: bool = False) -> Affine:
        """As `BatchNorm.as_affine`.

        Args:
            x: as in the call.
            labels: as in the call.
            training: as in the call.

        Returns:
            What gives y when it is computed.
        """
        x = tf.convert_to_tensor(x)
        labels = _one_for_each_sample("ConditionalBatchNorm", labels, x)
        hot = multi_hot(labels, self.counts, owner="ConditionalBatchNorm")
        scale = self.gamma + hot @ self.gammas
        shift = self.beta + hot @ self.betas
        return self.standardise.as_affine(x, training=training).then(scale, shift)


class ProjectionHead(tf.Module):
    """The last layer of a conditional discriminator: logit = psi(phi(x)) + <e(y), phi(x)>.

    phi(x) are D's features. psi says how real they look whatever the label; the inner product says
    how well they fit the label (Miyato and Koyama 2018, equation 8). Features of the form
    [B, H, W, size] are summed over H and W before the inner product, as in the paper's figure 14.

    Args:
        size: the number of channels of phi(x).
        counts: as for `Embedding`; the vectors of several factors are added.
        psi: a function from features to logits [B, 1], such as the last layers of a D without
            labels, which is called with training=... and seed=... if it accepts these; None: a
            `Dense` layer of the (summed) features.
        seed: an int that no other layer of the network has.
        initializer: draws the vectors e; None draws them from N(0, 1 / size).
        name: the module's name.

    Raises:
        ValueError: as `Embedding` does; when called, if the features have another shape, there is
            not one label for each sample, or psi returns another shape than [B, 1].

    Example:
        >>> head = ProjectionHead(32, [8, 2], seed=0)
        >>> head(tf.zeros([3, 4, 4, 32]), [[0, 0], [7, 1], [2, 0]]).shape
        TensorShape([3, 1])
    """

    def __init__(
        self,
        size: int,
        counts: Counts,
        *,
        psi: Callable[..., tf.Tensor] | None = None,
        seed: int,
        initializer: Initializer | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.size = checks.integer("ProjectionHead", "size", size, 1)
        if psi is not None and not callable(psi):
            checks.fail("ProjectionHead", "psi", "a layer, or None", checks.show(psi))
        if initializer is None:
            initializer = normal(1.0 / math.sqrt(size))
        self.embedding = Embedding(counts, size, seed=seed, initializer=initializer)
        self.psi = psi
        self._psi_takes_training = psi is not None and takes(psi, "training")
        self._psi_takes_seed = psi is not None and takes(psi, "seed")
        self.dense = Dense(size, 1, seed=seed) if psi is None else None

    def __call__(
        self,
        x: tf.Tensor,
        labels: Any = None,
        *,
        training: bool = False,
        seed: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Compute the logits.

        Args:
            x: the features phi(x), [B, size] or [B, H, W, size].
            labels: y, whole numbers [B] or [B, f].
            training: passed on to psi.
            seed: [2] int64, or None: passed on to psi.

        Returns:
            Logits [B, 1] float32.
        """
        x = tf.convert_to_tensor(x)
        if x.shape.rank not in (2, 4) or x.shape[-1] != self.size:
            wanted = f"[batch, {self.size}] or [batch, h, w, {self.size}]"
            checks.fail("ProjectionHead", "x", wanted, checks.show_shape(x.shape))
        labels = _one_for_each_sample("ProjectionHead", labels, x)
        phi = tf.cast(x, tf.float32)
        if x.shape.rank == 4:
            phi = tf.reduce_sum(phi, axis=[1, 2])
        fit = tf.reduce_sum(self.embedding(labels) * phi, axis=1, keepdims=True)
        if self.dense is not None:
            return self.dense(phi) + fit
        options: dict[str, Any] = {}
        if self._psi_takes_training:
            options["training"] = training
        if self._psi_takes_seed:
            options["seed"] = seed
        realism = tf.cast(self.psi(x, **options), tf.float32)  # type: ignore[misc]
        checks.same_shape("ProjectionHead", "what psi gives", realism, ["batch", 1])
        return realism + fit


def multi_hot(labels: Any, counts: Counts, *, owner: str = "multi_hot") -> tf.Tensor:
    """Turn labels into one-hot vectors; those of several factors are concatenated.

    Args:
        labels: y, whole numbers [B], or [B, f] where counts is a list of f numbers.
        counts: how many values each factor has.
        owner: whose labels they are, for messages.

    Returns:
        [B, K] float32 of zeros and ones, K the sum of counts.

    Raises:
        ValueError: if counts is of another type or out of range; if the labels have another shape,
            are not whole numbers or, in eager mode, are out of range. (In a graph a label that is
            out of range becomes zeros.)

    Example:
        >>> multi_hot([[1, 0], [0, 2]], [2, 3]).numpy().astype(int).tolist()
        [[0, 1, 1, 0, 0], [1, 0, 0, 0, 1]]
    """
    counts = _checked_counts(owner, counts)
    labels = tf.convert_to_tensor(labels)
    if not labels.dtype.is_integer:
        checks.fail(owner, "labels", "whole numbers", checks.show(labels))
    labels = tf.cast(labels, tf.int64)  # tf.one_hot takes only some of the integer dtypes
    if isinstance(counts, int):
        checks.same_shape(owner, "labels", labels, ["batch"])
        columns = [labels]
        counts = [counts]
    else:
        checks.same_shape(owner, "labels", labels, ["batch", len(counts)])
        columns = tf.unstack(labels, axis=1)
    if tf.executing_eagerly():
        for column, count in zip(columns, counts, strict=True):
            _check_range(owner, column, count)
    hot = [tf.one_hot(column, count) for column, count in zip(columns, counts, strict=True)]
    return hot[0] if len(hot) == 1 else tf.concat(hot, axis=1)


def number_of_values(counts: Counts) -> int:
    """Count the values of all factors together.

    Args:
        counts: as for `Embedding`.

    Returns:
        K, the width of `multi_hot`.

    Raises:
        ValueError: if counts is of another type or out of range.

    Example:
        >>> number_of_values([8, 2])
        10
    """
    counts = _checked_counts("number_of_values", counts)
    return counts if isinstance(counts, int) else sum(counts)


def _checked_counts(owner: str, counts: Any) -> Counts:
    """counts as a number, or as a tuple with one number for each factor."""
    if not isinstance(counts, list | tuple):
        return checks.integer(owner, "counts", counts, 1)
    if not counts:
        checks.fail(owner, "counts", "a number, or a list with one number a factor", "[]")
    return tuple(checks.integer(owner, f"counts[{i}]", one, 1) for i, one in enumerate(counts))


def _one_for_each_sample(owner: str, labels: Any, x: tf.Tensor) -> tf.Tensor:
    """labels as a tensor, as many as there are samples. (TensorFlow would repeat a single one.)"""
    if labels is None:
        way_out = "Call network(x, labels); a trainer that is made with labels=... does."
        checks.fail(owner, "labels", "given", "None", way_out)
    labels = tf.convert_to_tensor(labels)
    checks.same_shape(owner, "labels", labels, [x.shape[0], *labels.shape[1:]])
    return labels


def _check_range(owner: str, column: tf.Tensor, count: int) -> None:
    """Refuse labels out of range. Only eager tensors have values to check; the trainer's first
    forward pass is eager.
    """
    numbers = column.numpy()
    if numbers.size and (numbers.min() < 0 or numbers.max() >= count):
        wanted = f"whole numbers from 0 to {count - 1}"
        checks.fail(owner, "labels", wanted, f"numbers from {numbers.min()} to {numbers.max()}")
