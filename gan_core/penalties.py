"""Gradient penalties: terms of D's loss that keep the slope of D small.

A penalty is a function (critic, real, fake, seed, step) -> float32 scalar. The critic maps a batch
of samples [B, ...] to logits: a `Critic`, which also computes the slopes of D, or a plain function.
real and fake are batches, seed is [2] int64 (`gan_core.rng`) and step is the number of the round.
The strength of a penalty is a number, or a schedule: a function of the round
(`gan_core.optim.schedules`).

A penalty costs about as much as the rest of D's step. `every=k` computes it only in rounds 0, k,
2 k, ... and multiplies it by k, so that its mean over k rounds stays the same (Karras et al. 2020,
"Analyzing and improving the image quality of StyleGAN", appendix B, "lazy regularization"). `Lazy`
does the same with a penalty of your own.

Each penalises the slope of D *at each sample by itself*: the norm is taken over one sample's
coordinates, and then averaged over the batch. A norm over the whole batch is a common mistake: it
shrinks as the batch grows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gan_core import checks, rng
from gan_core.optim.schedules import as_schedule
from gan_core.protocols import Penalty, Schedule


class Critic:
    """D within one training step: x [B, ...] -> logits, and the slopes of D at these samples.

    The Critic keeps its forward passes. If D has been called with a batch (the same tensor) before,
    the slopes at that batch reuse its last forward pass. So R1 reuses the pass D(real) of the loss.
    Make a new Critic for each step, and call it only within the tape that computes the gradients
    with respect to D's variables; logits from outside that tape have no gradient there.

    Args:
        critic: a function x [B, ...] -> logits [B] or [B, k].

    Example:
        >>> critic = Critic(lambda x: tf.reduce_sum(3.0 * x, axis=1))
        >>> critic.squared_slopes(tf.zeros([2, 2])).numpy().tolist()
        [18.0, 18.0]
    """

    def __init__(self, critic: Callable[[tf.Tensor], tf.Tensor]) -> None:
        self._critic = critic
        self._passes: dict[int, tuple] = {}

    @classmethod
    def of(cls, critic: Any) -> Critic:
        """Return critic itself if it is a Critic already, else make one of this function."""
        return critic if isinstance(critic, cls) else cls(critic)

    def __call__(self, x: Any) -> tf.Tensor:
        """One forward pass: x [B, ...] -> logits [B] or [B, k]."""
        x = tf.convert_to_tensor(x)
        # The pass keeps x alive, so that no other tensor can get the same id.
        self._passes[id(x)] = self._pass(x)
        return self._passes[id(x)][1]

    def squared_slopes(self, x: Any) -> tf.Tensor:
        """|grad_x D(x_i)|^2 of every sample; where D gives several logits a sample, of their sum.

        They are the parts of one gradient, that of sum_i D(x_i) with respect to the whole batch.
        This is exact if D treats each sample by itself. Batch norm in training mode mixes the
        samples of a batch; each part then holds the effect of x_i on the logits of all samples.

        Args:
            x: samples [B, ...].

        Returns:
            [B] float32.
        """
        x = tf.convert_to_tensor(x)
        x, logits, tape = self._passes[id(x)] if id(x) in self._passes else self._pass(x)
        gradient = tape.gradient(logits, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        flat = tf.reshape(gradient, [tf.shape(x)[0], -1])
        return tf.reduce_sum(tf.square(flat), axis=1)

    def _pass(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.GradientTape]:
        with tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
            tape.watch(x)
            logits = self._critic(x)
        return x, logits, tape


def r1(gamma: float | Schedule, every: int = 1) -> Penalty:
    """gamma/2 mean |grad D(real)|^2: keeps D flat at the data (Mescheder et al. 2018, eq. 9).

    Args:
        gamma: the strength, a number or a schedule.
        every: k of the lazy penalty: it is computed in rounds 0, k, 2 k, ... and multiplied by k.

    Returns:
        The penalty.

    Raises:
        ValueError: if gamma or every is out of range.

    Example:
        >>> penalty = r1(2.0)
        >>> critic = Critic(lambda x: tf.reduce_sum(3.0 * x, axis=1))
        >>> float(penalty(critic, tf.zeros([4, 1]), tf.ones([4, 1])))
        9.0
        >>> lazy = r1(2.0, every=2)
        >>> [float(lazy(critic, tf.zeros([4, 1]), tf.ones([4, 1]), step=step)) for step in (0, 1)]
        [18.0, 0.0]
    """
    strength = as_schedule("penalties.r1", gamma, "gamma")

    def penalty(
        critic: Any, real: tf.Tensor, fake: tf.Tensor, seed: Any = None, step: Any = 0
    ) -> tf.Tensor:
        return 0.5 * strength(step) * tf.reduce_mean(Critic.of(critic).squared_slopes(real))

    return _lazily("penalties.r1", penalty, every)


def r2(gamma: float | Schedule, every: int = 1) -> Penalty:
    """gamma/2 mean |grad D(fake)|^2: keeps D flat at the generated samples.

    Source: Mescheder et al. 2018, eq. 10.

    Args:
        gamma: the strength, a number or a schedule.
        every: as for `r1`.

    Returns:
        The penalty.

    Raises:
        ValueError: if gamma or every is out of range.
    """
    strength = as_schedule("penalties.r2", gamma, "gamma")

    def penalty(
        critic: Any, real: tf.Tensor, fake: tf.Tensor, seed: Any = None, step: Any = 0
    ) -> tf.Tensor:
        return 0.5 * strength(step) * tf.reduce_mean(Critic.of(critic).squared_slopes(fake))

    return _lazily("penalties.r2", penalty, every)


def wasserstein_gradient_penalty(weight: float | Schedule = 10.0, every: int = 1) -> Penalty:
    """weight mean (|grad D(x)| - 1)^2 at x = u real + (1 - u) fake, u ~ U(0, 1) for each sample.

    The optimal Wasserstein critic has slope 1 on the lines between real and generated samples that
    are matched to one another (Gulrajani et al. 2017, eq. 3 and Proposition 1). Real and fake
    batches must have the same shape.

    Args:
        weight: the strength, a number or a schedule.
        every: as for `r1`.

    Returns:
        The penalty. It needs a seed, and raises ValueError if the batches differ in shape.

    Raises:
        ValueError: if weight or every is out of range.
    """
    strength = as_schedule("penalties.wasserstein_gradient_penalty", weight, "weight")

    def penalty(
        critic: Any, real: tf.Tensor, fake: tf.Tensor, seed: tf.Tensor, step: Any = 0
    ) -> tf.Tensor:
        real = tf.convert_to_tensor(real)
        fake = tf.convert_to_tensor(fake)
        checks.same_shape("wasserstein_gradient_penalty", "fake", fake, real.shape)
        u = rng.uniform([real.shape[0]] + [1] * (real.shape.rank - 1), seed)
        squared = Critic.of(critic).squared_slopes(u * real + (1.0 - u) * fake)
        # The derivative of the square root is infinite at 0; the maximum makes it 0 there.
        slopes = tf.sqrt(tf.maximum(squared, 1e-24))
        return strength(step) * tf.reduce_mean(tf.square(slopes - 1.0))

    return _lazily("penalties.wasserstein_gradient_penalty", penalty, every)


class Lazy:
    """A lazy penalty: k times a penalty in rounds 0, k, 2 k, ...; 0 in the others, without D.

    Args:
        penalty: the penalty.
        every: k, at least 1.

    Raises:
        ValueError: if penalty is not callable or is lazy already, or every is not a positive whole
            number.

    Example:
        >>> lazy = Lazy(lambda critic, real, fake, seed, step: tf.constant(0.5), every=4)
        >>> [float(lazy(None, None, None, step=step)) for step in range(5)]
        [2.0, 0.0, 0.0, 0.0, 2.0]
    """

    def __init__(self, penalty: Penalty, every: int) -> None:
        if not callable(penalty):
            checks.fail("Lazy", "penalty", "a penalty of gan_core.penalties", repr(penalty))
        if isinstance(penalty, Lazy):  # both periods would count, in rounds and in strength
            came = f"one that is computed in every {period(penalty)}-th round already"
            checks.fail("Lazy", "penalty", "one that is not lazy yet", came)
        self.penalty = penalty
        self.every = checks.integer("Lazy", "every", every, 1)

    def __call__(
        self, critic: Any, real: tf.Tensor, fake: tf.Tensor, seed: Any = None, step: Any = 0
    ) -> tf.Tensor:
        def paid() -> tf.Tensor:
            value = self.penalty(critic, real, fake, seed=seed, step=step)
            return self.every * tf.cast(value, tf.float32)  # the dtype of the other branch

        its_turn = tf.equal(tf.cast(step, tf.int64) % self.every, 0)
        return tf.cond(its_turn, paid, lambda: tf.zeros([]))


def period(penalty: Penalty) -> int:
    """The number of rounds from one computation of a penalty to the next: 1 unless it is `Lazy`.

    Args:
        penalty: any penalty.

    Returns:
        k or 1.

    Example:
        >>> period(r1(2.0, every=4)), period(r1(2.0))
        (4, 1)
    """
    return penalty.every if isinstance(penalty, Lazy) else 1


def _lazily(owner: str, penalty: Penalty, every: int) -> Penalty:
    every = checks.integer(owner, "every", every, 1)
    return penalty if every == 1 else Lazy(penalty, every)
