"""Solutions of chapter 12: a modern GAN."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from dcgan.architectures import modern
from dcgan.architectures.plan import Plan
from gan_core import penalties, rng
from gan_core.nn.initializers import fan_in_normal
from gan_core.nn.resampling import downsample
from gan_core.nn.sequential import Sequential


def exercise_1():
    """At a place with r real and f generated samples the best D says r / (r + f), and these
    samples contribute r log(r / (r + f)) + f log(f / (r + f)).

    Collapsed: (log 1/4 + 3 log 3/4) / 6 = -0.375. When one sample has left: (log 1/3 + 2 log 2/3)
    / 6 = -0.318, so there is a hill of 0.057. (With two modes it is 0.131: the more modes, the
    lower.) With fixed pairs one pair of three is equal before and after: (log 1/2) / 3 = -0.231,
    and there is no hill. (If the first sample left, whose partner lies on the first mode, no pair
    would be equal, and the value would climb to 0.)

    Returns:
        {"collapsed", "one has left": (value of the separate loss, value with fixed pairs)}.
    """
    real = ["mode 1", "mode 2", "mode 3"]
    collapsed = ["mode 1", "mode 1", "mode 1"]
    one_has_left = ["mode 1", "mode 1", "elsewhere"]
    return {
        "collapsed": (separate_value(real, collapsed), value_of_pairs(real, collapsed)),
        "one has left": (separate_value(real, one_has_left), value_of_pairs(real, one_has_left)),
    }


def separate_value(real: list[str], fake: list[str]) -> float:
    """The value of the separate loss for a D that is free at every place."""
    total = 0.0
    for place in set(real) & set(fake):
        r = real.count(place)
        f = fake.count(place)
        total += r * np.log(r / (r + f)) + f * np.log(f / (r + f))
    return total / (len(real) + len(fake))


def value_of_pairs(real: list[str], fake: list[str]) -> float:
    """The value with fixed pairs, where no chain of pairs closes to a circle."""
    equal = sum(x == y for x, y in zip(real, fake, strict=True))
    return equal * np.log(0.5) / len(real)


def exercise_2(gamma: float = 1.0, rounds: int = 200):
    """Near the data a - b is about 0, so sigma is 1/2, and D' is -theta / (4 gamma). A step of G
    turns theta into theta - h theta / (8 gamma) = (1 - h / (8 gamma)) theta. This goes to 0 if the
    factor lies between -1 and 1: for 0 < h < 16 gamma. With R1 alone no h is small enough, because
    the slope has no bound. Computed with both penalties for 200 rounds from theta = 0.01: at
    h = 15 gamma |theta| falls to 3e-14, and at 17 gamma it grows to 1.6, and no further, because
    there the formula for small theta no longer holds.

    Args:
        gamma: the weight of R1 and of R2.
        rounds: steps of G, before each of which D is the best one.

    Returns:
        {h / gamma: |theta| after these rounds, which begin at 0.01}.
    """
    found = {}
    for ratio in (4.0, 15.0, 17.0):
        theta = 0.01
        for _ in range(rounds):
            slope = best_slope(theta, gamma)
            difference = -theta * slope  # a - b, with u = v
            theta += ratio * gamma * slope / (1.0 + np.exp(-difference))
        found[ratio] = abs(theta)
    return found


def best_slope(theta: float, gamma: float) -> float:
    """u = v of equation (12.6), by repeated insertion."""
    slope = 0.0
    for _ in range(200):
        goal = -0.5 * theta / (1.0 + np.exp(-theta * slope)) / gamma
        slope = 0.5 * slope + 0.5 * goal
    return slope


def exercise_3(frequencies: tuple[float, ...] = (0.05, 0.1, 0.25, 0.4)):
    """(1, 5, 10, 10, 5, 1) are the coefficients of (1 + t)^5, so it is the mean of two pixels five
    times over, and multiplies the amplitude by cos(pi f)^5. At f = 0.4 it leaves 0.003 where
    (1, 3, 3, 1) leaves 0.030; but at f = 0.1, a wave that the small picture can hold, it leaves
    0.78 in place of 0.86. The amplitudes that are measured agree with the formula within 1e-6. The
    filter also needs half as many products again.

    Returns:
        {f: (cos(pi f)^5, the amplitude that is measured)}.
    """
    found = {}
    for frequency in frequencies:
        angles = 2.0 * np.pi * frequency * np.arange(64)
        squares = np.zeros(32)
        for row in (np.cos(angles), np.sin(angles)):
            picture = tf.reshape(tf.cast(row, tf.float32), [1, 1, 64, 1])
            picture = tf.tile(picture, [1, 16, 1, 1])
            squares += downsample(picture, (1, 5, 10, 10, 5, 1))[0, 4, :, 0].numpy() ** 2
        measured = float(np.sqrt(squares[6:-6].mean()))
        found[frequency] = (float(np.cos(np.pi * frequency) ** 5), measured)
    return found


def exercise_4(depth: int = 32, most: float = 2.0, seed: int = 0, border: bool = True):
    """f is uncorrelated with x and has c^2 times its mean square, so a block multiplies the mean
    square by 1 + c^2. (1 + c^2)^L = 2 gives c = sqrt(2^(1 / L) - 1), which is 0.148 for L = 32.

    Measured with this c for the kernels of 40 seeds, the mean square becomes 1.90 ± 0.02 times as
    large (mean ± standard error), a little less than 2. The border is the cause: there the 3 x 3
    kernel meets the zeros of the padding, which makes f smaller. If opposite edges of the pictures
    are joined, so that no kernel meets padding, the same kernels give 2.00 ± 0.02. The border takes
    0.101 ± 0.002, nearly the same from each seed.

    A single seed proves little. The formula is about the mean over all draws of the kernels.
    Without a border the seeds have the sd 0.12 and reach from 1.81 to 2.43. Seed 0 gives 1.76 with
    a border and 1.85 without. So of the 0.24 that it lacks, 0.09 is the border, and the rest is
    chance.

    Args:
        depth: L.
        most: the mean square that is allowed after L blocks.
        seed: the seed of the kernels.
        border: whether the pictures have a border; if not, their opposite edges are joined.

    Returns:
        c, and the mean square that is measured with this c, divided by that of the input.
    """
    gain = float(np.sqrt(most ** (1.0 / depth) - 1.0))
    channels = 32
    x = rng.normal([4, 16, 16, channels], rng.seed(0, "a signal"))
    before = float(tf.reduce_mean(tf.square(x)))
    for i in range(depth):
        block = modern.Block(channels, 1.0, 1000 * seed + 10 * i, {}, f"block_{i}")
        kernel = block.widen.kernel
        draw = fan_in_normal(gain * modern.GAIN)
        kernel.assign(draw(kernel.shape, rng.seed(seed, "last kernel", i)))
        x = block(x) if border else without_border(block, x)
    return gain, float(tf.reduce_mean(tf.square(x))) / before


def without_border(block: modern.Block, x: tf.Tensor) -> tf.Tensor:
    """The block for pictures whose opposite edges are joined, so that no kernel meets padding.

    A copy of the opposite edge is put beside each edge. The 3 x 3 kernel reaches one pixel far, so
    one row or column is enough, and it is cut off again.
    """
    taller = tf.concat([x[:, -1:], x, x[:, :1]], axis=1)
    wider = tf.concat([taller[:, :, -1:], taller, taller[:, :, :1]], axis=2)
    return block(wider)[:, 1:-1, 1:-1]


def exercise_5(gamma: float = 2.0, every: int = 4):
    """In the rounds that k divides the penalty is k times as strong, and 0 in the others, so its
    mean over k rounds is what it would be. The step is not the same: one of k times the size in
    place of k small ones, which the slope may outrun in between. And Adam, which divides by the
    size of recent gradients, sees gradients of two kinds.

    Returns:
        The penalty in each of eight rounds, lazily; and the penalty that is computed each time.
    """

    def critic(x):
        return tf.reduce_sum(tf.square(x), axis=1)

    real = rng.normal([16, 3], rng.seed(0, "real"))
    lazy = penalties.r1(gamma, every=every)
    each_time = penalties.r1(gamma)
    rounds = [float(lazy(critic, real, real, step=step)) for step in range(2 * every)]
    return np.array(rounds), float(each_time(critic, real, real))


class PixelNorm(tf.Module):
    """x / sqrt(mean over channels of x^2 + 1e-8), at each pixel by itself (Karras et al. 2018).

    No statistics of a batch, so images are not mixed and there is nothing to settle.
    """

    def __call__(self, x: tf.Tensor, *, training: bool = False) -> tf.Tensor:
        """[B, H, W, C] -> the same shape, with mean square 1 over the channels of each pixel."""
        mean_square = tf.reduce_mean(tf.square(x), axis=-1, keepdims=True)
        return x * tf.math.rsqrt(mean_square + 1e-8)


def exercise_6(plan: Plan) -> Sequential:
    """The generator of `modern` with a PixelNorm in front of every block.

    Every block now gets a signal of mean square 1 in every round, whatever the layers before it
    have learnt. That is the first thing that batch norm did, but only in front of the blocks: the
    layers inside a block are not normalised. As the blocks' inputs have one size, so have their
    training steps, more or less: the second thing, again not inside. Single channels do not get
    mean 0 and variance 1. In exchange no images are mixed, and there are no averages to settle.

    Args:
        plan: size, width and so on.

    Returns:
        A generator, z [B, latent_dim] -> [B, size, size, 3].
    """
    layers = []
    for layer in modern.generator(plan).layers:
        if isinstance(layer, modern.Block):
            layers.append(PixelNorm())
        layers.append(layer)
    return Sequential(layers, name="generator")
