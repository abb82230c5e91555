"""Layers and networks with mistakes that people made: name -> (subject, law, where from)."""

import itertools

import numpy as np
import tensorflow as tf

from gan_core import rng
from gan_core.nn.dense import Dense
from gan_core.nn.sequential import Sequential
from gan_core.testing import Discriminator, Generator, Layer


class BatchNorm(tf.Module):
    """Batch norm of [B, C], with parts that can be wrong."""

    momentum = 0.9

    def __init__(self, channels):
        super().__init__()
        self.gamma = tf.Variable(tf.ones([channels]))
        self.beta = tf.Variable(tf.zeros([channels]))
        self.moving_mean = tf.Variable(tf.zeros([channels]), trainable=False)
        self.moving_variance = tf.Variable(tf.ones([channels]), trainable=False)

    def __call__(self, x, *, training=False):
        mean, variance = tf.nn.moments(x, [0])
        if training or self.moves_in_inference():
            self.move(mean, variance, x.shape[0])
        if training or self.batch_in_inference():
            return self.scaled(x, mean, variance)
        return self.scaled(x, self.moving_mean, self.moving_variance)

    def moves_in_inference(self):
        return False

    def batch_in_inference(self):
        return False

    def scaled(self, x, mean, variance):
        return self.gamma * (x - mean) * tf.math.rsqrt(variance + 1e-5) + self.beta

    def move(self, mean, variance, n):
        self.average(self.moving_mean, mean)
        self.average(self.moving_variance, variance * n / max(n - 1, 1))

    def average(self, moving, value):
        moving.assign(self.momentum * moving + (1 - self.momentum) * value)


class BiasedMovingVariance(BatchNorm):
    def move(self, mean, variance, n):
        self.average(self.moving_mean, mean)
        self.average(self.moving_variance, variance)


class ScaledMovingMean(BatchNorm):
    def move(self, mean, variance, n):
        super().move(mean * n / max(n - 1, 1), variance, n)


class MomentumOfTheNewValue(BatchNorm):
    momentum = 0.1


class BatchInInference(BatchNorm):
    def batch_in_inference(self):
        return True


class MovesInInference(BatchNorm):
    def moves_in_inference(self):
        return True


class NoRoot(BatchNorm):
    def scaled(self, x, mean, variance):
        return self.gamma * (x - mean) / (variance + 1e-5) + self.beta


class OverTheFeatures(BatchNorm):
    def scaled(self, x, mean, variance):
        mean, variance = tf.nn.moments(x, [1], keepdims=True)
        return super().scaled(x, mean, variance)


def batch_norm(kind, channels=3):
    shape = [channels]
    return Layer(lambda seed: kind(channels), shape, shape, ("batch-norm",), "wrong")


class Dropout(tf.Module):
    """Dropout of a share, with parts that can be wrong."""

    def __init__(self, share=0.25, divisor=0.75, in_inference=False):
        super().__init__()
        self.share = share
        self.divisor = divisor
        self.in_inference = in_inference

    def __call__(self, x, *, training=False, seed=None):
        if not training and not self.in_inference:
            return x
        kept = tf.cast(rng.uniform(x.shape, seed) >= self.share, tf.float32)
        return x * kept / self.divisor


def dropout(**settings):
    return Layer(lambda seed: Dropout(**settings), [6], [6], ("dropout",), "wrong")


class SpectralDense(tf.Module):
    """y = x W / sigma(W), with one power iteration in a call."""

    def __init__(self, seed, in_inference=False, detached=False, iterations=30):
        super().__init__()
        self.kernel = tf.Variable(rng.normal([5, 4], rng.seed(seed, "kernel")))
        u = rng.normal([4], rng.seed(seed, "u"))
        for _ in range(iterations):
            v = tf.math.l2_normalize(tf.linalg.matvec(self.kernel, u))
            u = tf.math.l2_normalize(tf.linalg.matvec(self.kernel, v, transpose_a=True))
        self.u = tf.Variable(u, trainable=False)
        self.in_inference = in_inference
        self.detached = detached

    def __call__(self, x, *, training=False):
        v = tf.math.l2_normalize(tf.linalg.matvec(self.kernel, self.u))
        u = tf.math.l2_normalize(tf.linalg.matvec(self.kernel, v, transpose_a=True))
        if training or self.in_inference:
            self.u.assign(u)
        u = tf.stop_gradient(u)
        v = tf.stop_gradient(v)
        sigma = tf.tensordot(v, tf.linalg.matvec(self.kernel, u), 1)
        sigma = tf.stop_gradient(sigma) if self.detached else sigma
        return x @ (self.kernel / sigma)


