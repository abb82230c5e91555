"""Batch norm in training, its gradients, and the gradients of the gradients, written out.

A penalty such as R1 needs second derivatives. TensorFlow would derive them op by op, and would add
three or more tensors in the order in which they happen to be ready, so that two runs would differ
in their last bits. Written out, they are a few sums in a fixed order.

For one replica's share TensorFlow has an op for y and one for its gradient, which read x fewer
times than the formula does. It has no such op for the batch of all replicas together; there the
formula is used. It is also used under XLA, which computes the variance of the op as
mean(x^2) - mean(x)^2. That difference loses its digits where the mean is far from 0: in float32,
with a mean of 1,000 standard deviations y was 3 percent off, and with 10,000 the variance was
negative and y NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gan_core.devices import compiling, replicas

AXES = (0, 1, 2)  # of [B, H, W, C]: a channel's statistics are taken over these

Means = Callable[[list[tf.Tensor]], list[tf.Tensor]]


def normalised(
    x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: float, together: bool
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Normalise a batch by its own statistics.

    Args:
        x: [B, H, W, C] in float32, bfloat16 or float16.
        gamma: [C] float32.
        beta: [C] float32.
        epsilon: added to the variance.
        together: whether the statistics are those of the batch of all replicas, or those of this
            replica's share.

    Returns:
        y, of x's shape and dtype, differentiable twice with respect to x, gamma and beta; and the
        mean and the unbiased variance [C], through which no gradient flows.
    """
    forward = _by_formula if together or compiling.is_for_xla() else _by_op
    y, mean, unbiased = forward(x, gamma, beta, epsilon)
    return y, tf.stop_gradient(mean), tf.stop_gradient(unbiased)


def _by_op(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: float) -> Any:
    """Normalise by the statistics of this replica's share, with TensorFlow's op."""

    @tf.custom_gradient
    def forward(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) -> Any:
        y, mean, unbiased, *kept = tf.raw_ops.FusedBatchNormV3(
            x=x,
            scale=gamma,
            offset=beta,
            mean=tf.zeros([0]),
            variance=tf.zeros([0]),
            epsilon=epsilon,
            is_training=True,
        )

        def gradients(dy: tf.Tensor, *_: Any) -> Any:
            return backward(x, gamma, dy, kept)

        return (y, mean, unbiased), gradients

    def backward(x: tf.Tensor, gamma: tf.Tensor, dy: tf.Tensor, kept: list[tf.Tensor]) -> Any:
        @tf.custom_gradient
        def of(x: tf.Tensor, gamma: tf.Tensor, dy: tf.Tensor) -> Any:
            def gradients(u: tf.Tensor, v: tf.Tensor, w: tf.Tensor) -> Any:
                return second_gradients(x, gamma, dy, u, v, w, epsilon, _of_this_share)

            return gradients_of_fused(x, gamma, dy, kept, epsilon), gradients

        return of(x, gamma, dy)

    return forward(x, gamma, beta)


def _by_formula(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: float) -> Any:
    """Normalise by the statistics of the batch of all replicas, with the formula."""

    @tf.custom_gradient
    def forward(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) -> Any:
        wide = tf.cast(x, tf.float32)
        mean = replicas.mean(tf.reduce_mean(wide, AXES))
        variance = replicas.mean(tf.reduce_mean(tf.square(wide - mean), AXES))
        s = tf.math.rsqrt(variance + epsilon)
        n = _values(x) * replicas.count()
        y = tf.cast((wide - mean) * (gamma * s) + beta, x.dtype)
        unbiased = variance * n / tf.maximum(n - 1.0, 1.0)

        def gradients(dy: tf.Tensor, *_: Any) -> Any:
            return backward(x, gamma, dy, mean, s)

        return (y, mean, unbiased), gradients

    def backward(
        x: tf.Tensor, gamma: tf.Tensor, dy: tf.Tensor, mean: tf.Tensor, s: tf.Tensor
    ) -> Any:
        @tf.custom_gradient
        def of(x: tf.Tensor, gamma: tf.Tensor, dy: tf.Tensor) -> Any:
            def gradients(u: tf.Tensor, v: tf.Tensor, w: tf.Tensor) -> Any:
                return second_gradients(x, gamma, dy, u, v, w, epsilon, replicas.mean)

            return gradients_of_formula(x, gamma, dy, mean, s), gradients

        return of(x, gamma, dy)

    return forward(x, gamma, beta)


def gradients_of_fused(
    x: tf.Tensor, gamma: tf.Tensor, dy: tf.Tensor, kept: list[tf.Tensor], epsilon: float
) -> list[tf.Tensor]:
    """Take the gradients of sum dy y, where y comes from TensorFlow's op.

    Args:
        x: [B, H, W, C].
        gamma: [C] float32.
        dy: of x's shape and dtype.
        kept: the forward op's last three outputs, which its gradient op needs.
        epsilon: added to the variance.

    Returns:
        dx, dgamma, dbeta: the gradients with respect to x, gamma and beta.
    """
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


