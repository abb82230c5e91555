"""Batch normalisation, with both of its conventions spelt out."""

import tensorflow as tf

from gan_core import checks, rng
from gan_core.devices import replicas
from gan_core.nn.initializers import ones

AXES = (0, 1, 2)  # of [B, H, W, C]: those that a channel's statistics are over


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

    On several devices (`gan_core.devices.replicas`) "the batch" is each replica's share, so that no device waits
    for another before it normalises; synchronised: the whole batch, as on one device. The averages are
    the same on all: the shares' statistics reach them by their mean.
    """

    def __init__(
        self,
        channels: int,
        *,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        gamma_initializer=ones,
        synchronised: bool = False,
        seed: int = 0,
        name=None,
    ):
        super().__init__(name=name)
        self.channels = checks.integer("BatchNorm", "channels", channels, 1)
        self.momentum = checks.number("BatchNorm", "momentum", momentum, 0.0, 1.0)
        self.epsilon = checks.number("BatchNorm", "epsilon", epsilon, above=0.0)
        self.synchronised = checks.one_of("BatchNorm", "synchronised", synchronised, [False, True])
        gamma = checks.tensor(
            "BatchNorm",
            "what gamma_initializer gives",
            gamma_initializer([channels], rng.seed(seed, "BatchNorm gamma")),
            [channels],
        )
        self.gamma = tf.Variable(gamma, name=f"{self.name}/gamma")
        self.beta = tf.Variable(tf.zeros([channels]), name=f"{self.name}/beta")
        self.moving_mean = tf.Variable(
            tf.zeros([channels]), trainable=False, name=f"{self.name}/moving_mean"
        )
        self.moving_variance = tf.Variable(
            tf.ones([channels]), trainable=False, name=f"{self.name}/moving_variance"
        )

    def __call__(self, x, *, training: bool = False):
        x = tf.convert_to_tensor(x)
        if x.shape.rank not in (2, 4) or x.shape[-1] != self.channels:
            checks.fail(
                "BatchNorm",
                "x",
                f"[batch, {self.channels}] or [batch, h, w, {self.channels}]",
                checks.show_shape(x.shape),
            )
        if not x.dtype.is_floating:
            checks.fail("BatchNorm", "x", "of a floating dtype", x.dtype.name)
        if not training:
            return self._normalise(x, self.moving_mean, self.moving_variance)
        y, mean, unbiased = self._by_the_batch(
            x, together=self.synchronised and replicas.count() > 1
        )
        self.moving_mean.assign(self.momentum * self.moving_mean + (1.0 - self.momentum) * mean)
        self.moving_variance.assign(
            self.momentum * self.moving_variance + (1.0 - self.momentum) * unbiased
        )
        return y

    def _normalise(self, x, mean, variance):
        scale = self.gamma * tf.math.rsqrt(variance + self.epsilon)
        return tf.cast(tf.cast(x, tf.float32) * scale + (self.beta - mean * scale), x.dtype)

    def _by_the_batch(self, x, together: bool):
        """-> y, the mean and the unbiased variance; together: of the batch of all replicas, not of this one's share."""
        image = x if x.shape.rank == 4 else x[:, tf.newaxis, tf.newaxis, :]
        image = (
            image
            if image.dtype in (tf.float32, tf.bfloat16, tf.float16)
            else tf.cast(image, tf.float32)
        )
        y, mean, unbiased = _normalised(
            image,
            tf.convert_to_tensor(self.gamma),
            tf.convert_to_tensor(self.beta),
            self.epsilon,
            together,
        )
        y = y if x.shape.rank == 4 else y[:, 0, 0, :]
        statistics = (mean, unbiased) if together else replicas.mean((mean, unbiased))
        return tf.cast(y, x.dtype), *statistics


def _normalised(x, gamma, beta, epsilon: float, together: bool):
    """x [B, H, W, C] -> y, and the batch's mean and unbiased variance [C], through which no gradient flows.

    The gradients are written out, and the gradients of those, which R1 needs: TensorFlow would take them op by op,
    and add up more than two tensors at a time, in the order in which they happen to be ready. So no two runs would
    have the same bits. For one replica's share TensorFlow has an op for y and one for its gradient, which pass over
    x less often, and that is what it costs; for all replicas together it has none.
    """
    value, slopes = (_formula, _slopes_of_formula) if together else (_fused, _slopes_of_fused)

    @tf.custom_gradient
    def forward(x, gamma, beta):
        y, mean, unbiased, kept = value(x, gamma, beta, epsilon)

        @tf.custom_gradient
        def backward(x, gamma, dy):
            def gradients(u, v, w):
                return _second_gradients(
                    x, gamma, dy, u, v, w, epsilon, replicas.mean if together else list
                )

            return slopes(x, gamma, dy, kept, epsilon), gradients

        return (y, mean, unbiased), lambda dy, *_: backward(x, gamma, dy)

    y, mean, unbiased = forward(x, gamma, beta)
    return y, tf.stop_gradient(mean), tf.stop_gradient(unbiased)