class RemembersAndMixes(tf.Module):
    """A running mean, which training moves, and in training a group by position in the batch."""

    def __init__(self):
        super().__init__()
        self.mean = tf.Variable(tf.zeros([5]), trainable=False)

    def __call__(self, x, *, training=False):
        if not training:
            return x - self.mean
        self.mean.assign(0.9 * self.mean + 0.1 * tf.reduce_mean(x, axis=0))
        return x - self.mean - x[:1]


class OwnDense(tf.Module):
    """A dense layer with a start of one's own."""

    def __init__(self, kernel, used=True):
        super().__init__()
        self.kernel = tf.Variable(kernel)
        self.bias = tf.Variable(tf.zeros([4]))
        self.used = used

    def __call__(self, x, *, training=False):
        y = x @ self.kernel
        return y + self.bias if self.used else y


class WithPositions(tf.Module):
    """x plus a learned vector for each place, which tf.gather selects."""

    def __init__(self, seed):
        super().__init__()
        self.table = tf.Variable(rng.normal([5, 2], rng.seed(seed, "table")))

    def __call__(self, x, *, training=False):
        return x + tf.gather(self.table, tf.range(5))


def own_dense(kernel, used=True):
    return Layer(lambda seed: OwnDense(kernel(seed), used), [5], [4], name="wrong")


def seeded(seed):
    return rng.normal([5, 4], rng.seed(seed, "kernel"))


def grouped_deviation(x, training=False):
    """Minibatch standard deviation in groups of 4."""
    groups = tf.reshape(x, [4, -1, *x.shape[1:]])
    deviation = tf.reduce_mean(tf.math.reduce_std(groups, axis=0), axis=-1, keepdims=True)
    return tf.concat([x, tf.tile(deviation, [4, 1])], axis=-1)


def channels_first_reshape(x, training=False):
    """A reshape that was written for another order of the axes."""
    return tf.reshape(tf.transpose(x), [-1, *x.shape[1:]])


def bicubic(x, training=False):
    return tf.image.resize(x, [6, 6], method="bicubic")


class FadingNoise(tf.Module):
    """Noise that fades by a count of calls kept in Python."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def __call__(self, x, *, training=False):
        if training:
            self.calls += 1
            return x * (1 + 1 / self.calls)
        return x


# ---- networks ----


def mlp(sizes, seed, last=None):
    layers = []
    for i, (a, b) in enumerate(itertools.pairwise(sizes)):
        layers += [Dense(a, b, seed=10 * seed + i), tf.nn.leaky_relu]
    layers[-1] = last or tf.identity
    return Sequential(layers)


class TwoHeads(tf.Module):
    """D with a second head of three logits, as a list."""

    def __init__(self, seed):
        super().__init__()
        self.first = mlp([2, 8, 1], seed)
        self.second = mlp([2, 8, 3], seed + 10)

    def __call__(self, x, *, training=False):
        return [self.first(x), self.second(x)]


class Mean(tf.Module):
    """D's answers averaged over the batch."""

    def __init__(self, seed):
        super().__init__()
        self.inner = mlp([2, 8, 1], seed)

    def __call__(self, x, *, training=False):
        return tf.reduce_mean(self.inner(x), axis=0)


class Standardised(tf.Module):
    """D after a standardisation by the batch, in inference too."""

    def __init__(self, seed):
        super().__init__()
        self.inner = mlp([2, 8, 1], seed)

    def __call__(self, x, *, training=False):
        return self.inner((x - tf.reduce_mean(x, 0)) / (1.0 + tf.math.reduce_std(x, 0)))


