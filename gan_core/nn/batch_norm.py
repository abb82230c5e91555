"""Batch normalisation, with both of its conventions spelt out."""

from __future__ import annotations

import tensorflow as tf

from gan_core import checks, rng
from gan_core.devices import replicas
from gan_core.nn.affine import Affine
from gan_core.nn.batch_norm_gradients import normalised
from gan_core.nn.initializers import Initializer, ones

FUSED_DTYPES = (tf.float32, tf.bfloat16, tf.float16)  # those that TensorFlow's op computes in


class BatchNorm(tf.Module):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, channel by channel.

    `gamma`, `beta` [C] are trained. In training, mean and variance are those of the batch, over all
    axes but the last. In inference they are the moving averages `moving_mean`, `moving_variance`
    [C], which training updates (Ioffe and Szegedy 2015, Algorithms 1 and 2).

    Two conventions on which libraries differ:
    momentum is the share of the *old* value: moving <- momentum moving + (1 - momentum) batch.
    (PyTorch's momentum is the share of the new one: its 0.1 is 0.9 here.)
    The batch is normalised by the biased variance, sum of squares / n; the moving average
    receives the unbiased one, sum of squares / (n - 1), as TensorFlow's fused op and PyTorch do.

    A call with training=True updates the moving averages. The trainer calls D once with the real
    batch and once with the fake batch, and each is normalised by its own statistics.

    On several devices (`gan_core.devices.replicas`) "the batch" is each replica's share, so that no
    device waits for another before it normalises. With synchronised=True it is the whole batch, as
    on one device. The moving averages are the same on all devices: they are updated with the mean
    of the shares' statistics over the replicas.

    Args:
        channels: C, the size of the last axis.
        momentum: from 0 to 1, the share of the old value in the moving averages.
        epsilon: above 0, added to the variance.
        gamma_initializer: the initializer of gamma; beta starts at 0.
        affine: whether the layer has gamma and beta; without them y is the standardised x.
        synchronised: whether several devices normalise by the whole batch.
        seed: the seed of gamma_initializer.
        name: the module's name.

    Raises:
        ValueError: if an argument has another type or is out of range; when called, if x has
            another shape or an integer dtype, or training=True and the batch is empty.

    Example:
        >>> layer = BatchNorm(1)
        >>> y = layer(tf.constant([[1.0], [3.0]]), training=True)
        >>> y.numpy().round(3).tolist()
        [[-1.0], [1.0]]
        >>> round(float(layer.moving_mean[0]), 3)  # a tenth of the batch's mean
        0.2
    """

    def __init__(
        self,
        channels: int,
        *,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        gamma_initializer: Initializer = ones,
        affine: bool = True,
        synchronised: bool = False,
        seed: int = 0,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.channels = checks.integer("BatchNorm", "channels", channels, 1)
        self.momentum = checks.number("BatchNorm", "momentum", momentum, 0.0, 1.0)
        self.epsilon = checks.number("BatchNorm", "epsilon", epsilon, above=0.0)
        self.synchronised = checks.boolean("BatchNorm", "synchronised", synchronised)
        seed = checks.seed("BatchNorm", seed)
        gamma = checks.tensor(
            "BatchNorm",
            "what gamma_initializer gives",
            gamma_initializer([channels], rng.seed(seed, "BatchNorm gamma")),
            [channels],
        )
        self.gamma = None
        self.beta = None
        if checks.boolean("BatchNorm", "affine", affine):
            self.gamma = tf.Variable(gamma, name=f"{self.name}/gamma")
            self.beta = tf.Variable(tf.zeros([channels]), name=f"{self.name}/beta")
        self.moving_mean = tf.Variable(
            tf.zeros([channels]), trainable=False, name=f"{self.name}/moving_mean"
        )
        self.moving_variance = tf.Variable(
            tf.ones([channels]), trainable=False, name=f"{self.name}/moving_variance"
        )

    def __call__(self, x: tf.Tensor, *, training: bool = False) -> tf.Tensor:
        """Normalise a batch.

        Args:
            x: [B, C] or [B, H, W, C], of a floating dtype.
            training: True normalises by the batch's statistics and updates the moving averages;
                False normalises by the moving averages.

        Returns:
            y, of x's shape and dtype; computed in float32.
        """
        if not training:
            return self.as_affine(x).computed()
        x = tf.convert_to_tensor(x)
        self._check(x, training)
        together = self.synchronised and replicas.count() > 1
        y, mean, unbiased = self._normalise_by_batch(x, together)
        self._move(self.moving_mean, mean)
        self._move(self.moving_variance, unbiased)
        return y

    def as_affine(self, x: tf.Tensor, *, training: bool = False) -> Affine:
        """Leave the product and the sum to a layer behind this one that scales and shifts as well.

        Args:
            x: as in the call.
            training: as in the call.

        Returns:
            What gives y when it is computed. In training it is y itself: TensorFlow has one
            operation for all of batch norm.
        """
        if training:
            return Affine(self(x, training=True))
        x = tf.convert_to_tensor(x)
        self._check(x, training)
        scale, shift = self._moving_scale_and_shift()
        return Affine(x, scale, shift)

    def _move(self, average: tf.Variable, new: tf.Tensor) -> None:
        """Move an average towards a new value. Momentum 0 forgets the old one, even a NaN."""
        if self.momentum > 0.0:
            new = self.momentum * average + (1.0 - self.momentum) * new
        average.assign(new)

    def _moving_scale_and_shift(self) -> tuple[tf.Tensor, tf.Tensor]:
        """a and b [C] of y = a x + b, which the layer computes where training is False."""
        gamma, beta = self._scale_and_shift()
        scale = gamma * tf.math.rsqrt(self.moving_variance + self.epsilon)
        return scale, beta - self.moving_mean * scale

    def _check(self, x: tf.Tensor, training: bool) -> None:
        """Refuse an x of another shape or an integer dtype and, in training, one without values."""
        wanted = f"[batch, {self.channels}] or [batch, h, w, {self.channels}]"
        if x.shape.rank not in (2, 4) or x.shape[-1] != self.channels:
            checks.fail("BatchNorm", "x", wanted, checks.show_shape(x.shape))
        if not x.dtype.is_floating:
            checks.fail("BatchNorm", "x", "of a floating dtype", x.dtype.name)
        if training and 0 in x.shape.as_list():
            wanted = f"{wanted} with at least one value a channel where training=True"
            checks.fail("BatchNorm", "x", wanted, checks.show_shape(x.shape))

    def _scale_and_shift(self) -> tuple[tf.Tensor, tf.Tensor]:
        """gamma and beta; 1 and 0 where there are none."""
        if self.gamma is None:
            return tf.ones([self.channels]), tf.zeros([self.channels])
        return tf.convert_to_tensor(self.gamma), tf.convert_to_tensor(self.beta)

    def _normalise_by_batch(
        self, x: tf.Tensor, together: bool
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Normalise by the batch's statistics; return y, the mean and the unbiased variance.

        together: whether the statistics are those of the whole batch on all replicas, or those of
        this replica's share.
        """
        image = x
        if x.shape.rank == 2:
            image = x[:, tf.newaxis, tf.newaxis, :]
        if image.dtype not in FUSED_DTYPES:
            image = tf.cast(image, tf.float32)
        gamma, beta = self._scale_and_shift()
        y, mean, unbiased = normalised(image, gamma, beta, self.epsilon, together)
        if x.shape.rank == 2:
            y = y[:, 0, 0, :]
        if not together:
            mean, unbiased = replicas.mean((mean, unbiased))
        return tf.cast(y, x.dtype), mean, unbiased