def _fused(x, gamma, beta, epsilon):
    """-> y, the mean, the unbiased variance, and what TensorFlow's op keeps for the gradients."""
    y, mean, unbiased, *kept = tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=gamma,
        offset=beta,
        mean=tf.zeros([0]),
        variance=tf.zeros([0]),
        epsilon=epsilon,
        is_training=True,
    )
    return y, mean, unbiased, kept


def _slopes_of_fused(x, gamma, dy, kept, epsilon):
    """The gradients of sum dy y by x, gamma and beta."""
    return tf.raw_ops.FusedBatchNormGradV3(
        y_backprop=dy,
        x=x,
        scale=gamma,
        reserve_space_1=kept[0],
        reserve_space_2=kept[1],
        reserve_space_3=kept[2],
        epsilon=epsilon,
        is_training=True,
    )[:3]


def _formula(x, gamma, beta, epsilon):
    """What `_fused` gives, by the formula, over the batch of all replicas."""
    wide = tf.cast(x, tf.float32)
    mean = replicas.mean(tf.reduce_mean(wide, AXES))
    variance = replicas.mean(tf.reduce_mean(tf.square(wide - mean), AXES))
    s = tf.math.rsqrt(variance + epsilon)
    n = _values(x) * replicas.count()
    y = tf.cast((wide - mean) * (gamma * s) + beta, x.dtype)
    return y, mean, variance * n / tf.maximum(n - 1.0, 1.0), (mean, s)


def _slopes_of_formula(x, gamma, dy, kept, epsilon):
    """What `_slopes_of_fused` gives, by the formula: dx, whose means are over the batch of all replicas; and dgamma
    and dbeta of this replica's share, for the trainer takes their mean over the replicas."""
    (mean, s), d = kept, tf.cast(dy, tf.float32)
    n = (tf.cast(x, tf.float32) - mean) * s
    own = [tf.reduce_mean(d * n, AXES), tf.reduce_mean(d, AXES)]
    d_n, d_1 = replicas.mean(own)
    return (
        tf.cast(gamma * s * (d - d_1 - n * d_n), x.dtype),
        own[0] * _values(x),
        own[1] * _values(x),
    )


def _values(x):
    """How many values a channel has in this replica's share, as a float32 scalar."""
    return tf.cast(tf.size(x), tf.float32) / x.shape[-1]


def _second_gradients(x, gamma, dy, u, v, w, epsilon, mean):
    """The gradients of f = sum u dx + v dgamma + w dbeta by x, gamma and dy, in float32.

    <.> is the mean over the N values of a channel. With m = <x>, s = 1 / sqrt(<(x - m)^2> + epsilon), n = (x - m) s:

        dx = gamma s (dy - <dy> - n <dy n>),  dgamma = sum dy n,  dbeta = sum dy,  so
        f  = gamma s N a + v sum dy n + w sum dy,  a = <u dy> - <u> <dy> - <u n> <dy n>

        f by gamma             s N a
        f by dy                gamma s (u - <u> - n <u n>) + v n + w
        f by n, s held         c = p u + q dy,  p = -gamma s <dy n>,  q = v - gamma s <u n>
        f by s, n held         gamma N a,  and ds/dx = -s^2 n / N
        f by x, through both   s (c - <c> - n <c n>) - gamma a s^2 n

    mean: a list of means over this replica's share -> those over all that is normalised together, so <.>. Each replica
    has a v and w of its own, its own part of q and c therefore, and a gamma whose gradient is that of its own share.
    """
    wide_x, d, u = (tf.cast(t, tf.float32) for t in (x, dy, u))
    centred = wide_x - mean([tf.reduce_mean(wide_x, AXES)])[0]
    s = tf.math.rsqrt(mean([tf.reduce_mean(tf.square(centred), AXES)])[0] + epsilon)
    n = centred * s
    own_u_1, own_u_n = tf.reduce_mean(u, AXES), tf.reduce_mean(u * n, AXES)
    own_d_1, own_d_n = tf.reduce_mean(d, AXES), tf.reduce_mean(d * n, AXES)
    u_1, u_n, d_n = mean([own_u_1, own_u_n, own_d_n])
    p, q = -gamma * s * d_n, v - gamma * s * u_n
    own_a = tf.reduce_mean(u * d, AXES) - u_1 * own_d_1 - u_n * own_d_n
    a, c_1, c_n = mean([own_a, p * own_u_1 + q * own_d_1, p * own_u_n + q * own_d_n])

    by_x = (s * p) * u + (s * q) * d - s * (c_n + gamma * s * a) * n - s * c_1
    by_gamma = s * own_a * _values(u)
    by_dy = (gamma * s) * u + q * n + (w - gamma * s * u_1)
    return tf.cast(by_x, x.dtype), by_gamma, tf.cast(by_dy, dy.dtype)