class Deaf(tf.Module):
    """G that starts from a learned constant and forgets z."""

    def __init__(self, seed):
        super().__init__()
        self.start = tf.Variable(tf.ones([1, 8]))
        self.inner = mlp([8, 8, 2], seed, tf.tanh)

    def __call__(self, z, *, training=False):
        return self.inner(tf.repeat(self.start, z.shape[0], axis=0) + 0.0 * tf.reduce_sum(z))


class Frozen(tf.Module):
    """G whose first layer is cut off."""

    def __init__(self, seed):
        super().__init__()
        self.first = Dense(4, 8, seed=seed)
        self.inner = mlp([8, 8, 2], seed, tf.tanh)

    def __call__(self, z, *, training=False):
        return self.inner(tf.stop_gradient(self.first(z)) + z @ tf.ones([4, 8]))


def generator(make, **limits):
    return Generator(make, 4, [2], name="wrong", **limits)


def discriminator(make):
    return Discriminator(make, [2], name="wrong")


class ReZero(tf.Module):
    """x + alpha f(x), whose alpha starts at 0: f gets a gradient after the first step."""

    def __init__(self, seed):
        super().__init__()
        self.inside = Dense(5, 5, seed=seed)
        self.alpha = tf.Variable(0.0)

    def __call__(self, x, training=False):
        return x + self.alpha * tf.tanh(self.inside(x))


class TwoZeros(ReZero):
    """The weights of f start at 0 too: neither moves the other, and nothing is ever learnt."""

    def __init__(self, seed):
        super().__init__(seed)
        self.inside.kernel.assign(tf.zeros([5, 5]))


