"""Batch normalisation, with both of its conventions spelt out."""

import tensorflow as tf

from gan_core import checks, replicas, rng
from gan_core.initializers import ones


class BatchNorm(tf.Module):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, channel by channel.

    x [B, C] or [B, H, W, C] -> y of the same shape and dtype, computed in float32. `gamma`,
    `beta` [C] are trained. In training, mean and variance are the batch's, over all axes but
    the last; otherwise they are `moving_mean`, `moving_variance` [C], the averages that
    training keeps (Ioffe and Szegedy 2015, Algorithms 1 and 2).

    Two conventions that libraries do not share:
    momentum is the share of the *old* value: moving <- momentum moving + (1 - momentum) batch.
    (PyTorch's momentum is the share of the new one: its 0.1 is 0.9 here.)
    The batch is normalised by the biased variance, sum of squares / n; the moving average
    receives the unbiased one, sum of squares / (n - 1), as TensorFlow's fused op and PyTorch do.

    A call with training=True moves the averages; what the trainer does with a batch of real and
    a batch of fake samples is two calls, each normalised by itself.

    On several devices (`gan_core.replicas`) "the batch" is each replica's share, whose statistics need
    no traffic between devices; synchronised: the whole batch, as on one device. The averages are the
    same on all: the shares' statistics reach them by their mean.
    """

    def __init__(self, channels: int, *, momentum: float = 0.9, epsilon: float = 1e-5,
                 gamma_initializer=ones, synchronised: bool = False, seed: int = 0, name=None):
        super().__init__(name=name)
        self.channels = checks.integer("BatchNorm", "channels", channels, 1)
        self.momentum = checks.number("BatchNorm", "momentum", momentum, 0.0, 1.0)
        self.epsilon = checks.number("BatchNorm", "epsilon", epsilon, above=0.0)
        self.synchronised = checks.one_of("BatchNorm", "synchronised", synchronised, [False, True])
        gamma = checks.tensor("BatchNorm", "what gamma_initializer gives",
                              gamma_initializer([channels], rng.seed(seed, "BatchNorm gamma")), [channels])
        self.gamma = tf.Variable(gamma, name=f"{self.name}/gamma")
        self.beta = tf.Variable(tf.zeros([channels]), name=f"{self.name}/beta")
        self.moving_mean = tf.Variable(tf.zeros([channels]), trainable=False, name=f"{self.name}/moving_mean")
        self.moving_variance = tf.Variable(tf.ones([channels]), trainable=False, name=f"{self.name}/moving_variance")

    def __call__(self, x, *, training: bool = False):
        x = tf.convert_to_tensor(x)
        if x.shape.rank not in (2, 4) or x.shape[-1] != self.channels:
            checks.fail("BatchNorm", "x", f"[batch, {self.channels}] or [batch, h, w, {self.channels}]",
                        checks.show_shape(x.shape))
        wide = tf.cast(x, tf.float32)
        if training:
            mean, variance = self._batch_statistics(wide)
        else:
            mean, variance = self.moving_mean, self.moving_variance
        scale = self.gamma * tf.math.rsqrt(variance + self.epsilon)
        return tf.cast(wide * scale + (self.beta - mean * scale), x.dtype)

    def _batch_statistics(self, x):
        """Mean and biased variance of this batch; moves the averages."""
        axes = list(range(x.shape.rank - 1))
        over_all = replicas.mean if self.synchronised else (lambda value: value)
        mean = over_all(tf.reduce_mean(x, axes))
        variance = over_all(tf.reduce_mean(tf.square(x - mean), axes))
        n = tf.cast(tf.size(x), tf.float32) / self.channels * (replicas.count() if self.synchronised else 1.0)
        unbiased = variance * n / tf.maximum(n - 1.0, 1.0)
        new_mean, new_variance = (mean, unbiased) if self.synchronised else replicas.mean((mean, unbiased))
        self.moving_mean.assign(self.momentum * self.moving_mean + (1.0 - self.momentum) * new_mean)
        self.moving_variance.assign(self.momentum * self.moving_variance + (1.0 - self.momentum) * new_variance)
        return mean, variance
