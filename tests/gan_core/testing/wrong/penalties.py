"""Gradient penalties with mistakes that people made: name -> (penalty, law, where from)."""

import numpy as np
import tensorflow as tf

from gan_core import rng
from gan_core.testing import Penalty

mean = tf.reduce_mean


def slopes(critic, x, of=tf.reduce_sum):
    """dD/dx [B, ...], differentiable once more."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = of(critic(x))
    return tape.gradient(total, x)


def norms(gradient):
    squares = tf.reduce_sum(tf.square(tf.reshape(gradient, [gradient.shape[0], -1])), axis=1)
    return tf.sqrt(tf.maximum(squares, 1e-24))


def uniform_u(real, seed):
    shape = [real.shape[0]] + [1] * (len(real.shape) - 1)
    return rng.uniform(shape, seed)


def gradient_penalty(
    u=uniform_u, slope=slopes, norm=norms, pays=lambda n: mean(tf.square(n - 1.0))
):
    """WGAN-GP with one of its parts in its place."""

    def penalty(critic, real, fake, seed, step):
        share = u(real, seed)
        return pays(norm(slope(critic, share * real + (1.0 - share) * fake)))

    return Penalty(penalty, at="between", claims=("one-centred",), name="wrong")


def r1(slope=slopes, pays=lambda squares: 0.5 * mean(squares), x=lambda real, fake: real):
    """R1 with gamma = 1, with one of its parts in its place."""

    def penalty(critic, real, fake, seed, step):
        gradient = slope(critic, x(real, fake))
        flat = tf.reshape(gradient, [gradient.shape[0], -1])
        return pays(tf.reduce_sum(tf.square(flat), axis=1))

    return Penalty(penalty, at="real", claims=("zero-centred",), name="wrong")


def detached(critic, x):
    return tf.stop_gradient(slopes(critic, x))


def mean_over_features():
    def penalty(critic, real, fake, seed, step):
        gradient = slopes(critic, real)
        return 0.5 * mean(tf.square(gradient))

    return Penalty(penalty, at="real", name="wrong")


def of_logits():
    def penalty(critic, real, fake, seed, step):
        return mean(tf.square(critic(real)))

    return Penalty(penalty, at="real", name="wrong")


RIGHT = [gradient_penalty(), r1()]
WRONG = {
    "one norm over the whole batch": (
        gradient_penalty(norm=lambda g: tf.sqrt(tf.reduce_sum(tf.square(g)) + 1e-24)),
        "any_batch_size_pays_the_same",
        "github.com/keras-team/keras-contrib/pull/232",
    ),
    "a norm of every pixel": (
        gradient_penalty(norm=lambda g: tf.sqrt(tf.reduce_sum(tf.square(g), axis=1) + 1e-24)),
        "norm_is_over_all_coordinates",
        "github.com/caogang/wgan-gp/issues/27, eriklindernoren/PyTorch-GAN #20",
    ),
    "u of every pixel": (
        gradient_penalty(u=lambda real, seed: rng.uniform(real.shape, seed)),
        "slopes_are_taken_between_each_real_and_its_fake",
        "github.com/eriklindernoren/PyTorch-GAN/issues/5",
    ),
    "u normal": (
        gradient_penalty(
            u=lambda real, seed: rng.normal([real.shape[0]] + [1] * (len(real.shape) - 1), seed)
        ),
        "points_are_uniform_and_the_seed_decides",
        "github.com/keras-team/keras-io/issues/415",
    ),
    "one u for the batch": (
        gradient_penalty(u=lambda real, seed: rng.uniform([], seed)),
        "slopes_are_taken_between_each_real_and_its_fake",
        "github.com/hwalsuklee/tensorflow-generative-model-collections/issues/33",
    ),
    "u that ignores the seed": (
        gradient_penalty(u=lambda real, seed: uniform_u(real, rng.seed(1, "u"))),
        "points_are_uniform_and_the_seed_decides",
        "a seed fixed once for the whole training",
    ),
    "u drawn by NumPy": (
        gradient_penalty(
            u=lambda real, seed: (
                np.random.default_rng()
                .uniform(size=[real.shape[0]] + [1] * (len(real.shape) - 1))
                .astype(np.float32)
            )
        ),
        "points_are_uniform_and_the_seed_decides",
        "github.com/eriklindernoren/PyTorch-GAN: np.random.random in wgan_gp.py",
    ),
    "a square root without a guard": (
        gradient_penalty(norm=lambda g: tf.sqrt(tf.reduce_sum(tf.reshape(g**2, [len(g), -1]), 1))),
        "flat_critic_is_finite",
        "github.com/keras-team/keras-io/issues/910, pytorch/pytorch #2534",
    ),
    "the inner gradient detached": (
        gradient_penalty(slope=detached),
        "gradient_reaches_the_critic",
        "github.com/ooples/AiDotNet/issues/1844, mlpack/mlpack #2891",
    ),
    "R1 detached": (r1(slope=detached), "gradient_reaches_the_critic", "the same, in R1"),
    "a sum over the batch": (
        gradient_penalty(pays=lambda n: tf.reduce_sum(tf.square(n - 1.0))),
        "any_batch_size_pays_the_same",
        "github.com/wiseodd/generative-models/issues/31",
    ),
    "the slope of the mean logit": (
        gradient_penalty(slope=lambda critic, x: slopes(critic, x, tf.reduce_mean)),
        "any_batch_size_pays_the_same",
        "github.com/keras-team/keras-contrib/pull/75: K.mean(y_pred)",
    ),
    "one-sided": (
        gradient_penalty(pays=lambda n: mean(tf.square(tf.nn.relu(n - 1.0)))),
        "a_flat_critic_pays_the_weight",
        "the one-sided variant of Gulrajani et al. 2017, section 4, under the other's name",
    ),
    "not squared": (
        gradient_penalty(pays=lambda n: mean(n - 1.0)),
        "penalty_is_never_negative",
        "the project's own list of mutations",
    ),
    "no square root": (
        gradient_penalty(norm=lambda g: tf.square(norms(g))),
        "pays_the_slope_minus_1_squared",
        "the project's own list of mutations",
    ),
    "no mean": (
        gradient_penalty(pays=lambda n: tf.square(n - 1.0)),
        "penalty_is_a_float32_scalar",
        "one number for each sample",
    ),
    "R1 at fake": (
        r1(x=lambda real, fake: fake),
        "looks_where_it_says",
        "R2 under R1's name, one of the bugs planted in this project",
    ),
    "R1 without its 1/2": (
        r1(pays=mean),
        "pays_half_gamma_mean_squared_slope",
        "github.com/POSTECH-CVLab/PyTorch-StudioGAN/pull/101: multipliers of R1",
    ),
    "R1 of the norm": (
        r1(pays=lambda squares: 0.5 * mean(tf.sqrt(squares + 1e-12))),
        "zero_centred_is_quadratic_in_the_critic",
        "the project's own list of mutations",
    ),
    "a mean over the coordinates": (
        mean_over_features(),
        "unseen_coordinates_cost_nothing",
        "github.com/yao-jason/MLDS2018SPRING/issues/8: axes of the sum",
    ),
    "the logits penalised": (
        of_logits(),
        "shifted_logits_pay_the_same",
        "the drift term of Karras et al. 2018, taken for a gradient penalty",
    ),
}