RIGHT = [
    batch_norm(BatchNorm),
    batch_norm(BatchNorm, channels=64),  # with variances far above the means
    dropout(),
    Layer(lambda seed: SpectralDense(seed), [5], [4], name="spectral"),
    own_dense(seeded),
    Layer(ReZero, [5], [5], name="ReZero"),
    generator(
        lambda seed: Sequential(
            [Dense(4, 5, seed=seed), ReZero(seed + 1), Dense(5, 2, seed=seed + 2)]
        )
    ),
    Layer(WithPositions, [5, 2], [5, 2], name="positions"),
    generator(lambda seed: mlp([4, 8, 2], seed, tf.tanh), low=-1.0, high=1.0),
    discriminator(lambda seed: mlp([2, 8, 1], seed)),
    discriminator(TwoHeads),
]
WRONG = {
    "biased moving variance": (
        batch_norm(BiasedMovingVariance),
        "moving_averages_reach_the_batch",
        "github.com/tenstorrent/tt-metal/issues/55438, ml-explore/mlx pull 3817",
    ),
    "moving mean times n/(n - 1)": (
        batch_norm(ScaledMovingMean),
        "moving_averages_reach_the_batch",
        "github.com/chainer/chainer/issues/332",
    ),
    "momentum of the new value": (
        batch_norm(MomentumOfTheNewValue),
        "one_batch_moves_the_averages_a_little",
        "PyTorch's momentum copied to a library of the other convention",
    ),
    "the batch's statistics in inference": (
        batch_norm(BatchInInference),
        "batch_norm_is_affine_in_inference",
        "training=True left in the sampling code",
    ),
    "moving averages that move in inference": (
        batch_norm(MovesInInference),
        "inference_changes_nothing",
        "an update that does not ask for training",
    ),
    "the variance for its root": (
        batch_norm(NoRoot),
        "batch_norm_standardises_the_batch",
        "github.com/GANs-in-Action/gans-in-action/issues/8: square for sqrt",
    ),
    "statistics over the features": (
        batch_norm(OverTheFeatures),
        "batch_norm_standardises_the_batch",
        "layer norm under batch norm's name",
    ),
    "divided by the share dropped": (
        dropout(divisor=0.25),
        "training_equals_inference_in_the_mean",
        "github.com/lmjohns3/theanets/pull/123",
    ),
    "dropout without a division": (
        dropout(divisor=1.0),
        "training_equals_inference_in_the_mean",
        "github.com/ayrna/dlordinal/pull/138",
    ),
    "dropout in inference": (
        dropout(in_inference=True),
        "inference_treats_samples_alone",
        "github.com/tensorflow/tensorflow/issues/15272",
    ),
    "a power iteration in inference": (
        Layer(
            lambda seed: SpectralDense(seed, in_inference=True, iterations=0),
            [5],
            [4],
            name="wrong",
        ),
        "inference_changes_nothing",
        "spectral normalisation that ignores training",
    ),
    "a group by position beside a running mean": (
        Layer(lambda seed: RemembersAndMixes(), [5], [5], name="wrong"),
        "sample_order_goes_with_the_answers",
        "x[:1] as the batch's reference",
    ),
    "sigma detached": (
        Layer(lambda seed: SpectralDense(seed, detached=True), [5], [4], name="wrong"),
        "layer_gradients_are_slopes",
        "github.com/pytorch/pytorch/pull/6929: not differentiable at first",
    ),
    "all weights equal": (
        own_dense(lambda seed: tf.ones([5, 4])),
        "units_start_apart",
        "weights that start at one number",
    ),
    "weights of a hidden generator": (
        own_dense(lambda seed: np.random.default_rng().normal(size=[5, 4]).astype(np.float32)),
        "the_seed_decides_the_weights",
        "NumPy's generator in an initializer",
    ),
    "a seed that is ignored": (
        own_dense(lambda seed: seeded(0)),
        "the_seed_decides_the_weights",
        "every layer begins with the same numbers",
    ),
    "a bias that is not used": (
        own_dense(seeded, used=False),
        "gradient_reaches_every_variable",
        "a variable that is made and forgotten",
    ),
    "two weights in a row that start at 0": (
        Layer(TwoZeros, [5], [5], name="wrong"),
        "gradient_reaches_every_variable",
        "ReZero's alpha together with a last layer that starts at 0",
    ),
    "groups of 4 in any batch": (
        Layer(lambda seed: grouped_deviation, [5], [6], name="wrong"),
        "gives_the_shape_it_says",
        "github.com/rosinality/stylegan2-pytorch/issues/124, moono/stylegan2-tf-2.x #6",
    ),
    "axes of another order": (
        Layer(lambda seed: channels_first_reshape, [5], [5], name="wrong"),
        "inference_treats_samples_alone",
        "github.com/taki0112/StyleGAN-Tensorflow/issues/17",
    ),
    "no second gradient": (
        Layer(lambda seed: bicubic, [3, 3, 2], [6, 6, 2], name="wrong"),
        "second_gradient_exists",
        "tf.image.resize(bicubic) in a D with a gradient penalty",
    ),
    "a count kept in Python": (
        Layer(lambda seed: FadingNoise(), [5], [5], name="wrong"),
        "layer_agrees_in_eager_graph_and_xla",
        "a schedule kept as a Python number",
    ),
    "D ends in a sigmoid": (
        discriminator(lambda seed: mlp([2, 8, 1], seed, tf.sigmoid)),
        "ends_in_logits",
        "github.com/grey-eye/talking-heads/issues/42, soumith/ganhacks #67",
    ),
    "D averages its batch": (
        discriminator(Mean),
        "gives_logits",
        "a patch D whose mean is over the batch too",
    ),
    "D standardises by the batch": (
        discriminator(Standardised),
        "each_sample_has_its_own_logit",
        "statistics of the batch in inference",
    ),
    "G forgets z": (
        generator(Deaf),
        "another_z_gives_another_sample",
        "a learned constant input whose noise is missing",
    ),
    "G without tanh": (
        generator(lambda seed: mlp([4, 8, 2], seed), low=-1.0, high=1.0),
        "samples_are_finite",
        "data in [-1, 1] and samples anywhere",
    ),
    "a layer of G cut off": (
        generator(Frozen),
        "gradient_reaches_every_variable_of_g",
        "github.com/tamarott/SinGAN/pull/117: detach in G's step",
    ),
}
