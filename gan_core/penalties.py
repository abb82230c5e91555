"""Gradient penalties: what keeps D's slope small, added to D's loss.

A penalty is a function (critic, real, fake, seed, step) -> float32 scalar, where critic is a `Critic`,
which maps a batch of samples [B, ...] to logits [B] and knows its slopes (a plain function x -> logits does
as well), real and fake are batches, seed is [2] int64 (`gan_core.rng`) and step is the round's number. Its
strength is a number, or a schedule of the step (`gan_core.optim.schedules`).
Each penalises the slope of D *at each sample by itself*: the norm is taken over one sample's
coordinates, then averaged over the batch. A norm over the whole batch is a common mistake; it
shrinks as the batch grows.
"""

import tensorflow as tf

from gan_core import checks, rng
from gan_core.optim.schedules import as_schedule


class Critic:
    """D, for one step: x [B, ...] -> logits [B], and its slopes, which need no pass of their own.

    critic: a function x -> logits, called at each call. Slopes at a batch (the same tensor) that was sent
    through D before are those of its last pass: R1 takes them from the D(real) of the loss, and saves a
    pass of D. Make one for each step, and call it only within the tape that is to give the gradients of
    D's parameters: what D said outside of it has no gradient there.
    """

    def __init__(self, critic):
        self._critic, self._passes = critic, {}

    @classmethod
    def of(cls, critic) -> "Critic":
        """critic itself if it is one already; else a new one of this function."""
        return critic if isinstance(critic, cls) else cls(critic)

    def __call__(self, x) -> tf.Tensor:
        """Logits: x [B, ...] -> [B]."""
        x = tf.convert_to_tensor(x)
        self._passes[id(x)] = self._pass(x)  # with x in it, so that its id stays its own
        return self._passes[id(x)][1]

    def squared_slopes(self, x) -> tf.Tensor:
        """|grad_x D(x_i)|^2 of every sample: x [B, ...] -> [B].

        One gradient of sum_i D(x_i) gives them all, as long as D treats each sample by itself
        (under batch norm in training mode, which mixes the batch, this is the gradient of the sum).
        """
        x = tf.convert_to_tensor(x)
        x, logits, tape = self._passes[id(x)] if id(x) in self._passes else self._pass(x)
        gradient = tape.gradient(logits, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return tf.reduce_sum(tf.square(tf.reshape(gradient, [tf.shape(x)[0], -1])), axis=1)

    def _pass(self, x):
        with tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
            tape.watch(x)
            logits = self._critic(x)
        return x, logits, tape


def r1(gamma):
    """gamma/2 mean |grad D(real)|^2: D must be flat where the data are (Mescheder et al. 2018, eq. 9)."""
    strength = as_schedule("penalties.r1", gamma, "gamma")

    def penalty(critic, real, fake, seed=None, step=0):
        return 0.5 * strength(step) * tf.reduce_mean(Critic.of(critic).squared_slopes(real))

    return penalty


def r2(gamma):
    """gamma/2 mean |grad D(fake)|^2: the same at the generated samples (Mescheder et al. 2018, eq. 10)."""
    strength = as_schedule("penalties.r2", gamma, "gamma")

    def penalty(critic, real, fake, seed=None, step=0):
        return 0.5 * strength(step) * tf.reduce_mean(Critic.of(critic).squared_slopes(fake))

    return penalty


def wasserstein_gradient_penalty(weight=10.0):
    """weight mean (|grad D(x)| - 1)^2 at x = u real + (1 - u) fake, u ~ U(0, 1) for each sample.

    A slope of 1 is what the best Wasserstein critic has between the two distributions
    (Gulrajani et al. 2017, eq. 3). Needs as many real as fake samples.
    """
    strength = as_schedule("penalties.wasserstein_gradient_penalty", weight, "weight")

    def penalty(critic, real, fake, seed, step=0):
        real, fake = tf.convert_to_tensor(real), tf.convert_to_tensor(fake)
        checks.same_shape("wasserstein_gradient_penalty", "fake", fake, real.shape)
        u = tf.reshape(rng.uniform([real.shape[0]], seed), [-1] + [1] * (real.shape.rank - 1))
        squared = Critic.of(critic).squared_slopes(u * real + (1.0 - u) * fake)
        # The gradient of a square root is infinite at 0, where the slope 0 has no direction.
        slopes = tf.sqrt(tf.maximum(squared, 1e-24))
        return strength(step) * tf.reduce_mean(tf.square(slopes - 1.0))

    return penalty