def gradients_of_formula(
    x: tf.Tensor, gamma: tf.Tensor, dy: tf.Tensor, mean: tf.Tensor, s: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Take the gradients of sum dy y, where y comes from the formula.

    Args:
        x: [B, H, W, C], this replica's share.
        gamma: [C] float32.
        dy: of x's shape and dtype.
        mean: [C], of the batch of all replicas.
        s: [C], 1 / sqrt(variance + epsilon), likewise.

    Returns:
        dx, through the statistics of the batch of all replicas; dgamma and dbeta of this replica's
        share, because the trainer takes their mean over the replicas.
    """
    d = tf.cast(dy, tf.float32)
    n = (tf.cast(x, tf.float32) - mean) * s
    own_d_n = tf.reduce_mean(d * n, AXES)
    own_d_1 = tf.reduce_mean(d, AXES)
    d_n, d_1 = replicas.mean([own_d_n, own_d_1])
    dx = tf.cast(gamma * s * (d - d_1 - n * d_n), x.dtype)
    dgamma = own_d_n * _values(x)
    dbeta = own_d_1 * _values(x)
    return dx, dgamma, dbeta


def second_gradients(
    x: tf.Tensor,
    gamma: tf.Tensor,
    dy: tf.Tensor,
    u: tf.Tensor,
    v: tf.Tensor,
    w: tf.Tensor,
    epsilon: float,
    mean: Means,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Take the gradients of f = sum u dx + v dgamma + w dbeta, in float32.

    <.> is the mean over the N values of a channel. With m = <x>,
    s = 1 / sqrt(<(x - m)^2> + epsilon) and n = (x - m) s:

        dx = gamma s (dy - <dy> - n <dy n>),  dgamma = sum dy n,  dbeta = sum dy,  so
        f  = gamma s N a + v sum dy n + w sum dy,  a = <u dy> - <u> <dy> - <u n> <dy n>

    The gradient of f with respect to

        gamma                  s N a
        dy                     gamma s (u - <u> - n <u n>) + v n + w
        n, with s held fixed   c = p u + q dy,  p = -gamma s <dy n>,  q = v - gamma s <u n>
        s, with n held fixed   gamma N a,  and ds/dx = -s^2 n / N
        x, through both        s (c - <c> - n <c n>) - gamma a s^2 n

    Args:
        x: [B, H, W, C], this replica's share.
        gamma: [C] float32.
        dy: of x's shape and dtype.
        u: of x's shape: the weights of dx in f.
        v: [C]: the weights of dgamma in f.
        w: [C]: the weights of dbeta in f.
        epsilon: added to the variance.
        mean: a function from a list of means over this replica's share to the means over
            everything that is normalised together. Each replica has its own v and w, and so its own
            part of q and c; the gradient that it returns for gamma is that of its own share.

    Returns:
        The gradients with respect to x, gamma and dy.
    """
    wide_x = tf.cast(x, tf.float32)
    d = tf.cast(dy, tf.float32)
    u = tf.cast(u, tf.float32)
    (x_1,) = mean([tf.reduce_mean(wide_x, AXES)])
    centred = wide_x - x_1
    (variance,) = mean([tf.reduce_mean(tf.square(centred), AXES)])
    s = tf.math.rsqrt(variance + epsilon)
    n = centred * s

    own_u_1 = tf.reduce_mean(u, AXES)
    own_u_n = tf.reduce_mean(u * n, AXES)
    own_d_1 = tf.reduce_mean(d, AXES)
    own_d_n = tf.reduce_mean(d * n, AXES)
    u_1, u_n, d_n = mean([own_u_1, own_u_n, own_d_n])
    p = -gamma * s * d_n
    q = v - gamma * s * u_n
    own_a = tf.reduce_mean(u * d, AXES) - u_1 * own_d_1 - u_n * own_d_n
    own_c_1 = p * own_u_1 + q * own_d_1
    own_c_n = p * own_u_n + q * own_d_n
    a, c_1, c_n = mean([own_a, own_c_1, own_c_n])

    to_x = (s * p) * u + (s * q) * d - s * (c_n + gamma * s * a) * n - s * c_1
    to_gamma = s * own_a * _values(u)
    to_dy = (gamma * s) * u + q * n + (w - gamma * s * u_1)
    return tf.cast(to_x, x.dtype), to_gamma, tf.cast(to_dy, dy.dtype)


def _of_this_share(means: list[tf.Tensor]) -> list[tf.Tensor]:
    """The means as they are: only this replica's share is normalised together."""
    return means


def _values(x: tf.Tensor) -> tf.Tensor:
    """How many values a channel has in this replica's share, as a float32 scalar."""
    return tf.cast(tf.size(x), tf.float32) / x.shape[-1]
