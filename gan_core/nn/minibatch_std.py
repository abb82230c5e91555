"""Minibatch standard deviation: tells D how much the samples of a batch differ."""

from __future__ import annotations

import tensorflow as tf

from gan_core import checks
from gan_core.devices import replicas

OLD_SHARE = 0.9  # the share of the old value in the moving average
TINY = 1e-8  # added under the square root, whose slope at 0 is infinite


class MinibatchStd(tf.Module):
    """Append a channel that holds the same number s everywhere: x [B, ..., C] -> [B, ..., C + 1].

    In training, s is the standard deviation over the batch, averaged over all coordinates i of a
    sample:

        s = mean over i of sqrt(mean over b of (x_bi - mean over b of x_bi)^2 + 1e-8)

    If the samples of a generator resemble one another, s is small and D can detect it (Karras et
    al. 2018, "Progressive growing of GANs", section 3). s is computed over the whole batch, as in
    the paper; later implementations compute it within groups of four samples.

    In inference, s is `moving_std`, a moving average that training updates, so that D's output for
    a sample does not depend on the batch. On several devices s is that of each replica's share.

    Args:
        name: the module's name.

    Raises:
        ValueError: when called, if x has no coordinates or an integer dtype, or training=True and
            the batch is empty.

    Example:
        >>> layer = MinibatchStd()
        >>> layer(tf.constant([[1.0], [5.0]]), training=True).numpy()
        array([[1., 2.],
               [5., 2.]], dtype=float32)
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name)
        self.moving_std = tf.Variable(1.0, trainable=False, name=f"{self.name}/moving_std")

    def __call__(self, x: tf.Tensor, *, training: bool = False) -> tf.Tensor:
        """Append the channel.

        Args:
            x: [B, ..., C] of a floating dtype.
            training: True measures this batch and updates the moving average; False uses the
                moving average.

        Returns:
            [B, ..., C + 1] of the same dtype; s is computed in float32.
        """
        x = tf.convert_to_tensor(x)
        if x.shape.rank is None or x.shape.rank < 2:
            checks.fail("MinibatchStd", "x", "[batch, ..., channels]", checks.show_shape(x.shape))
        if not x.dtype.is_floating:
            checks.fail("MinibatchStd", "x", "of a floating dtype", x.dtype.name)
        if training and 0 in x.shape.as_list():
            wanted = "at least one sample where training=True"
            checks.fail("MinibatchStd", "x", wanted, checks.show_shape(x.shape))
        std = self._of_batch(x) if training else tf.convert_to_tensor(self.moving_std)
        channel = tf.zeros_like(x[..., :1]) + tf.cast(std, x.dtype)
        return tf.concat([x, channel], axis=-1)

    def _of_batch(self, x: tf.Tensor) -> tf.Tensor:
        values = tf.cast(x, tf.float32)
        from_mean = values - tf.reduce_mean(values, axis=0, keepdims=True)
        variance = tf.reduce_mean(tf.square(from_mean), axis=0)
        std = tf.reduce_mean(tf.sqrt(variance + TINY))
        new = replicas.mean(tf.stop_gradient(std))
        self.moving_std.assign(OLD_SHARE * self.moving_std + (1.0 - OLD_SHARE) * new)
        return std
